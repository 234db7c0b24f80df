/**
 * Everything a view needs to render one place: where it is, which field it is,
 * what surrounds it. `views.gts` turns a slot's answers into DOM.
 */

import type { BaseDef, Format } from "../defs/base-def.ts";
import type { DefinitionClass, Field } from "../fields/field.ts";
import { isSentinel, type LinkSentinel } from "../fields/links.ts";
import { hasState, stateOf } from "../state.ts";
import { definitionKind } from "../symbols.ts";
import type { Box } from "./box.ts";
import type { ComponentLike } from "./component.ts";
import { fieldsProxy } from "./fields-proxy.ts";
import type { Frame } from "./surroundings.ts";

export interface SlotParts {
  box: Box;
  frame: Frame;
  /** The field that is rendered, and the instance it is a field of; a root has neither. */
  field?: Field;
  holder?: Box;
  /** This is an element of the field's list. */
  isItem?: boolean;
  /** Use the templates of this ancestor. */
  as?: DefinitionClass;
  /** The format nobody asked for by name; a root's may change. */
  ownFormat?: () => Format;
}

export class Slot {
  readonly box: Box;
  readonly frame: Frame;
  readonly field: Field | undefined;
  readonly holder: Box | undefined;
  readonly isItem: boolean;
  readonly #as: DefinitionClass | undefined;
  readonly #ownFormat: (() => Format) | undefined;

  constructor({ box, frame, field, holder, isItem = false, as, ownFormat }: SlotParts) {
    this.box = box;
    this.frame = frame;
    this.field = field;
    this.holder = holder;
    this.isItem = isItem;
    this.#as = as;
    this.#ownFormat = ownFormat;
  }

  get isList(): boolean {
    return this.field?.isPlural === true && !this.isItem;
  }

  /** Is what is rendered here a card (or file) of its own, rather than a part of one? */
  get isCard(): boolean {
    return this.field === undefined ? !isFieldValue(this.box.value) : this.field.isLink;
  }

  get value(): any {
    const value = this.box.value;
    return isSentinel(value) ? undefined : value;
  }

  get isPrimitive(): boolean {
    return this.field !== undefined && !this.field.isLink && this.field.isPrimitive;
  }

  /** The class whose templates are used: the value's own, where values have one. */
  get cls(): DefinitionClass {
    if (this.#as) return this.#as;
    const value = this.value;
    return hasState(value) ? (value.constructor as DefinitionClass) : this.field!.card;
  }

  /** The link that has no card to show, for a placeholder. */
  get brokenLink(): LinkSentinel | undefined {
    if (!this.field?.isLink || this.field.query) return undefined;
    const held = this.isItem ? this.box.value : this.#heldLink();
    return isSentinel(held) && held.isTerminal ? held : undefined;
  }

  #heldLink(): unknown {
    const instance = this.holder!.value as BaseDef | undefined;
    if (!hasState(instance)) return undefined;
    void instance[this.field!.name];
    return stateOf(instance).values.get(this.field!.name);
  }

  get canEdit(): boolean {
    return this.frame.canWrite && this.field?.isReadOnly !== true;
  }

  /** The format to use, given the one asked for by name. */
  format(asked: Format | undefined): Format {
    const format = asked ?? this.#ownFormat?.() ?? this.frame.defaultFormat(this.#childKind);
    if (format !== "edit" || this.field === undefined) return format;
    if (this.field.isReadOnly) return this.field.isLink ? "fitted" : "embedded";
    return format;
  }

  get #childKind(): "card" | "field" {
    return this.isCard ? "card" : "field";
  }

  template(format: Format): ComponentLike | undefined {
    return this.cls[format];
  }

  /** `@fields` of a template in this format. */
  fields(format: Format): unknown {
    return fieldsProxy(this.box, this.frame.within(format), this.cls);
  }

  get configuration(): unknown {
    const { configuration } = this.field?.options ?? {};
    const own =
      typeof configuration === "function"
        ? (configuration as (this: unknown) => unknown).call(this.holder?.value)
        : configuration;
    const byClass = (this.cls as any).configuration;
    return own || byClass ? { ...byClass, ...(own as object) } : undefined;
  }
}

function isFieldValue(value: unknown): boolean {
  return hasState(value) && (value.constructor as any)[definitionKind] === "field";
}
