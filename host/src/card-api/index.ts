/**
 * `@realmkit/card-api`: the card engine.
 *
 * The first group is what card code imports (through the base realm's
 * `card-api`); the second is what the host uses to load, save, index and show
 * cards. There is one copy of this module in a page.
 */

import { BaseDef } from "./defs/base-def.ts";
import { CardDef, Theme } from "./defs/card-def.ts";
import { CardInfoField } from "./defs/card-info.ts";
import { FieldDef } from "./defs/field-def.ts";
import { FileContentMismatchError, FileDef, ImageDef } from "./defs/file-def.ts";
import {
  MaybeBase64Field,
  ReadOnlyField,
  ReadOnlyJSONField,
  ReadOnlyNumberField,
  StringField,
  TextAreaField,
} from "./defs/string-field.ts";
import { nameEngineClasses } from "./identity.ts";

nameEngineClasses({
  BaseDef,
  CardDef,
  CardInfoField,
  FieldDef,
  FileDef,
  ImageDef,
  MaybeBase64Field,
  ReadOnlyField,
  ReadOnlyJSONField,
  ReadOnlyNumberField,
  StringField,
  TextAreaField,
  Theme,
});

export { moduleIdentity as resolveModule } from "../loader/addresses.ts";
// For the host.
export { type BrokenLink, brokenLinks, computedPaths, getCardMeta } from "./card-metadata.ts";
export { isCard, isCardInstance, resolveInstanceURL } from "./card-predicates.ts";
export {
  ancestorOf,
  type Definition,
  definitionOf,
  displayNameOf,
  displayNamesOf,
  type ExportedDefinition,
  type FieldDefinition,
  iconOf,
  isCardDef,
  isFieldDef,
  isFileDef,
  typesOf,
} from "./definitions.ts";
export type { Format } from "./defs/base-def.ts";
export { createFromSerialized, updateFromSerialized } from "./documents/deserialize.ts";
export { searchDoc } from "./documents/search-doc.ts";
export { markSearchResult } from "./documents/search-results.ts";
export { type SerializeOptions, serializeCard } from "./documents/serialize.ts";
export {
  contains,
  containsMany,
  field,
  getField,
  getFields,
  linksTo,
  linksToMany,
} from "./fields/declare.ts";
export { isDefinition } from "./fields/field.ts";
export {
  type QueryState,
  queriedRealms,
  queryStateOf,
  refreshQueries,
  reseedQueries,
} from "./fields/query.ts";
export { captureQueryFieldSeedData, QuerySeed } from "./fields/query-seed.ts";
export { checkQueries } from "./fields/query-tokens.ts";
export { identifyCard, instanceOf } from "./identity.ts";
export { markdownToHTML } from "./markdown.ts";
export { Component } from "./render/component.ts";
export {
  getComponent,
  type Rendering,
  type RenderOptions,
  renderCard,
} from "./render/render-card.ts";
export { defaultFormatIn, type Surroundings } from "./render/surroundings.ts";
export {
  Cell,
  isFilled,
  originOf,
  setOrigin,
  subscribeToChanges,
  unsubscribeFromChanges,
} from "./state.ts";
export * from "./store-seam.ts";
export {
  deserialize,
  emptyValue,
  formatQuery,
  isBaseDef,
  isSavedInstance,
  localId,
  meta,
  primitive,
  queryableValue,
  realmInfo,
  realmURL,
  relativeTo,
  serialize,
  useIndexBasedKey,
  valueType,
} from "./symbols.ts";
// The controls of the built-in fields' forms.
export { default as FieldInput } from "./templates/field-input.gts";
export { default as FieldSelect } from "./templates/field-select.gts";
export { default as FieldTextArea } from "./templates/field-text-area.gts";
// What the base realm's files are introduced with.
export { default as FileHeading } from "./templates/file-heading.gts";
export { definitionsBehind } from "./unexported.ts";
// For card code.
export {
  BaseDef,
  CardDef,
  CardInfoField,
  FieldDef,
  FileContentMismatchError,
  FileDef,
  ImageDef,
  MaybeBase64Field,
  ReadOnlyField,
  ReadOnlyJSONField,
  ReadOnlyNumberField,
  StringField,
  TextAreaField,
  Theme,
};
