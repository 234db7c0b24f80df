/** Links to several cards, in order. Slots whose card is not here read `undefined`. */

import type { BaseDef } from "../defs/base-def.ts";
import { linkFrom, slots } from "../documents/linked.ts";
import type { FieldSource } from "../documents/source.ts";
import type { FieldWriter, Written } from "../documents/writer.ts";
import { instanceOf } from "../identity.ts";
import { changed, consume, stateOf, touch, touchThisTurn } from "../state.ts";
import { rawOf } from "./contains-many.ts";
import { Field } from "./field.ts";
import { follow, isSentinel, type LinkSentinel, noteRead } from "./links.ts";
import { readQuery } from "./query.ts";
import { captureQueryFieldSeedData } from "./query-seed.ts";
import { WatchedArray } from "./watched-array.ts";

export class LinksToManyField extends Field {
  readonly fieldType = "linksToMany";

  put(instance: BaseDef, value: unknown): void {
    if (value !== null && value !== undefined && !Array.isArray(value)) {
      throw new TypeError(`field \`${this.name}\` of ${this.owner.name} holds a list`);
    }
    const items = [...rawOf(value)];
    this.#check(items);
    stateOf(instance).values.set(this.name, this.#watch(instance, items));
  }

  protected read(instance: BaseDef): unknown {
    if (this.query) return readQuery(instance, this);
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

  /** Every slot as it is held: cards and links that are not loaded. */
  items(instance: BaseDef): (BaseDef | LinkSentinel)[] {
    consume(instance);
    return rawOf(this.get(instance)) as (BaseDef | LinkSentinel)[];
  }

  async prepare(source: FieldSource): Promise<unknown> {
    if (this.query) return captureQueryFieldSeedData(this, source);
    const links = slots(source);
    if (!links) return undefined;
    const previous = rawOf(source.previous);
    const items = await Promise.all(
      links.map((link, i) => linkFrom(link, this, source, previous[i])),
    );
    return items.filter((item) => item !== null);
  }

  write(instance: BaseDef, path: string, writer: FieldWriter): Written | undefined {
    if (this.query) return undefined;
    const { values, implicit } = stateOf(instance);
    if (!this.isComputed && (!values.has(this.name) || implicit.has(this.name))) return undefined;
    const items = this.isComputed ? rawOf(this.get(instance)) : rawOf(values.get(this.name));
    if (items.length === 0) writer.emptyLinks(path);
    for (const [i, item] of items.entries()) writer.link(instance, `${path}.${i}`, item);
    return undefined;
  }

  #watch(instance: BaseDef, items: unknown[]): unknown[] {
    const watched = new WatchedArray(items, {
      check: (added) => this.#check(added),
      edited: () => {
        stateOf(instance).implicit.delete(this.name);
        touch(instance);
      },
      editedThisTick: () => changed(instance, this.name, watched),
      show: (item) => {
        if (!isSentinel(item)) {
          if (item) noteRead(instance, this, item as BaseDef);
          return item;
        }
        const here = follow(instance, this, item, (found) => {
          const at = items.indexOf(item);
          if (at === -1) return;
          items[at] = found;
          touchThisTurn(instance);
        });
        if (here) items[items.indexOf(item)] = here;
        return here;
      },
    }).view;
    return watched;
  }

  #check(items: unknown[]): void {
    for (const item of items) {
      if (!isSentinel(item) && !instanceOf(item, this.card)) throw this.wrongClass(item);
    }
  }
}
