/** The fields a default template shows, in the order they were declared. */

import { isCardDef } from "../definitions.ts";
import type { BaseDef } from "../defs/base-def.ts";
import { fieldsOf } from "../fields/declare.ts";
import type { DefinitionClass, Field } from "../fields/field.ts";
import { hasState } from "../state.ts";

export interface Row {
  name: string;
  label: string;
  hint: string | undefined;
  component: unknown;
  /** Links, lists and composites get a line of their own. */
  isWide: boolean;
  isEmpty: boolean;
  /** Has nothing to show in a form either. */
  isBlank: boolean;
}

const OF_EVERY_CARD = new Set([
  "id",
  "cardInfo",
  "cardTitle",
  "cardDescription",
  "cardTheme",
  "cardThumbnailURL",
]);
const NOTHING = new Set<string>();

/** `fields` is `@fields`: its components stay the same, so rows may be made anew each time. */
export function rowsFor(model: unknown, fields: Record<string, unknown>): Row[] {
  if (!hasState(model)) return [];
  const cls = model.constructor as DefinitionClass;
  const hidden = isCardDef(cls) ? OF_EVERY_CARD : NOTHING;
  return [...fieldsOf(cls).values()]
    .filter((field) => !hidden.has(field.name))
    .map((field) => ({
      name: field.name,
      label: labelOf(field.name),
      hint: field.options.description,
      component: fields[field.name],
      isWide: field.isPlural || field.isLink || !field.isPrimitive,
      isEmpty: isEmpty(model, field),
      isBlank: field.isReadOnly && isEmpty(model, field),
    }));
}

/** "dateOfBirth" reads "Date of birth". */
export function labelOf(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .split(" ")
    .map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase()));
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function isEmpty(model: BaseDef, field: Field): boolean {
  const value = model[field.name];
  if (Array.isArray(value)) return value.length === 0;
  // A broken link has something to say in place of its card.
  if (field.isLink) return value === undefined && !(field as any).brokenLink?.(model);
  return value === undefined || value === null || value === "";
}
