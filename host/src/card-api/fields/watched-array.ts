/**
 * An array that says when it is edited.
 *
 * `view` is what card code holds. Every edit calls `edited` at once, so that
 * the next read sees it, and `editedThisTick` once after the current job, so
 * that a splice is one change however many slots it moves. A list of links
 * also hides what is not loaded yet: `show` decides what a slot reads as.
 */

import { rawItems } from "../symbols.ts";

export interface Watcher {
  /** Throws if one of the items may not be added. */
  check(added: unknown[]): void;
  edited(): void;
  editedThisTick(): void;
  show?(item: unknown): unknown;
}

const MUTATORS = new Set([
  "push",
  "pop",
  "shift",
  "unshift",
  "splice",
  "sort",
  "reverse",
  "fill",
  "copyWithin",
]);

export class WatchedArray {
  readonly view: unknown[];
  #items: unknown[];
  #watcher: Watcher;
  #isAnnounced = false;

  constructor(items: unknown[], watcher: Watcher) {
    this.#items = items;
    this.#watcher = watcher;
    this.view = new Proxy(items, {
      get: (target, key, receiver) => this.#get(target, key, receiver),
      set: (target, key, value) => this.#set(target, key, value),
      deleteProperty: (target, key) => {
        const isDeleted = Reflect.deleteProperty(target, key);
        this.#announce();
        return isDeleted;
      },
    });
  }

  #get(target: unknown[], key: string | symbol, receiver: unknown): unknown {
    if (key === rawItems) return this.#items;
    // A mutator works on the real items: through the view it would write back what it hides.
    if (typeof key === "string" && MUTATORS.has(key)) return this.#mutator(key);
    const value = Reflect.get(target, key, receiver);
    return isIndex(key) && this.#watcher.show ? this.#watcher.show(value) : value;
  }

  #set(target: unknown[], key: string | symbol, value: unknown): boolean {
    if (isIndex(key)) this.#watcher.check([value]);
    const isSet = Reflect.set(target, key, value);
    this.#announce();
    return isSet;
  }

  #mutator(name: string) {
    return (...args: any[]) => {
      if (name === "push" || name === "unshift") this.#watcher.check(args);
      if (name === "splice") this.#watcher.check(args.slice(2));
      if (name === "fill") this.#watcher.check(args.slice(0, 1));
      const result = (this.#items as any)[name](...args);
      this.#announce();
      return result === this.#items ? this.view : result;
    };
  }

  #announce(): void {
    this.#watcher.edited();
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    queueMicrotask(() => {
      this.#isAnnounced = false;
      this.#watcher.editedThisTick();
    });
  }
}

function isIndex(key: string | symbol): boolean {
  return typeof key === "string" && /^\d+$/.test(key);
}
