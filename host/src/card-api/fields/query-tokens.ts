/**
 * `$this.city` and `$REALM` in a field's query: checked once per class, filled
 * in for each instance.
 *
 * A condition whose token has no value is false, and so is a `not` around it:
 * a missing value never widens a result. Null is a value; what no document says is
 * none, also where a field reads as `false` or as an empty list then, because the
 * server, which answers the same field in the card's document, finds nothing there.
 */

import { absoluteRef, publicURL, realmOf } from "../../loader/addresses.ts";
import type { BaseDef } from "../defs/base-def.ts";
import { identifyCard } from "../identity.ts";
import { consume } from "../state.ts";
import type { CodeRef } from "../store-seam.ts";
import { definitionKind, formatQuery, queryableValue } from "../symbols.ts";
import { classIfLoaded, moduleOf } from "../unexported.ts";
import { fieldsOf } from "./declare.ts";
import type { DefinitionClass, Field } from "./field.ts";
import { isSentinel } from "./links.ts";

const THIS = /^\$this\./;
const REALM = new Set(["$REALM", "$thisRealm"]);
const OPERATORS = new Set(["eq", "in", "contains", "range"]);

/** Throws if a query of this class, or of an ancestor, names a path that is no field's. */
export function checkQueries(cls: DefinitionClass): void {
  for (const field of fieldsOf(cls).values()) {
    for (const path of tokensIn(field.query)) checkPath(cls, field, path);
  }
}

function tokensIn(node: unknown): string[] {
  if (typeof node === "string") return THIS.test(node) ? [node.slice("$this.".length)] : [];
  if (typeof node !== "object" || node === null) return [];
  return Object.values(node).flatMap(tokensIn);
}

function checkPath(cls: DefinitionClass, field: Field, path: string): void {
  const refuse = (reason: string): never => {
    throw new Error(
      `query field "${field.name}" references unknown path "$this.${path}" on ${cls.name}: ${reason}`,
    );
  };
  let at: DefinitionClass = cls;
  let list: string | undefined;
  const segments = path.split(".");
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (list !== undefined) {
      if (!/^\d+$/.test(segment)) refuse(`"${list}" is a list, so a number must follow`);
      list = undefined;
      continue;
    }
    const named = fieldsOf(at).get(segment);
    if (!named && segment !== "id") refuse(`${at.name} has no field "${segment}"`);
    if (segment === "id" && !isLast) refuse('nothing may follow "id"');
    if (named?.isPlural) list = segment;
    // What is not loaded yet is checked again when the class is described.
    const next = isLast ? undefined : named && classIfLoaded(named);
    if (!next) return;
    at = next;
  }
}

/** The search for this instance, or undefined when it can match nothing. */
export function fillIn(
  field: Field,
  owner: BaseDef,
  realm: string | undefined,
): FilledQuery | undefined {
  const { filter, sort, page, realm: one, realms, ...rest } = queryOf(field);
  const filling = { owner, realm };
  const filled = filter === undefined ? {} : fillFilter(filter, filling);
  const asked = realmsNamed(realms ?? one, filling);
  // No card can be of a class that no module exports.
  const type = identifyCard(field.card);
  if (filled === NEVER || !type || asked?.length === 0) return undefined;
  const query: Record<string, unknown> = {
    ...rest,
    filter: anchored(filled as Record<string, unknown>, type),
    ...(sort ? { sort: (sort as any[]).map((each) => anchoredSort(each, type)) } : {}),
    ...(page ? { page } : {}),
  };
  if (field.fieldType === "linksTo") query.page = { number: 0, size: 1 };
  if ((field.card as any)[definitionKind] === "file") query.scope = "files";
  return { query, realms: asked };
}

export interface FilledQuery {
  query: Record<string, unknown>;
  realms: string[] | undefined;
}

const NEVER = Symbol("matches nothing");

interface Filling {
  owner: BaseDef;
  realm: string | undefined;
}

/**
 * A field's query with its code refs absolute: they are relative to the module that declares
 * the field, which need not be the one of the class that inherits it.
 */
export function queryOf(field: Field): Record<string, any> {
  return absoluteRefs(field.query!, moduleOf(field.owner));
}

function absoluteRefs(node: any, module: string | undefined, key?: string): any {
  if (Array.isArray(node)) return node.map((each) => absoluteRefs(each, module, key));
  if (typeof node !== "object" || node === null) return node;
  // What `eq` names are fields, whatever they are called.
  if (!OPERATORS.has(key ?? "") && isCodeRef(node)) return absoluteRef(node, module);
  return Object.fromEntries(
    Object.entries(node).map(([name, each]) => [name, absoluteRefs(each, module, name)]),
  );
}

function isCodeRef(node: any): node is CodeRef {
  return [node.module, node.name].every((part) => typeof part === "string" && part !== "");
}

/**
 * Realms as written, or those of this server that hold what the tokens name; a list that is
 * null or empty names the owner's. None at all where a token has no value, or nothing that it
 * names lies here: then nobody is asked.
 */
