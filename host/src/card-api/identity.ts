/**
 * Which definition is which, across reloads.
 *
 * A class is known by its code ref. A module that was loaded again brings a new
 * class with the same code ref, and instances of the old one must still count,
 * so `instanceOf` compares code refs up the ancestry.
 */

import { type CodeRef, identify } from "../loader/code-refs.ts";
import type { BaseDef } from "./defs/base-def.ts";
import { isBaseDef } from "./symbols.ts";

type DefinitionClass = typeof BaseDef;

const CARD_API = "@cardstack/base/card-api";
const engineClasses = new Map<object, string>();

/** The engine's own classes belong to the base realm's card-api, whether that is loaded or not. */
export function nameEngineClasses(classes: Record<string, object>): void {
  for (const [name, cls] of Object.entries(classes)) engineClasses.set(cls, name);
}

/** The code ref of a definition; undefined when no module exports it. */
export function identifyCard(cls: object): CodeRef | undefined {
  const name = engineClasses.get(cls);
  return name === undefined ? identify(cls) : { module: CARD_API, name };
}

/** A class and its ancestors, up to BaseDef. */
export function ancestry(cls: DefinitionClass): DefinitionClass[] {
  const chain: DefinitionClass[] = [];
  for (let at: any = cls; isDefinitionClass(at); at = Object.getPrototypeOf(at)) chain.push(at);
  return chain;
}

export function instanceOf(instance: unknown, cls: DefinitionClass): boolean {
  if (instance instanceof cls) return true;
  if (!isCardOrField(instance)) return false;
  return extendsDefinition(instance.constructor as DefinitionClass, cls);
}

export function extendsDefinition(cls: DefinitionClass, ancestor: DefinitionClass): boolean {
  const wanted = identifyCard(ancestor);
  return ancestry(cls).some((each) => each === ancestor || isSameRef(identifyCard(each), wanted));
}

export function isSameRef(a: CodeRef | undefined, b: CodeRef | undefined): boolean {
  return a !== undefined && b !== undefined && a.module === b.module && a.name === b.name;
}

/** Is this an instance of any definition: card, field or file? */
function isCardOrField(value: unknown): value is BaseDef {
  return typeof value === "object" && value !== null && isBaseDef in value.constructor;
}

function isDefinitionClass(value: unknown): value is DefinitionClass {
  return typeof value === "function" && isBaseDef in value;
}
