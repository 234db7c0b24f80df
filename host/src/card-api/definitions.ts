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
import { checkQueries } from "./fields/query-tokens.ts";
import { ancestry, identifyCard } from "./identity.ts";
import type { ComponentLike } from "./render/component.ts";
import type { CodeRef } from "./store-seam.ts";
import { definitionKind, valueType } from "./symbols.ts";

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
  codeRef: CodeRef;
  displayName: string;
  types: string[];
  fields: Record<string, FieldDefinition>;
}

export interface FieldDefinition {
  type: Field["fieldType"];
  card: DefinitionRef;
  isPrimitive: boolean;
  isComputed: boolean;
  valueType: ValueType | null;
  query?: Record<string, unknown>;
  searchable?: FieldOptions["searchable"];
  description?: string;
}

/** Throws if a field of the class is badly declared. Undefined for a class no module exports. */
export function definitionOf(cls: DefinitionClass): Definition | undefined {
  const codeRef = identifyCard(cls);
  if (!codeRef) return undefined;
  checkQueries(cls);
  const fields: Record<string, FieldDefinition> = {};
  for (const field of fieldsOf(cls).values()) fields[field.name] = fieldDefinition(field);
  return {
    type: isFieldDef(cls) ? "field-def" : "card-def",
    codeRef,
    displayName: displayNameOf(cls),
    types: typesOf(cls),
    fields,
  };
}

function fieldDefinition(field: Field): FieldDefinition {
  const { query, searchable, description } = field.options;
  return {
    type: field.fieldType,
    card: refOf(field),
    isPrimitive: field.isPrimitive,
    isComputed: field.isComputed,
    valueType: field.isPrimitive ? ((field.card as any)[valueType] ?? "json") : null,
    ...(query ? { query } : {}),
    ...(searchable !== undefined ? { searchable } : {}),
    ...(description !== undefined ? { description } : {}),
  };
}

function refOf(field: Field): DefinitionRef {
  const ref = identifyCard(field.card);
  if (ref) return ref;
  const owner = identifyCard(field.owner) ?? { module: "", name: field.owner.name };
  return { type: "fieldOf", card: owner, field: field.name };
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
