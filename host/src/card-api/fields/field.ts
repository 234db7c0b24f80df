/**
 * What the four kinds of field have in common.
 *
 * A field belongs to the class that declares it; instances hold only values.
 * Reading a field always entangles the instance's cell. Computed fields run on
 * every read and ignore assignment; query-backed fields are read-only too.
 */

import type { BaseDef } from "../defs/base-def.ts";
import type { FieldSource } from "../documents/source.ts";
import type { FieldWriter, Written } from "../documents/writer.ts";
import { changed, consume, stateOf } from "../state.ts";
import type { CardStore } from "../store-seam.ts";
import { isBaseDef, primitive } from "../symbols.ts";

export type FieldType = "contains" | "containsMany" | "linksTo" | "linksToMany";
export type DefinitionClass = typeof BaseDef;
export type ClassOrThunk = DefinitionClass | (() => DefinitionClass);

export interface FieldOptions {
  /** A function of the instance, or the name of its method. */
  computeVia?: ((this: any) => unknown) | string;
  description?: string;
  /** Which links the search doc follows: this one, dotted paths below it, or several. */
  searchable?: true | string | string[];
  configuration?: object | ((this: any) => object | undefined);
  /** Makes a link's value the result of a search. */
  query?: Record<string, unknown>;
  isUsed?: boolean;
}

export abstract class Field {
  abstract readonly fieldType: FieldType;
  readonly name: string;
  readonly owner: DefinitionClass;
  readonly options: FieldOptions;
  #declared: ClassOrThunk;

  constructor(name: string, owner: DefinitionClass, declared: ClassOrThunk, options: FieldOptions) {
    this.name = name;
    this.owner = owner;
    this.options = options;
    this.#declared = declared;
    if (!declared) throw this.#missingClass();
  }

  /** The declared class. A thunk is asked every time: its module may still be loading. */
  get card(): DefinitionClass {
    const declared = this.#declared;
    const cls = isDefinition(declared) ? declared : (declared as () => DefinitionClass)();
    if (!isDefinition(cls)) throw this.#missingClass();
    return cls;
  }

  get computeVia(): FieldOptions["computeVia"] {
    return this.options.computeVia;
  }

  get isComputed(): boolean {
    return this.options.computeVia !== undefined;
  }

  get query(): Record<string, unknown> | undefined {
    return this.options.query;
  }

  get isReadOnly(): boolean {
    return this.isComputed || this.query !== undefined;
  }

  get isPrimitive(): boolean {
    return primitive in this.card;
  }

  get isPlural(): boolean {
    return this.fieldType === "containsMany" || this.fieldType === "linksToMany";
  }

  get isLink(): boolean {
    return this.fieldType === "linksTo" || this.fieldType === "linksToMany";
  }

  get(instance: BaseDef): unknown {
    consume(instance);
    return this.isComputed ? this.compute(instance) : this.read(instance);
  }

  set(instance: BaseDef, value: unknown): void {
    if (this.isReadOnly) return;
    this.put(instance, value);
    changed(instance, this.name, value);
  }

  /** Store a value without telling anybody; throws if it is of the wrong class. */
  abstract put(instance: BaseDef, value: unknown): void;
  /** The stored value, or the empty one. */
  protected abstract read(instance: BaseDef): unknown;
  /** What an unset field, or a computed one that answers undefined, reads as. */
  protected abstract empty(instance: BaseDef): unknown;
  /** Turn this field's part of a document into a value for `put`; undefined when it is absent. */
  abstract prepare(source: FieldSource): unknown;
  /** Write this field's part of a document. */
  abstract write(instance: BaseDef, path: string, writer: FieldWriter): Written | undefined;

  protected compute(instance: BaseDef): unknown {
    const via = this.options.computeVia!;
    const value = typeof via === "function" ? via.call(instance) : instance[via]();
    return value === undefined ? this.empty(instance) : value;
  }

  protected storeOf(instance: BaseDef): CardStore | undefined {
    return stateOf(instance).store;
  }

  /** "tried to set an Invoice as field `author` of Post, which holds a Person" */
  protected wrongClass(value: unknown): TypeError {
    const given = (value as object)?.constructor?.name ?? typeof value;
    return new TypeError(
      `tried to set ${/^[AEIOU]/.test(given) ? "an" : "a"} ${given} as field \`${this.name}\` of ${this.owner.name}, which holds a ${this.card.name}`,
    );
  }

  #missingClass(): TypeError {
    return new TypeError(
      `Field \`${this.name}\` of ${this.owner.name} has no card definition: ${this.fieldType ?? "it"} was given ${String(this.#declared) === "undefined" ? "undefined" : "something that is not one"}. ` +
        "Either the name is not exported by the module it is imported from, or two modules import each other; write `() => TheClass` for a cycle.",
    );
  }
}

export function isDefinition(value: unknown): value is DefinitionClass {
  return typeof value === "function" && isBaseDef in value;
}
