/**
 * A document, cut up the way fields read it.
 *
 * Relationships of contained values are keyed by dotted path in their card's
 * resource (`visits.0.clinic`); each field is given its own part with its name
 * taken off, so that no field knows how deep it lies.
 */

import type { CardStore, FieldMeta, Relationship } from "../store-seam.ts";
import type { IncludedCards } from "./included.ts";

/** The resource that is being read: what everything inside it is relative to. */
export interface ResourceSource {
  /** Its own id, or where it was delivered when it has none. */
  relativeTo: string | undefined;
  document: IncludedCards;
  store: CardStore;
  /** Whether a search of the server brought it. */
  isSearchResult?: boolean;
  /** Filled while reading: id of each linked card to the reference written for it. */
  authoredReferences: Map<string, string>;
}

type Relationships = ReadonlyMap<string, Relationship>;

// Most fields of most cards lead nowhere.
const NONE: Relationships = new Map();

type Metas = Record<string, FieldMeta | FieldMeta[]>;

/** One field's part of a resource; `previous` is what the instance held before. */
export class FieldSource {
  readonly resource: ResourceSource;
  readonly attribute: unknown;
  /** Relationships below the field; the field's own is under the empty key. */
  readonly relationships: Relationships;
  readonly meta: FieldMeta | FieldMeta[] | undefined;
  readonly previous: unknown;

  constructor(
    resource: ResourceSource,
    parts: {
      attribute?: unknown;
      relationships?: Relationships;
      meta?: FieldMeta | FieldMeta[];
      previous?: unknown;
    },
  ) {
    this.resource = resource;
    this.attribute = parts.attribute;
    this.relationships = parts.relationships ?? NONE;
    this.meta = parts.meta;
    this.previous = parts.previous;
  }

  /** The concrete class named for a singular value, and its own fields' metas. */
  get fieldMeta(): FieldMeta {
    return Array.isArray(this.meta) ? {} : (this.meta ?? {});
  }

  /** The part of one element of a list. */
  item(index: number, attribute: unknown): FieldSource {
    return new FieldSource(this.resource, {
      attribute,
      relationships: below(this.relationships, String(index)),
      meta: Array.isArray(this.meta) ? this.meta[index] : undefined,
    });
  }

  /** The part of a field of this composite value. */
  field(name: string): FieldSource {
    return fieldSource(
      this.resource,
      name,
      this.attribute as Record<string, unknown> | null,
      this.relationships,
      this.fieldMeta.fields,
    );
  }
}

export function fieldSource(
  resource: ResourceSource,
  name: string,
  attributes: Record<string, unknown> | null | undefined,
  relationships: Relationships,
  metas: Metas | undefined,
  holder?: { values: Map<string, unknown> },
): FieldSource {
  return new FieldSource(resource, {
    attribute: attributes?.[name],
    relationships: below(relationships, name),
    meta: metas?.[name],
    previous: holder?.values.get(name),
  });
}

function below(relationships: Relationships, name: string): Relationships {
  let part: Map<string, Relationship> | undefined;
  for (const [key, relationship] of relationships) {
    if (!key.startsWith(name)) continue;
    if (key.length === name.length) part = (part ?? new Map()).set("", relationship);
    else if (key[name.length] === ".")
      part = (part ?? new Map()).set(key.slice(name.length + 1), relationship);
  }
  return part ?? NONE;
}