function realmsNamed(written: unknown, filling: Filling): string[] | undefined {
  const own = filling.realm === undefined ? [] : [filling.realm];
  if (isEmpty(written)) return filling.realm === undefined ? undefined : own;
  const named = [written].flat().flatMap((entry) => {
    const value = fillValue(entry, filling);
    if (value === NEVER) return [];
    if (isEmpty(value) || REALM.has(String(entry))) return own;
    if (value === entry) return [`${String(value).replace(/\/+$/, "")}/`];
    return [value].flat().flatMap(homeOf);
  });
  return [...new Set(named)];
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** The realm of this server that a reference lies in; nothing for one that lies elsewhere. */
function homeOf(reference: unknown): string[] {
  const isHere = typeof reference === "string" && reference.startsWith(publicURL());
  return isHere ? [realmOf(reference)] : [];
}

function fillFilter(node: any, filling: Filling): any {
  const filled: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node as Record<string, unknown>)) {
    if (key === "any") {
      const branches = (value as unknown[]).map((each) => fillFilter(each, filling));
      filled.any = branches.filter((each) => each !== NEVER);
      if ((filled.any as unknown[]).length === 0) return NEVER;
    } else if (key === "every") {
      const branches = (value as unknown[]).map((each) => fillFilter(each, filling));
      if (branches.includes(NEVER)) return NEVER;
      filled.every = branches;
    } else if (key === "item") {
      const inside = fillFilter(value, filling);
      if (inside === NEVER) return NEVER;
      filled.item = inside;
    } else if (key === "not") {
      if (mentionsMissing(value, filling)) return NEVER;
      filled.not = fillFilter(value, filling);
    } else {
      const operand = fillValue(value, filling);
      if (operand === NEVER) return NEVER;
      filled[key] = operand;
    }
  }
  return filled;
}

function mentionsMissing(node: unknown, filling: Filling): boolean {
  if (typeof node === "string") return fillValue(node, filling) === NEVER;
  if (typeof node !== "object" || node === null) return false;
  return Object.values(node).some((each) => mentionsMissing(each, filling));
}

function fillValue(value: unknown, filling: Filling): any {
  if (typeof value === "string") {
    if (REALM.has(value)) return filling.realm ?? NEVER;
    return THIS.test(value) ? tokenValue(filling.owner, value.slice("$this.".length)) : value;
  }
  if (Array.isArray(value)) {
    const items = value.map((each) => fillValue(each, filling));
    return items.includes(NEVER) ? NEVER : items;
  }
  if (typeof value !== "object" || value === null) return value;
  const filled: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) {
    filled[key] = fillValue(each, filling);
    if (filled[key] === NEVER) return NEVER;
  }
  return filled;
}

/** A link's id is known before its card is here, so `$this.owner.id` never loads one. */
function tokenValue(owner: BaseDef, path: string): unknown {
  let at: any = owner;
  let primitive: any;
  const segments = path.split(".");
  for (const [i, segment] of segments.entries()) {
    if (at === undefined || at === null) return NEVER;
    const inList = Array.isArray(at);
    const field: Field | undefined = inList ? undefined : fieldsOf(at.constructor).get(segment);
    if (field && !isSaid(at, field)) return NEVER;
    const held: unknown = field?.isLink ? consume(at).values.get(segment) : undefined;
    at = isSentinel(held) && segments[i + 1] === "id" ? { id: held.reference } : at[segment];
    // An element of a list is written as the list's field writes it.
    if (!inList) primitive = field?.isPrimitive ? field.card : undefined;
    if (at !== null && typeof at === "object" && "id" in at && segments[i + 1] === "id") {
      return at.id ?? NEVER;
    }
  }
  if (at === undefined) return NEVER;
  const write = primitive?.[formatQuery] ?? primitive?.[queryableValue];
  if (!write) return at;
  const written = (value: unknown) => write.call(primitive, value, []);
  return Array.isArray(at) ? at.map(written) : written(at);
}

/** Whether a contained field has a value of its own, and not the one that unset fields read as. */
function isSaid(
  holder: BaseDef,
  { name, isLink, isComputed, isPlural, isPrimitive }: Field,
): boolean {
  if (isLink || isComputed || name === "id") return true;
  const { values, implicit } = consume(holder);
  // An unset composite reads as one whose own fields are unset.
  if (!isPlural && !isPrimitive) return true;
  return values.get(name) !== undefined && !implicit.has(name);
}

function anchored(filter: Record<string, unknown>, type: unknown): Record<string, unknown> {
  if (Object.keys(filter).length === 0) return { type };
  return "type" in filter || "on" in filter ? filter : { on: type, ...filter };
}

function anchoredSort(sort: any, type: unknown): unknown {
  const isGeneral = ["lastModified", "createdAt", "cardURL"].includes(sort.by);
  return sort.on || isGeneral ? sort : { ...sort, on: type };
}
