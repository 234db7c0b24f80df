/**
 * `@field name = contains(StringField)`: how a definition declares its fields.
 *
 * The decorator is of the legacy shape that `decorator-transforms` calls: it
 * takes the field's factory from the initializer and answers the accessor that
 * goes on the prototype.
 */

import type { BaseDef } from "../defs/base-def.ts";
import { ancestry } from "../identity.ts";
import { hasState } from "../state.ts";
import { ContainsField } from "./contains.ts";
import { ContainsManyField } from "./contains-many.ts";
import type { ClassOrThunk, DefinitionClass, Field, FieldOptions } from "./field.ts";
import { LinksToField } from "./links-to.ts";
import { LinksToManyField } from "./links-to-many.ts";

/** What `contains(…)` and its siblings answer: a field that does not know its name yet. */
export class FieldFactory {
  readonly create: (name: string, owner: DefinitionClass) => Field;
  constructor(create: (name: string, owner: DefinitionClass) => Field) {
    this.create = create;
  }
}

// Card code reads these as the value they hold, so they are typed as anything.
export function contains(card: ClassOrThunk, options: FieldOptions = {}): any {
  return new FieldFactory((name, owner) => new ContainsField(name, owner, card, options));
}

export function containsMany(card: ClassOrThunk, options: FieldOptions = {}): any {
  return new FieldFactory((name, owner) => new ContainsManyField(name, owner, card, options));
}

export function linksTo(card: ClassOrThunk, options: FieldOptions = {}): any {
  return new FieldFactory((name, owner) => new LinksToField(name, owner, card, options));
}

export function linksToMany(card: ClassOrThunk, options: FieldOptions = {}): any {
  return new FieldFactory((name, owner) => new LinksToManyField(name, owner, card, options));
}

const ownFields = new WeakMap<DefinitionClass, Map<string, Field>>();
let allFields = new WeakMap<DefinitionClass, Map<string, Field>>();

export function field(
  prototype: BaseDef,
  name: string,
  descriptor?: { initializer?: (() => unknown) | null },
): any {
  const owner = prototype.constructor as DefinitionClass;
  const factory = descriptor?.initializer?.call(prototype);
  if (!(factory instanceof FieldFactory)) {
    throw new TypeError(
      `@field \`${name}\` of ${owner.name} needs contains, containsMany, linksTo or linksToMany`,
    );
  }
  return declareField(owner, name, factory);
}

/** The decorator's work, for the engine's own classes, which are written without decorators. */
export function declareField(
  owner: DefinitionClass,
  name: string,
  factory: FieldFactory,
): PropertyDescriptor {
  const declared = factory.create(name, owner);
  const own = ownFields.get(owner) ?? new Map<string, Field>();
  ownFields.set(owner, own.set(name, declared));
  allFields = new WeakMap();
  const descriptor: PropertyDescriptor = {
    enumerable: true,
    configurable: true,
    get(this: BaseDef) {
      // A prototype has no values; tools that walk prototypes must not trip over one.
      return hasState(this) ? declared.get(this) : undefined;
    },
    set(this: BaseDef, value: unknown) {
      declared.set(this, value);
    },
  };
  Object.defineProperty(owner.prototype, name, descriptor);
  return descriptor;
}

export interface GetFieldsOptions {
  includeComputeds?: boolean;
}

/** Every field of a class or of an instance's class, the base's first. */
export function getFields(
  target: BaseDef | DefinitionClass,
  { includeComputeds = true }: GetFieldsOptions = {},
): Record<string, Field> {
  const cls = typeof target === "function" ? target : (target.constructor as DefinitionClass);
  return Object.fromEntries(
    [...fieldsOf(cls)].filter(([, f]) => includeComputeds || !f.isComputed),
  );
}

export function getField(target: BaseDef | DefinitionClass, name: string): Field | undefined {
  const cls = typeof target === "function" ? target : (target.constructor as DefinitionClass);
  return fieldsOf(cls).get(name);
}

/** The same as a map; callers must not change it. Every getter of every template asks for it. */
export function fieldsOf(cls: DefinitionClass): ReadonlyMap<string, Field> {
  const known = allFields.get(cls);
  if (known) return known;
  const fields = new Map<string, Field>();
  for (const ancestor of ancestry(cls).reverse()) {
    for (const [name, declared] of ownFields.get(ancestor) ?? []) fields.set(name, declared);
  }
  allFields.set(cls, fields);
  return fields;
}
