/** A list of contained values. The list is one object for the life of the field, and is watched. */

import type { BaseDef } from "../defs/base-def.ts";
import type { FieldSource } from "../documents/source.ts";
import { readComposite, readPrimitive } from "../documents/values.ts";
import type { FieldWriter, Written } from "../documents/writer.ts";
import { instanceOf } from "../identity.ts";
import { adopt, changed, disown, stateOf, touch } from "../state.ts";
import { rawItems } from "../symbols.ts";
import { Field } from "./field.ts";
import { WatchedArray } from "./watched-array.ts";

export class ContainsManyField extends Field {
  readonly fieldType = "containsMany";

  put(instance: BaseDef, value: unknown): void {
    if (value !== null && value !== undefined && !Array.isArray(value)) {
      throw new TypeError(`field \`${this.name}\` of ${this.owner.name} holds a list`);
    }
    const { values } = stateOf(instance);
    for (const item of rawOf(values.get(this.name))) disown(instance, item);
    values.set(this.name, this.#watch(instance, [...((value as unknown[] | null) ?? [])]));
  }

  protected read(instance: BaseDef): unknown {
    const { values, implicit } = stateOf(instance);
    if (!values.has(this.name)) {
      this.put(instance, []);
      implicit.add(this.name);
    }
    return values.get(this.name);
  }

  protected empty(): unknown {
    return [];
  }

  async prepare(source: FieldSource): Promise<unknown> {
    if (source.attribute === undefined) return undefined;
    const items = Array.isArray(source.attribute) ? source.attribute : [];
    return Promise.all(
      items.map((item, index) =>
        this.isPrimitive
          ? readPrimitive(this.card, item, source)
          : item === null
            ? null
            : readComposite(this.card, source.item(index, item)),
      ),
    );
  }

  write(instance: BaseDef, path: string, writer: FieldWriter): Written | undefined {
    const items = this.get(instance) as unknown[] | null;
    const written = [...(items ?? [])].map((item, i) =>
      writer.value(this.card, item, `${path}.${i}`),
    );
    const metas = written.map((each) => each.meta ?? {});
    return {
      attribute: written.map((each) => each.attribute),
      meta: metas.some((each) => Object.keys(each).length > 0) ? metas : undefined,
    };
  }

  #watch(instance: BaseDef, items: unknown[]): unknown[] {
    this.#check(items);
    for (const item of items) adopt(instance, this.name, item);
    const watched = new WatchedArray(items, {
      check: (added) => this.#check(added),
      edited: () => {
        stateOf(instance).implicit.delete(this.name);
        for (const item of items) adopt(instance, this.name, item);
        touch(instance);
      },
      editedThisTick: () => changed(instance, this.name, watched),
    }).view;
    return watched;
  }

  #check(items: unknown[]): void {
    if (this.isPrimitive) return;
    for (const item of items) {
      if (item !== null && item !== undefined && !instanceOf(item, this.card)) {
        throw this.wrongClass(item);
      }
    }
  }
}

/** The items of a plural value with nothing hidden. */
export function rawOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) return [];
  return (value as any)[rawItems] ?? value;
}
