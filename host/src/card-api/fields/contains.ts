/** One contained value: a primitive, or a composite that lives and is stored inside its card. */

import type { BaseDef } from "../defs/base-def.ts";
import type { FieldSource } from "../documents/source.ts";
import { readComposite, readPrimitive } from "../documents/values.ts";
import type { FieldWriter, Written } from "../documents/writer.ts";
import { instanceOf } from "../identity.ts";
import { adopt, disown, stateOf } from "../state.ts";
import { emptyValue } from "../symbols.ts";
import { Field } from "./field.ts";

export class ContainsField extends Field {
  readonly fieldType = "contains";

  put(instance: BaseDef, value: unknown): void {
    const { values } = stateOf(instance);
    if (
      !this.isPrimitive &&
      value !== null &&
      value !== undefined &&
      !instanceOf(value, this.card)
    ) {
      throw this.wrongClass(value);
    }
    disown(instance, values.get(this.name));
    values.set(this.name, value);
    adopt(instance, this.name, value);
  }

  protected read(instance: BaseDef): unknown {
    const { values, implicit } = stateOf(instance);
    if (!values.has(this.name)) {
      const empty = this.empty(instance);
      if (this.isPrimitive) return empty;
      // Kept, so that filling in `card.address.street` fills in this card's address.
      this.put(instance, empty);
      implicit.add(this.name);
    }
    const value = values.get(this.name);
    return value === undefined ? (this.card as any)[emptyValue] : value;
  }

  protected empty(_instance: BaseDef): unknown {
    return this.isPrimitive ? (this.card as any)[emptyValue] : new this.card();
  }

  prepare(source: FieldSource): unknown {
    if (source.attribute === undefined && source.relationships.size === 0) return undefined;
    if (this.isPrimitive) return readPrimitive(this.card, source.attribute, source);
    if (source.attribute === null && source.relationships.size === 0) return null;
    return readComposite(this.card, source);
  }

  write(instance: BaseDef, path: string, writer: FieldWriter): Written | undefined {
    const value = this.get(instance);
    // A computed value that is undefined is no null: a query that asks with it matches nothing.
    return value === undefined && this.isComputed
      ? undefined
      : writer.value(this.card, value, path);
  }
}
