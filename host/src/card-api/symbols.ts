/**
 * The names card code and the engine share without sharing a module.
 *
 * They are global symbols, so a class written against another copy of the card
 * API still understands them.
 */

/** A static member that marks a field definition as a plain value. */
export const primitive: unique symbol = Symbol.for("cardstack-primitive");
/** Static: `(value, doc, visited, options) => JSON`. */
export const serialize: unique symbol = Symbol.for("cardstack-serialize");
/** Static: `(json, relativeTo, doc, store) => value | Promise<value>`. */
export const deserialize: unique symbol = Symbol.for("cardstack-deserialize");
/** Static: `(value, stack) => JSON` that a search can compare. */
export const queryableValue: unique symbol = Symbol.for("cardstack-queryable-value");
/** Static: how a value is written in a query, where that is not `queryableValue`. */
export const formatQuery: unique symbol = Symbol.for("cardstack-format-query");
/** Static: what an unset primitive reads as. */
export const emptyValue: unique symbol = Symbol.for("cardstack-empty-value");
/** Static: how the index compares a primitive's values (`ValueType` in definitions.ts). */
export const valueType: unique symbol = Symbol.for("realmkit-value-type");
/** Static: values of this primitive have no identity of their own, positions do. */
export const useIndexBasedKey: unique symbol = Symbol.for("cardstack-use-index-based-key");
export const isBaseDef: unique symbol = Symbol.for("cardstack-is-base-def");
/** A card's id within this page, before it has one of its own. */
export const localId: unique symbol = Symbol.for("cardstack-local-id");
export const meta: unique symbol = Symbol.for("cardstack-meta");
export const realmInfo: unique symbol = Symbol.for("cardstack-realm-info");
export const realmURL: unique symbol = Symbol.for("cardstack-realm-url");
export const relativeTo: unique symbol = Symbol.for("cardstack-relative-to");
export const isSavedInstance: unique symbol = Symbol.for("cardstack-is-saved-instance");
/** On a plural field's value: the items with links that are not loaded left in. */
export const rawItems: unique symbol = Symbol.for("realmkit-raw-items");
/** Static: `card`, `field` or `file`. */
export const definitionKind: unique symbol = Symbol.for("realmkit-definition-kind");
