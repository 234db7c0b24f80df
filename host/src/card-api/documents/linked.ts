/** What a relationship of a document becomes: a card that is here, or a link to load later. */

import type { BaseDef } from "../defs/base-def.ts";
import type { Field } from "../fields/field.ts";
import { failedLink, isSentinel, LinkSentinel } from "../fields/links.ts";
import { instanceOf } from "../identity.ts";
import { isFilled } from "../state.ts";
import type { Relationship, Resource, ResourceIdentifier } from "../store-seam.ts";
import { resolveReference } from "./references.ts";
import type { FieldSource } from "./source.ts";

/** Null when the author says there is none. */
export async function linkFrom(
  relationship: Relationship,
  field: Field,
  source: FieldSource,
  previous: unknown,
): Promise<BaseDef | LinkSentinel | null> {
  const { relativeTo, document, store, authoredReferences } = source.resource;
  const data = relationship.data as ResourceIdentifier | null | undefined;
  if (data?.lid !== undefined && data.id === undefined) {
    const local = document.findLocal(data.lid);
    return local ? made(local, field, source) : null;
  }
  const written = relationship.links?.self ?? data?.id;
  if (written === undefined || written === null) return null;
  const id = resolveReference(written, relativeTo);
  if (relationship.links?.self) authoredReferences.set(id, written);

  const known = store.peek(id);
  const included = document.find(id);
  // What is computed from a card that is still being filled, for another reader, might throw.
  const isHere = known && (included || isFilled(known));
  if (isHere && instanceOf(known, field.card)) return known;
  if (included) return made(included, field, source, id);
  if (isSentinel(previous) && previous.isTerminal && previous.reference === id) return previous;
  return new LinkSentinel("not-loaded", id);
}

/** The links of a plural field in order, from `friends.0`, `friends.1`… or the umbrella's `data`. */
export function slots(source: FieldSource): Relationship[] | undefined {
  const numbered = [...source.relationships]
    .filter(([key]) => /^\d+$/.test(key))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, relationship]) => relationship);
  if (numbered.length > 0) return numbered;
  const umbrella = source.relationships.get("");
  if (!umbrella) return undefined;
  return Array.isArray(umbrella.data) ? umbrella.data.map((data) => ({ data })) : [];
}

async function made(
  resource: Resource,
  field: Field,
  source: FieldSource,
  id?: string,
): Promise<BaseDef | LinkSentinel> {
  const { document, relativeTo } = source.resource;
  const reference = id ?? resource.lid ?? "";
  try {
    const card = await document.instance(resource, relativeTo);
    if (instanceOf(card, field.card)) return card;
    const message = `${reference} is not a ${field.card.name}, as field \`${field.name}\` of ${field.owner.name} wants`;
    return failedLink(reference, { status: 422, title: "Wrong card definition", message });
  } catch (error) {
    return failedLink(reference, error);
  }
}
