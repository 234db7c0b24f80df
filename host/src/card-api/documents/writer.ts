/**
 * Writes the fields of one card into its resource.
 *
 * Links of contained values are relationships of the card, keyed by dotted
 * path. A link is written the way its author wrote it where that is known.
 */

import type { BaseDef } from "../defs/base-def.ts";
import { fieldsOf } from "../fields/declare.ts";
import type { Field } from "../fields/field.ts";
import { isSentinel } from "../fields/links.ts";
import { identifyCard, isSameRef } from "../identity.ts";
import { stateOf } from "../state.ts";
import type { FieldMeta, Relationship } from "../store-seam.ts";
import { localId, primitive, serialize } from "../symbols.ts";
import { relativeReference } from "./references.ts";

export interface SerializeOptions {
  includeComputeds?: boolean;
  /** Write contained fields that were never set too, as null. */
  includeUnset?: boolean;
  /** Write links as absolute ids. */
  useAbsoluteURL?: boolean;
  omitFields?: string[];
  /** Put the linked cards this page has in `included`. */
  includeLinked?: boolean;
  /** `canonical` writes `adoptsFrom` as identities; the default keeps what the author wrote. */
  moduleRefs?: "authored" | "canonical";
}

/** A contained field's part of a resource. */
export interface Written {
  attribute?: unknown;
  meta?: FieldMeta | FieldMeta[];
}

export class FieldWriter {
  readonly relationships: Record<string, Relationship> = {};
  readonly options: SerializeOptions;
  #base: string | undefined;
  #refer: (card: BaseDef) => void;

  /** `refer` is called with each linked card that is here. */
  constructor(base: string | undefined, options: SerializeOptions, refer: (card: BaseDef) => void) {
    this.#base = base;
    this.options = options;
    this.#refer = refer;
  }

  fields(
    instance: BaseDef,
    prefix = "",
  ): { attributes: Record<string, unknown>; metas: Record<string, FieldMeta | FieldMeta[]> } {
    const attributes: Record<string, unknown> = {};
    const metas: Record<string, FieldMeta | FieldMeta[]> = {};
    for (const field of fieldsOf(instance.constructor as typeof BaseDef).values()) {
      if (!this.#isWritten(instance, field, prefix)) continue;
      const written = field.write(instance, `${prefix}${field.name}`, this);
      if (written?.attribute !== undefined) attributes[field.name] = written.attribute;
      if (written?.meta) metas[field.name] = written.meta;
    }
    return { attributes, metas };
  }

  /** One contained value of a field declared as `declared`. */
  value(
    declared: typeof BaseDef,
    value: unknown,
    path: string,
  ): { attribute: unknown; meta?: FieldMeta } {
    if (value === null || value === undefined) return { attribute: null };
    if (primitive in declared) {
      const write = (declared as any)[serialize];
      return {
        attribute: write ? write.call(declared, value, undefined, undefined, this.options) : value,
      };
    }
    const composite = value as BaseDef;
    const { attributes, metas } = this.fields(composite, `${path}.`);
    const { unclaimed } = stateOf(composite);
    for (const [key, relationship] of unclaimed?.relationships ?? []) {
      this.relationships[`${path}.${key}`] = relationship;
    }
    const ref = identifyCard(composite.constructor);
    const isDeclared = composite.constructor === declared || isSameRef(ref, identifyCard(declared));
    const meta: FieldMeta = {};
    if (!isDeclared && ref) meta.adoptsFrom = this.#moduleRef(ref);
    if (Object.keys(metas).length > 0) meta.fields = metas;
    const attribute = { ...attributes, ...unclaimed?.attributes };
    return { attribute, meta: Object.keys(meta).length > 0 ? meta : undefined };
  }

  link(holder: BaseDef, path: string, value: unknown): void {
    if (value === null || value === undefined) {
      this.relationships[path] = { links: { self: null } };
    } else if (isSentinel(value)) {
      this.relationships[path] = { links: { self: this.#reference(holder, value.reference) } };
    } else {
      const card = value as BaseDef;
      this.relationships[path] = card.id
        ? { links: { self: this.#reference(holder, card.id) } }
        : { data: { type: "card", lid: card[localId] } };
      this.#refer(card);
    }
  }

  /** A plural link whose author says there are none. */
  emptyLinks(path: string): void {
    this.relationships[path] = { links: { self: null } };
  }

  #isWritten(instance: BaseDef, field: Field, prefix: string): boolean {
    const { includeComputeds, includeUnset, omitFields } = this.options;
    if (prefix === "" && (field.name === "id" || omitFields?.includes(field.name))) return false;
    if (field.isComputed) return includeComputeds === true;
    if (field.isLink || includeUnset) return true;
    const { values, implicit } = stateOf(instance);
    return values.has(field.name) && !implicit.has(field.name);
  }

  #reference(holder: BaseDef, id: string): string {
    if (this.options.useAbsoluteURL) return id;
    return stateOf(holder).authoredReferences.get(id) ?? relativeReference(id, this.#base);
  }

  #moduleRef(ref: { module: string; name: string }): { module: string; name: string } {
    if (this.options.moduleRefs === "canonical") return ref;
    return { module: relativeReference(ref.module, this.#base), name: ref.name };
  }
}
