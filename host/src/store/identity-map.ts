/**
 * One object for one id, for as long as anybody holds it.
 *
 * A page that lives for a day sees thousands of cards and shows a few: what nobody
 * refers to any more is collected, and its next reader loads it again. Cards that
 * link to each other are kept by whichever of them is shown; cards with edits that
 * are not saved are kept by their saver. `forgotten` is told which id is free.
 */

import type { BaseDef } from "../card-api/index.ts";

export interface IdentityMap {
  get(id: string): BaseDef | undefined;
  set(id: string, instance: BaseDef): void;
  delete(id: string): void;
  clear(): void;
  entries(): IterableIterator<[string, BaseDef]>;
}

export class WeakIdentityMap implements IdentityMap {
  #refs = new Map<string, WeakRef<BaseDef>>();
  readonly #collected: FinalizationRegistry<{ id: string; ref: WeakRef<BaseDef> }>;

  constructor(forgotten: (id: string) => void) {
    this.#collected = new FinalizationRegistry(({ id, ref }) => {
      // Another object may stand for the id by now.
      if (this.#refs.get(id) !== ref) return;
      this.#refs.delete(id);
      forgotten(id);
    });
  }

  get(id: string): BaseDef | undefined {
    return this.#refs.get(id)?.deref();
  }

  set(id: string, instance: BaseDef): void {
    const ref = new WeakRef(instance);
    this.#refs.set(id, ref);
    this.#collected.register(instance, { id, ref });
  }

  delete(id: string): void {
    this.#refs.delete(id);
  }

  clear(): void {
    this.#refs.clear();
  }

  *entries(): IterableIterator<[string, BaseDef]> {
    for (const [id, ref] of this.#refs) {
      const instance = ref.deref();
      if (instance) yield [id, instance];
    }
  }
}
