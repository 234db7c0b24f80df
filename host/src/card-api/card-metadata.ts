/**
 * What the realm adds to a card: when it changed, which realm it is in; and what in it is
 * broken, or computed.
 */

import type { BaseDef } from "./defs/base-def.ts";
import { rawOf } from "./fields/contains-many.ts";
import { fieldsOf } from "./fields/declare.ts";
import { isSentinel } from "./fields/links.ts";
import { hasState, stateOf } from "./state.ts";
import { meta } from "./symbols.ts";

/** A member of the resource's meta: `lastModified`, `realmURL`, `realmInfo`… */
export function getCardMeta(card: BaseDef, member: string): unknown {
  return card[meta]?.[member];
}

export interface BrokenLink {
  /** The field's dotted path. */
  field: string;
  /** The absolute id of the card that cannot be had. */
  target: string;
  reason: string;
}

/** Every link of the card, and of the values it contains, that was followed in vain. */
export function brokenLinks(card: BaseDef, prefix = ""): BrokenLink[] {
  const { values } = stateOf(card);
  return [...fieldsOf(card.constructor as typeof BaseDef).values()].flatMap((field) => {
    const path = `${prefix}${field.name}`;
    const held = values.get(field.name);
    const items = field.isPlural ? rawOf(held) : [held];
    return items.flatMap((item, index): BrokenLink[] => {
      const place = field.isPlural ? `${path}.${index}` : path;
      if (isSentinel(item)) {
        if (!item.isTerminal) return [];
        return [
          { field: place, target: item.reference, reason: item.failure?.message ?? item.type },
        ];
      }
      return !field.isLink && hasState(item) ? brokenLinks(item, `${place}.`) : [];
    });
  });
}

/** The dotted paths of what the card, and the values it contains, compute. */
export function computedPaths(card: BaseDef, prefix = ""): string[] {
  const { values } = stateOf(card);
  return [...fieldsOf(card.constructor as typeof BaseDef).values()].flatMap((field) => {
    const path = `${prefix}${field.name}`;
    if (field.isComputed) return [path];
    if (field.isLink) return [];
    const held = values.get(field.name);
    if (!field.isPlural) return hasState(held) ? computedPaths(held, `${path}.`) : [];
    return rawOf(held).flatMap((item, index) =>
      hasState(item) ? computedPaths(item, `${path}.${index}.`) : [],
    );
  });
}
