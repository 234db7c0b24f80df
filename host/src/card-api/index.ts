/**
 * `@realmkit/card-api`: the card engine.
 *
 * The first group is what card code imports (through the base realm's
 * `card-api`); the second is what the host uses to load, save, index and show
 * cards. There is one copy of this module in a page.
 */

export { BaseDef } from "./base-def.ts";
export * from "./store-seam.ts";
