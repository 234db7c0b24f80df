/**
 * The page's cards: one object for one id, loaded together, kept current.
 *
 * Signatures of the live page's store. The card engine sees it through
 * `card-api/store-seam.ts`.
 */

import type { BaseDef } from "../card-api/index.ts";

/** How an edited card stands towards the server. */
export interface SaveState {
  status: "saved" | "unsaved" | "saving" | "conflict" | "failed";
  /** Why the last save was refused, readable as it is. */
  message?: string;
  /** The member of the document the server objected to, as a JSON pointer. */
  pointer?: string;
  /** The edit was taken back, because no other edit would be saved either. */
  isTakenBack?: boolean;
}

export type StoreEvent =
  /** These cards have new content; their instances are already updated. */
  | { kind: "reloaded"; ids: string[] }
  /** These cards are gone. */
  | { kind: "removed"; ids: string[] }
  /** A definition changed: every instance is of an old class, get the shown ones again. */
  | { kind: "definitions-changed" }
  /** The realm's index moved on: tiles, counts and searches may differ. */
  | { kind: "indexed"; realm: string; invalidations: string[] }
  /** The connection to the realm was lost or came back. */
  | { kind: "connection"; realm: string; isOpen: boolean }
  | { kind: "progress"; realm: string; done: number; total: number }
  /** The save state of a card changed. */
  | { kind: "save-state"; id: string; state: SaveState };

export interface LiveStore {
  /** Get a card by id; rejects with CardLoadError. */
  load(id: string): Promise<BaseDef>;
  peek(id: string): BaseDef | undefined;
  /** Resolves when nothing is in flight. */
  settled(): Promise<unknown>;
  saveState(id: string): SaveState;
  /** Save now rather than after the pause in typing. */
  flush(id?: string): Promise<void>;
  /** Give up local edits and take the server's version. */
  takeTheirs(id: string): Promise<void>;
  /** Save the local edits over the server's version. */
  keepMine(id: string): Promise<void>;
  /** Follow a realm's events until the returned function is called. */
  follow(realm: string): () => void;
  subscribe(listener: (event: StoreEvent) => void): () => void;
}
