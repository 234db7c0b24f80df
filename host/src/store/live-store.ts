/**
 * The store of a page a person looks at: kept current, and saved as one types.
 *
 * What the realm announces is followed: changed cards are refilled in place, a
 * card that is being edited is left alone until its edits are saved, and a
 * changed definition makes every instance out of date at once, because two
 * versions of a class never meet in one store.
 */

import {
  type BaseDef,
  refreshQueries,
  subscribeToChanges,
  updateFromSerialized,
} from "../card-api/index.ts";
import type { CardDocument } from "../card-api/store-seam.ts";
import { cardIdentity } from "../loader/addresses.ts";
import { loader } from "../loader/loader.ts";
import { Documents } from "./documents.ts";
import { PageStore } from "./page-store.ts";
import { follow, type RealmEvent } from "./realm-events.ts";
import { CardSaver } from "./saving.ts";
import { Searches } from "./searches.ts";
import type { LiveStore, SaveState, StoreEvent } from "./store.ts";

let store: LivePageStore | undefined;

/** The page's one store. */
export function liveStore(): LiveStore {
  store ??= new LivePageStore();
  return store;
}

class LivePageStore extends PageStore implements LiveStore {
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #watched = new WeakSet<BaseDef>();
  #savers = new Map<string, CardSaver>();
  #updating: Promise<void> = Promise.resolve();

  constructor() {
    super(new Documents({ keepFailures: false }), new Searches({ keep: false }));
    addEventListener("pagehide", () => void this.flush());
  }

  override remember(id: string, instance: BaseDef): void {
    super.remember(id, instance);
    if (this.#watched.has(instance)) return;
    this.#watched.add(instance);
    subscribeToChanges(instance, (_, path) =>
      this.#saverOf(cardIdentity(id), instance).touch(path),
    );
  }

  saveState(id: string): SaveState {
    return this.#savers.get(cardIdentity(id))?.state ?? { status: "saved" };
  }

  async flush(id?: string): Promise<void> {
    const savers = id === undefined ? [...this.#savers.values()] : [this.#savers.get(id)];
    await Promise.all(savers.map((saver) => saver?.flush()));
  }

  async takeTheirs(id: string): Promise<void> {
    await this.#savers.get(cardIdentity(id))?.takeTheirs();
  }

  async keepMine(id: string): Promise<void> {
    await this.#savers.get(cardIdentity(id))?.keepMine();
  }

  follow(realm: string): () => void {
    return follow(realm, (event) => {
      // One after the other: an announcement may be about what the last one brought.
      this.#updating = this.#updating.then(() => this.#heard(realm, event)).catch(console.error);
    });
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #heard(realm: string, event: RealmEvent): Promise<void> {
    switch (event.kind) {
      case "indexed":
        return this.#indexed(realm, event.invalidations);
      case "missed":
        return this.#indexed(realm, [...this.instances.keys()]);
      case "connection":
        return this.#tell({ kind: "connection", realm, isOpen: event.isOpen });
      case "progress":
        return this.#tell({ kind: "progress", realm, done: event.done, total: event.total });
    }
  }

  async #indexed(realm: string, invalidations: string[]): Promise<void> {
    if (await loader.isOutdated()) {
      await this.flush();
      this.#startAfresh();
      this.#tell({ kind: "definitions-changed" });
    } else {
      await this.#reload(invalidations.map((each) => cardIdentity(each)));
      for (const instance of this.instances.values()) refreshQueries(instance);
    }
    this.#tell({ kind: "indexed", realm, invalidations });
  }

  #startAfresh(): void {
    for (const id of this.instances.keys()) this.documents.forget(id);
    this.instances.clear();
    this.#savers.clear();
    loader.forgetVersions();
  }

  async #reload(changed: string[]): Promise<void> {
    const outcomes = await Promise.all(
      changed.map(async (id) => {
        const saver = this.#savers.get(id);
        if (saver?.isUnsaved || (saver && !(await saver.isOutdated()))) return "current";
        this.documents.forget(id);
        const instance = this.instances.get(id);
        if (!instance) return "absent";
        return this.#refetch(id, instance);
      }),
    );
    const idsThat = (outcome: string) => changed.filter((_, index) => outcomes[index] === outcome);
    if (outcomes.includes("reloaded")) this.#tell({ kind: "reloaded", ids: idsThat("reloaded") });
    if (outcomes.includes("removed")) this.#tell({ kind: "removed", ids: idsThat("removed") });
  }

  async #refetch(id: string, instance: BaseDef): Promise<"reloaded" | "removed" | "unreachable"> {
    try {
      const resource = await this.inFlight.track(this.documents.get(id));
      this.#savers.delete(id);
      await this.#refill(instance, { data: resource });
      return "reloaded";
    } catch (error) {
      if ((error as { status?: number }).status !== 404) return "unreachable";
      this.instances.delete(id);
      return "removed";
    }
  }

  async #refill(instance: BaseDef, document: CardDocument): Promise<void> {
    await this.inFlight.track(updateFromSerialized(instance, document, { store: this }));
  }

  #saverOf(id: string, instance: BaseDef): CardSaver {
    let saver = this.#savers.get(id);
    if (!saver) {
      saver = new CardSaver(instance, {
        origin: this.documents.knownAt(id),
        refill: (document) => this.#refill(instance, document),
        stateChanged: (state) => this.#tell({ kind: "save-state", id, state }),
      });
      this.#savers.set(id, saver);
    }
    return saver;
  }

  #tell(event: StoreEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
