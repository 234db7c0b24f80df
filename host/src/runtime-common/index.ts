/**
 * `@cardstack/runtime-common`: a small slice, our own writing.
 *
 * Names that card definitions import to be evaluated: symbols, code refs, and
 * commands as inert classes. What is not here is reported as a missing name.
 */

export { identifyCard } from "../card-api/identity.ts";
export { CardLoadError } from "../card-api/store-seam.ts";
export {
  isSavedInstance,
  localId,
  meta,
  primitive,
  realmInfo,
  realmURL,
  relativeTo,
} from "../card-api/symbols.ts";
export { matches } from "../store/live-matching.ts";
export { Command } from "./command.ts";
export {
  baseRealm,
  baseRef,
  codeRef,
  isResolvedCodeRef,
  rri,
  searchEntryWireQueryFromQuery,
} from "./refs.ts";
