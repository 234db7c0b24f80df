/** Reading contained values: plain ones through their definition, composites field by field. */

import type { BaseDef } from "../defs/base-def.ts";
import { fieldsOf } from "../fields/declare.ts";
import type { Field } from "../fields/field.ts";
import { isQuerySeed, seedQuery } from "../fields/query.ts";
import { extendsDefinition } from "../identity.ts";
import { stateOf, type Unclaimed } from "../state.ts";
import { deserialize } from "../symbols.ts";
import type { FieldSource, ResourceSource } from "./source.ts";

/** A promise only where the definition reads asynchronously: a document holds many of these. */
export function readPrimitive(cls: typeof BaseDef, json: unknown, source: FieldSource): unknown {
  if (json === null || json === undefined) return null;
  const read = (cls as any)[deserialize];
  if (!read) return json;
  const { relativeTo, document, store } = source.resource;
  const base = relativeTo === undefined ? undefined : new URL(relativeTo);
  return read.call(cls, json, base, document.document, store);
}

/** A new value of the declared class, or of the subclass its meta names. */
export async function readComposite(
  declared: typeof BaseDef,
  source: FieldSource,
): Promise<BaseDef> {
  const cls = await concreteClass(declared, source);
  const value = new cls();
  belongTo(value, source.resource);
  const prepared = await prepareFields(cls, (name) => source.field(name));
  putPrepared(value, prepared);
  stateOf(value).unclaimed = unclaimedBy(cls, source);
  return value;
}

function unclaimedBy(cls: typeof BaseDef, source: FieldSource): Unclaimed | undefined {
  const fields = fieldsOf(cls);
  const isUnclaimed = ([key]: [string, unknown]) => !fields.has(key.split(".", 1)[0]!);
  const attributes = Object.entries((source.attribute as object | null) ?? {}).filter(isUnclaimed);
  // The empty key is the value's own.
  const relationships = [...source.relationships].filter((each) => each[0] && isUnclaimed(each));
  if (attributes.length === 0 && relationships.length === 0) return undefined;
  return { attributes: Object.fromEntries(attributes), relationships: new Map(relationships) };
}

/** Read every stored field of a class. The values are put in place later, all at once. */
export async function prepareFields(
  cls: typeof BaseDef,
  sourceOf: (name: string) => FieldSource,
): Promise<[Field, unknown][]> {
  const fields = [...fieldsOf(cls).values()].filter((field) => !field.isComputed);
  const values = fields.map((field) => {
    try {
      return field.prepare(sourceOf(field.name));
    } catch (error) {
      return Promise.reject(error);
    }
  });
  const prepared = values.some(isThenable) ? await Promise.all(values) : values;
  return fields.map((field, i) => [field, prepared[i]]);
}

function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}

/** Fields the document does not mention go back to unset. */
export function putPrepared(instance: BaseDef, prepared: [Field, unknown][]): void {
  const { values, implicit } = stateOf(instance);
  for (const [field, value] of prepared) {
    implicit.delete(field.name);
    if (isQuerySeed(value)) seedQuery(instance, field, value);
    else if (value === undefined) values.delete(field.name);
    else field.put(instance, value);
  }
}

/** Relative references and loads of `instance` go through the resource it came from. */
export function belongTo(instance: BaseDef, resource: ResourceSource): void {
  const state = stateOf(instance);
  state.store = resource.store;
  state.relativeTo = resource.relativeTo;
  state.authoredReferences = resource.authoredReferences;
}

async function concreteClass(
  declared: typeof BaseDef,
  source: FieldSource,
): Promise<typeof BaseDef> {
  const { adoptsFrom } = source.fieldMeta;
  if (!adoptsFrom) return declared;
  const cls = await source.resource.store.loadClass(adoptsFrom, source.resource.relativeTo);
  if (!extendsDefinition(cls, declared)) {
    throw new TypeError(`${adoptsFrom.name} from ${adoptsFrom.module} is not a ${declared.name}`);
  }
  return cls;
}
