/**
 * A place a value is kept, as opposed to the value: a card, one of its fields,
 * an element of a list.
 *
 * Components are cached by place, so that a value that changes updates what is
 * on screen instead of replacing it. Elements of a list that have an identity
 * keep their place when they are moved.
 */

import type { BaseDef } from "../defs/base-def.ts";
import { rawOf } from "../fields/contains-many.ts";
import { isSentinel } from "../fields/links.ts";
import { hasState } from "../state.ts";
import type { Frame } from "./surroundings.ts";

export class Box {
  #read: () => any;
  #write: (value: any) => void;
  #children = new Map<string, Box>();
  #byItem = new Map<object, Box>();
  #byIndex: Box[] = [];
  /** What renders this place: frame and field to component. */
  readonly components = new Map<Frame, Map<string, unknown>>();

  private constructor(read: () => any, write: (value: any) => void) {
    this.#read = read;
    this.#write = write;
  }

  static of(instance: BaseDef): Box {
    return new Box(
      () => instance,
      () => {
        throw new Error("a card cannot be replaced from its own template");
      },
    );
  }

  get value(): any {
    return this.#read();
  }

  readonly set = (value: any): void => this.#write(value);

  /** The place of a field of the instance that is here. */
  field(name: string): Box {
    let box = this.#children.get(name);
    if (!box) {
      box = new Box(
        () => this.value?.[name],
        (value) => {
          this.value[name] = value;
        },
      );
      this.#children.set(name, box);
    }
    return box;
  }

  /** The places of the elements of the list that is here, in order. */
  items(): Box[] {
    const list = this.value as unknown[] | undefined;
    // Looking at a slot is what loads the link in it.
    for (const _ of list ?? []);
    const seen = new Set<object>();
    return rawOf(list).map((item, index) => {
      const hasIdentity = (hasState(item) || isSentinel(item)) && !seen.has(item as object);
      if (!hasIdentity) return this.#at(index);
      seen.add(item as object);
      return this.#of(item as object);
    });
  }

  #at(index: number): Box {
    this.#byIndex[index] ??= new Box(
      () => this.value?.[index],
      (value) => {
        this.value[index] = value;
      },
    );
    return this.#byIndex[index];
  }

  #of(item: object): Box {
    const known = this.#byItem.get(item);
    if (known) return known;
    const box = new Box(
      () => item,
      (value) => {
        const index = rawOf(this.value).indexOf(item);
        if (index !== -1) this.value[index] = value;
      },
    );
    this.#byItem.set(item, box);
    return box;
  }
}
