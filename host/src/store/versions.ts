/**
 * Two versions of one card, compared field by field.
 *
 * A field is its attribute and the relationships in it: its own, its items' and those
 * of what it contains. What a query-backed field found or a value computes is nobody's
 * edit, and never a difference.
 */

import type { Relationship, Resource } from "../card-api/store-seam.ts";

/** What is stored of `version`: all but what is computed, at these dotted paths. */
export function storedOf(version: Resource, computed: Iterable<string>): Resource {
  const paths = new Set(computed);
  const isStored = ([key]: [string, unknown]) => !beginningsOf(key).some((each) => paths.has(each));
  return {
    ...version,
    attributes: without(paths, version.attributes),
    relationships: Object.fromEntries(Object.entries(version.relationships ?? {}).filter(isStored)),
  };
}

function without<T>(paths: ReadonlySet<string>, value: T, prefix = ""): T {
  if (!isObject(value)) return value;
  if (Array.isArray(value)) {
    return value.map((each, index) => without(paths, each, `${prefix}${index}.`)) as T;
  }
  const kept = Object.entries(value).filter(([key]) => !paths.has(`${prefix}${key}`));
  return Object.fromEntries(
    kept.map(([key, each]) => [key, without(paths, each, `${prefix}${key}.`)]),
  ) as T;
}

/** `visits`, `visits.0` and `visits.0.clinic` for `visits.0.clinic`. */
function beginningsOf(key: string): string[] {
  const segments = key.split(".");
  return segments.map((_, index) => segments.slice(0, index + 1).join("."));
}

/** `version` with these fields as `from` has them. */
export function withFields(version: Resource, from: Resource, fields: Iterable<string>): Resource {
  const names = new Set(fields);
  const merged = <T>(old: Record<string, T> = {}, added: Record<string, T> = {}) =>
    Object.fromEntries([
      ...Object.entries(old).filter(([key]) => !names.has(fieldOf(key))),
      ...Object.entries(added).filter(([key]) => names.has(fieldOf(key))),
    ]);
  return {
    ...version,
    attributes: merged(version.attributes, from.attributes),
    relationships: merged(version.relationships, from.relationships),
    meta: { ...version.meta, fields: merged(version.meta.fields, from.meta.fields) },
  };
}

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

export function isSameResource(a: Resource, b: Resource): boolean {
  const fields = new Set(
    [a, b].flatMap(({ attributes = {}, relationships = {} }) => [
      ...Object.keys(attributes),
      ...Object.keys(relationships).map(fieldOf),
    ]),
  );
  return [...fields].every((field) => isSameField(a, b, field));
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
  if (!isObject(a) || !isObject(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isSame(a[key], b[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
