/**
 * The search doc: what a query can see of a card.
 *
 * Contained fields are always in it. A link is its card's id only, unless a
 * `searchable` route of the indexed card leads through it; annotations of the
 * cards it reaches are not consulted. Reading a route loads its links, so the
 * indexer asks again until nothing more is loading. Until then a value that is
 * computed from what is not here yet is `undefined`: it is not known.
 */

import { displayNameOf } from "../definitions.ts";
import type { BaseDef } from "../defs/base-def.ts";
import { rawOf } from "../fields/contains-many.ts";
import { fieldsOf } from "../fields/declare.ts";
import type { Field } from "../fields/field.ts";
import { isSentinel } from "../fields/links.ts";
import { whenHere } from "../fields/waiting.ts";
import { stateOf } from "../state.ts";
import { primitive, queryableValue } from "../symbols.ts";

export function searchDoc(card: BaseDef): Record<string, unknown> {
  const cls = card.constructor as typeof BaseDef;
  return {
    ...describe(card, cls, undefined, [card]),
    id: card.id,
    _cardType: displayNameOf(cls),
    _title: whenHere(() => card.cardTitle ?? card.title ?? card.name ?? null),
  };
}

/**
 * A node of the routes that lead on from here. The indexed card's own fields
 * start routes; further in only the node decides.
 */
type Routes = Map<string, Routes>;

function describe(
  value: BaseDef,
  declared: typeof BaseDef,
  routes: Routes | undefined,
  above: BaseDef[],
): Record<string, unknown> {
  const doc: Record<string, unknown> = {};
  for (const field of fieldsOf(declared).values()) {
    if (field.query) continue;
    // Only the indexed card's annotations count, those of its contained values included.
    const next = routes === undefined ? routesOf(field) : routes.get(field.name);
    doc[field.name] = field.isLink
      ? linkDoc(value, field, next, above)
      : containedDoc(value, field, routes === undefined ? next : (next ?? new Map()), above);
  }
  return doc;
}

function containedDoc(
  holder: BaseDef,
  field: Field,
  routes: Routes | undefined,
  above: BaseDef[],
): unknown {
  // Null stands for a value that is here and is none.
  const value = whenHere(() => holder[field.name] ?? null);
  if (value === undefined) return undefined;
  if (!field.isPlural) return oneContained(value, field, routes, above);
  const items = [...((value as unknown[] | null) ?? [])]
    .map((item) => oneContained(item, field, routes, above))
    .filter((item) => item !== null && item !== undefined);
  return items.length > 0 ? items : null;
}

function oneContained(
  value: any,
  field: Field,
  routes: Routes | undefined,
  above: BaseDef[],
): unknown {
  if (value === null || value === undefined) return null;
  const cls = field.card;
  const query = (cls as any)[queryableValue];
  if (query) return query.call(cls, value, above) ?? null;
  if (primitive in cls) return value;
  if (above.includes(value)) return null;
  return describe(value, cls, routes, [...above, value]);
}

function linkDoc(
  holder: BaseDef,
  field: Field,
  routes: Routes | undefined,
  above: BaseDef[],
): unknown {
  if (routes || field.isComputed) void holder[field.name];
  const held = field.isComputed
    ? whenHere(() => holder[field.name] ?? null)
    : stateOf(holder).values.get(field.name);
  if (field.isComputed && held === undefined) return undefined;
  if (!field.isPlural) return oneLink(held, field, routes, above);
  // Reading a slot is what loads it.
  if (routes) for (const _ of (holder[field.name] as unknown[]) ?? []);
  const items = rawOf(field.isComputed ? held : stateOf(holder).values.get(field.name))
    .map((item) => oneLink(item, field, routes, above))
    .filter((item) => item !== null);
  return items.length > 0 ? items : null;
}

function oneLink(value: any, field: Field, routes: Routes | undefined, above: BaseDef[]): unknown {
  if (value === null || value === undefined) return null;
  if (isSentinel(value)) return { id: value.reference };
  const isAbove = above.includes(value) || above.some((each) => each.id && each.id === value.id);
  if (!routes || isAbove) return { id: value.id ?? null };
  return { ...describe(value, field.card, routes, [...above, value]), id: value.id };
}

/** `true` leads to the field itself, a dotted path further; undefined when nothing does. */
function routesOf(field: Field): Routes | undefined {
  const { searchable } = field.options;
  if (searchable === undefined) return undefined;
  const routes: Routes = new Map();
  for (const path of [searchable].flat()) {
    if (path === true) continue;
    let at = routes;
    for (const segment of path.split(".")) {
      const next: Routes = at.get(segment) ?? new Map();
      at.set(segment, next);
      at = next;
    }
  }
  return routes;
}
