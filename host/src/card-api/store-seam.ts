/**
 * What the card engine asks of whoever keeps the page's cards.
 *
 * The engine knows classes, fields and values; it never fetches. A store gives
 * it other cards, classes and search results, and hears which work is under
 * way. The live page and the prerender page each bring their own.
 */

import type { CodeRef } from "../loader/code-refs.ts";
import type { BaseDef } from "./defs/base-def.ts";

export type { CodeRef };

export interface CardStore {
  /** The one object for an id, if this page has it; never loads. */
  peek(id: string): BaseDef | undefined;
  /** This object is the one for `id` from now on. */
  remember(id: string, instance: BaseDef): void;
  /** The card (or file) at an absolute id, because `reading` needs it. Rejects with CardLoadError. */
  load(id: string, reading?: Reading): Promise<BaseDef>;
  /** Work that must end before the page counts as settled. */
  track(work: Promise<unknown>): void;
  /** The cards a query-backed field shows; `query` has its tokens filled in already. */
  search(
    owner: BaseDef,
    field: string,
    query: unknown,
    realms: string[] | undefined,
  ): Promise<SearchResults>;
  /** The class a code ref names. Rejects when the module or the export is missing. */
  loadClass(ref: CodeRef, relativeTo?: string): Promise<typeof BaseDef>;
  /** Fields of a card that hold edits: a document of the server's leaves them as they are. */
  editedFields?(card: BaseDef): ReadonlySet<string>;
  /** Rises with whatever may make answers of the server old: one asked at this age knows of it. */
  readonly age?: number;
  /** All that a search found, asked at `age`, with the edits of this page that it cannot know. */
  withEdits?(found: BaseDef[], asked: Asked, age: number): BaseDef[];
  /** A query-backed field of `owner` shows cards of these realms. */
  watch?(owner: BaseDef, realms: string[]): void;
  /** A link to a card that is here was read. */
  touched?(card: BaseDef, reading: Reading): void;
}

/** Who reads a link: the card it is written in, and whether a search put it there. */
export interface Reading {
  owner: BaseDef;
  isQuery: boolean;
}

/** A search with its tokens filled in; code refs in it are absolute. */
export interface Asked {
  query: Record<string, unknown>;
  realms: string[];
}

/** What a search found. A card that could not be made is left out, and logged. */
export interface SearchResults {
  cards: BaseDef[];
  /** Every match, not only those on the page that was asked for. */
  total: number;
  errors: RealmError[];
}

/** A realm that could not be asked. */
export interface RealmError {
  realm?: string;
  type?: string;
  message?: string;
  status?: number;
}

/** Why a card could not be had. A `status` of 404 makes its links "not found". */
export class CardLoadError extends Error {
  override name = "CardLoadError";
  readonly id: string;
  readonly status: number;
  readonly title: string;

  constructor(failure: { id: string; status: number; title: string; message: string }) {
    super(failure.message);
    this.id = failure.id;
    this.status = failure.status;
    this.title = failure.title;
  }
}

/** One card or file of a JSON:API document. Relationship references are relative to its own id. */
export interface Resource {
  type?: string;
  id?: string;
  lid?: string;
  attributes?: Record<string, unknown>;
  relationships?: Record<string, Relationship>;
  links?: Record<string, string | null>;
  meta: ResourceMeta;
}

export interface ResourceMeta {
  adoptsFrom: CodeRef;
  fields?: Record<string, FieldMeta | FieldMeta[]>;
  realmURL?: string;
  realmInfo?: Record<string, unknown>;
  lastModified?: number;
  [member: string]: unknown;
}

/** The concrete class of a contained value, where it is not the declared one. */
export interface FieldMeta {
  adoptsFrom?: CodeRef;
  fields?: Record<string, FieldMeta | FieldMeta[]>;
}

export interface Relationship {
  links?: { self?: string | null; search?: string | null };
  data?: ResourceIdentifier | ResourceIdentifier[] | null;
  meta?: { errors?: RealmError[] };
}

export interface ResourceIdentifier {
  type?: string;
  id?: string;
  lid?: string;
}

export interface CardDocument {
  data: Resource;
  included?: Resource[];
}
