/**
 * Two versions of one card, compared field by field.
 *
 * A field is its attribute and the relationships in it: its own, its items' and those
 * of what it contains. What a query-backed field found is nobody's edit, and never a
 * difference.
 */

import type { Relationship, Resource } from "../card-api/store-seam.ts";

/** The part of a resource that holds these fields, as a patch that replaces them whole. */
export function partOf(resource: Resource, fields: Iterable<string>): Resource {
  const replaces = [...fields];
  const { adoptsFrom, fields: overrides = {} } = resource.meta;
  const isPart = ([key]: [string, unknown]) => replaces.includes(fieldOf(key));
  const pick = <T>(from: Record<string, T> = {}) =>
    Object.fromEntries(Object.entries(from).filter(isPart));
  const part: Resource = { type: "card", id: resource.id, meta: { adoptsFrom, replaces } };
  const attributes = pick(resource.attributes);
  const relationships = pick(resource.relationships);
  const metas = pick(overrides);
  if (Object.keys(attributes).length > 0) part.attributes = attributes;
  if (Object.keys(relationships).length > 0) part.relationships = relationships;
  if (Object.keys(metas).length > 0) part.meta.fields = metas;
  return part;
}

export function isSameField(a: Resource, b: Resource, field: string): boolean {
  return (
    isSame(a.attributes?.[field], b.attributes?.[field]) &&
    isSame(linksOf(a, field), linksOf(b, field))
  );
}

export function isSameResource(a: Resource, b: Resource, except: ReadonlySet<string>): boolean {
  const fields = new Set(
    [a, b].flatMap(({ attributes = {}, relationships = {} }) => [
      ...Object.keys(attributes),
      ...Object.keys(relationships).map(fieldOf),
    ]),
  );
  return [...fields].every((field) => except.has(field) || isSameField(a, b, field));
}

/** The field of the card that a key of its resource belongs to: `visits` for `visits.0.clinic`. */
export function fieldOf(key: string): string {
  return key.split(".", 1)[0]!;
}

function linksOf(resource: Resource, field: string): Record<string, string> {
  const links: Record<string, string> = {};
  const entries = Object.entries(resource.relationships ?? {});
  const searched = entries.filter(([, each]) => isSearched(each)).map(([key]) => key);
  for (const [key, { links: written }] of entries) {
    if (fieldOf(key) !== field) continue;
    if (searched.some((each) => key === each || key.startsWith(`${each}.`))) continue;
    // An empty link may be written or left out.
    if (written?.self) links[key] = written.self;
  }
  return links;
}

function isSearched({ links }: Relationship): boolean {
  return links?.search !== undefined;
}

/** JSON equality in which an absent member and null are the same. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isSame((a as any)[key], (b as any)[key]));
}
