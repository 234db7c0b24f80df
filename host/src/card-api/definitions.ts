/**
 * What a definition says about itself: its types, its fields, its label.
 *
 * The server keeps these beside the module, to validate searches and documents
 * without running card code.
 */

import { typeKey } from "../loader/addresses.ts";
import type { BaseDef } from "./defs/base-def.ts";
import { fieldsOf } from "./fields/declare.ts";
import {
  type DefinitionClass,
  type Field,
  type FieldOptions,
  isDefinition,
} from "./fields/field.ts";
import { checkQueries, queryOf } from "./fields/query-tokens.ts";
import { ancestry, identifyCard } from "./identity.ts";
import type { ComponentLike } from "./render/component.ts";
import type { CodeRef } from "./store-seam.ts";
import { definitionKind, valueType } from "./symbols.ts";
import { definitionsBehind } from "./unexported.ts";

/** How the index compares the values of a primitive. */
export type ValueType =
  | "string"
  | "number"
  | "boolean"
  | "date"
  | "datetime"
  | "email"
  | "phone-number"
  | "code-ref"
  | "json";

/** A class no module exports is named by the field that declares it. */
export type DefinitionRef = CodeRef | { type: "fieldOf"; card: DefinitionRef; field: string };

export interface Definition {
  /** Files count as cards: both have an address of their own. */
  type: "card-def" | "field-def";
  codeRef: DefinitionRef;
  displayName: string;
  types: string[];
  fields: Record<string, FieldDefinition>;
}

export interface ExportedDefinition extends Definition {
  codeRef: CodeRef;
  /** The classes that no module exports and its fields lead to. */
  inner?: Definition[];
}

export interface FieldDefinition {
  type: Field["fieldType"];
  card: DefinitionRef;
  isPrimitive: boolean;
  isComputed: boolean;
  valueType: ValueType | null;
  /** As declared, with its code refs absolute. */
  query?: Record<string, unknown>;
  searchable?: FieldOptions["searchable"];
  description?: string;
}

/** Throws if a field of the class is badly declared. Undefined for a class no module exports. */
export function definitionOf(cls: DefinitionClass): ExportedDefinition | undefined {
  const codeRef = identifyCard(cls);
  if (!codeRef) return undefined;
  const refs: Refs = new Map([[cls, codeRef]]);
  for (const each of definitionsBehind([cls])) checkQueries(each);
  // Describing a class names those that its fields hold, which are described in turn.
  const [own, ...inner] = [...described(refs)];
  return { ...own!, codeRef, ...(inner.length > 0 ? { inner } : {}) };
}

/** What the classes of one description are called, the exported one first. */
type Refs = Map<DefinitionClass, DefinitionRef>;

function* described(refs: Refs): Iterable<Definition> {
  for (const [cls, codeRef] of refs) {
    const fields: Record<string, FieldDefinition> = {};
    for (const field of fieldsOf(cls).values()) {
      fields[field.name] = fieldDefinition(field, refOf(field, codeRef, refs));
    }
    yield {
      type: isFieldDef(cls) ? "field-def" : "card-def",
      codeRef,
      displayName: displayNameOf(cls),
      types: typesOf(cls),
      fields,
    };
  }
}

function fieldDefinition(field: Field, card: DefinitionRef): FieldDefinition {
  const { query, searchable, description } = field.options;
  return {
    type: field.fieldType,
    card,
    isPrimitive: field.isPrimitive,
    isComputed: field.isComputed,
    valueType: field.isPrimitive ? ((field.card as any)[valueType] ?? "json") : null,
    ...(query ? { query: queryOf(field) } : {}),
    ...(searchable !== undefined ? { searchable } : {}),
    ...(description !== undefined ? { description } : {}),
  };
}

/** A class that no module exports is named after the first field of `holder` that leads to it. */
function refOf(field: Field, holder: DefinitionRef, refs: Refs): DefinitionRef {
  const known = identifyCard(field.card) ?? refs.get(field.card);
  if (known) return known;
  const card = identifyCard(field.owner) ?? holder;
  const ref: DefinitionRef = { type: "fieldOf", card, field: field.name };
  if (!field.isPrimitive) refs.set(field.card, ref);
  return ref;
}

/** Type keys from the class up to BaseDef; classes no module exports are left out. */
export function typesOf(cls: DefinitionClass): string[] {
  return exportedAncestry(cls).map((each) => typeKey(identifyCard(each)!));
}

/** Labels, parallel to `typesOf`. */
export function displayNamesOf(cls: DefinitionClass): string[] {
  return exportedAncestry(cls).map(displayNameOf);
}

/** The ancestor of a class that a type key names. */
export function ancestorOf(cls: DefinitionClass, key: string): DefinitionClass | undefined {
  return exportedAncestry(cls).find((each) => typeKey(identifyCard(each)!) === key);
}

function exportedAncestry(cls: DefinitionClass): DefinitionClass[] {
  return ancestry(cls).filter((each) => identifyCard(each) !== undefined);
}

export function displayNameOf(target: DefinitionClass | BaseDef): string {
  const cls = (typeof target === "function" ? target : target.constructor) as DefinitionClass;
  return cls.displayName || cls.name;
}

/** The component that draws a definition's icon; the engine's classes give every definition one. */
export function iconOf(target: DefinitionClass | BaseDef): ComponentLike | undefined {
  return ((typeof target === "function" ? target : target.constructor) as DefinitionClass).icon;
}

type Kind = "card" | "field" | "file";

export function isCardDef(value: unknown): value is DefinitionClass {
  return isKind(value, "card");
}

export function isFieldDef(value: unknown): value is DefinitionClass {
  return isKind(value, "field");
}

export function isFileDef(value: unknown): value is DefinitionClass {
  return isKind(value, "file");
}

function isKind(value: unknown, kind: Kind): boolean {
  return isDefinition(value) && (value as any)[definitionKind] === kind;
}
