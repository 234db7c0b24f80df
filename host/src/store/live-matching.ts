/**
 * Whether a card as this page has it, edits included, is what a filter asks for.
 *
 * The card's search doc is made here, by the code that makes it for the index, so the
 * server says the same once the card is saved and indexed.
 */

import {
  ancestorOf,
  type BaseDef,
  CardDef,
  getField,
  identifyCard,
  isFieldDef,
  isFileDef,
  searchDoc,
  typesOf,
  valueType,
} from "../card-api/index.ts";
import { absoluteRef, BASE_PREFIX, typeKey } from "../loader/addresses.ts";
import { exportedAs } from "../loader/code-refs.ts";
import { isResolvedCodeRef } from "../runtime-common/refs.ts";
import {
  type Definitions,
  type FieldShape,
  type Key,
  matchFilter,
  type Shape,
  sortKey,
} from "./matcher.ts";

type Definition = typeof BaseDef;

/** Modules of the base realm whose classes have the name of another that exports them too. */
const REEXPORTING = new RegExp(`^${BASE_PREFIX}(?:file-api|image-file-def)/`);
/** Whatever this module exports has its name there. */
const ENGINE = `${BASE_PREFIX}card-api/`;
const CARD_DEF = `${ENGINE}CardDef`;

/**
 * `filter` is written as in a search, its code refs absolute. Undefined means that only
 * the server can say: it is about words (`matches`), about a path that no field of the
 * card leads along, about what lies behind a link that is not here, or about what cannot
 * be computed without it. Links that the search doc follows are asked for, so the answer
 * may be another one once they are here: what rendered with it is rendered again.
 */
export function matches(card: BaseDef, filter: Record<string, unknown>): boolean | undefined {
  const doc = docOf(card);
  if (!doc) return undefined;
  const cls = card.constructor as Definition;
  const types = typesOf(cls);
  const verdict = matchFilter(filter, { doc, types }, definitionsAbove(cls, types));
  return verdict === "unresolvable" ? undefined : verdict === "match";
}

/**
 * What a search that sorts by the path `by` of the definition `on` puts the card in order by;
 * null when it has no value, `undefined` when only the server can say.
 */
export function sortsBy(
  card: BaseDef,
  by: string,
  { on, isDescending }: { on: unknown; isDescending: boolean },
): Key | null | undefined {
  const doc = docOf(card);
  if (!doc) return undefined;
  const cls = card.constructor as Definition;
  const types = typesOf(cls);
  const definitions = definitionsAbove(cls, types);
  const key = on === undefined ? CARD_DEF : definitions.typeKeyOf(on);
  return key === undefined
    ? undefined
    : sortKey(by, { doc, types }, definitions.shape(key), isDescending);
}

/** Undefined if a computed field throws, as many do until their links are here. */
function docOf(card: BaseDef): Record<string, unknown> | undefined {
  try {
    const doc = asStored(searchDoc(card)) as Record<string, unknown>;
    // Whether a file is a card's is what the server's index knows.
    return isFileDef(card.constructor) ? { ...doc, _isCardInstanceFile: undefined } : doc;
  } catch {
    return undefined;
  }
}

/** A value as JSON keeps it, but for `undefined`, which stands for what is not known. */
function asStored(value: any): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return null;
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.toJSON === "function") return asStored(value.toJSON());
  if (Array.isArray(value)) return value.map(asStored);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asStored(each)]));
}

/** A filter asks only about fields of definitions that the card is of. */
function definitionsAbove(cls: Definition, types: string[]): Definitions {
  return {
    typeKeyOf(ref) {
      if (!isResolvedCodeRef(ref)) return undefined;
      const key = typeKey(absoluteRef(ref));
      if (types.includes(key) || key.startsWith(ENGINE)) return key;
      // A module may pass on a class that has its name from another: of one that was not imported
      // here, and of one that passes on all of another's, the server knows.
      const cls = exportedAs(key);
      const own = cls && identifyCard(cls);
      return own && typeKey(own);
    },
    valueOf(ref) {
      const key = isResolvedCodeRef(ref) ? typeKey(absoluteRef(ref)) : undefined;
      return key !== undefined && REEXPORTING.test(key) ? undefined : key;
    },
    shape(key) {
      const definition = ancestorOf(cls, key) ?? (key === CARD_DEF ? CardDef : undefined);
      return definition && shapeOf(definition);
    },
  };
}

type DeclaredField = NonNullable<ReturnType<typeof getField>>;

function shapeOf(definition: Definition): Shape {
  return {
    isCard: !isFieldDef(definition),
    field(name) {
      const field = getField(definition, name);
      // A search doc does not say what a search found.
      return field && !field.query ? fieldShapeOf(field) : undefined;
    },
  };
}

function fieldShapeOf(field: DeclaredField): FieldShape {
  return {
    isPlural: field.isPlural,
    isLink: field.isLink,
    valueType: field.isPrimitive ? ((field.card as any)[valueType] ?? "json") : null,
    shape: () => (field.isPrimitive ? undefined : shapeOf(field.card)),
  };
}
