/**
 * Which class is which: the registry behind `identifyCard`.
 *
 * Every transpiled module ends by registering its exported bindings under its
 * own URL. A class keeps the name under which it was registered first, so a
 * re-export does not rename it.
 */

import { moduleIdentity } from "./addresses.ts";

/** Where a card definition is found: a module's identity and an export name. */
export interface CodeRef {
  module: string;
  name: string;
}

const refs = new WeakMap<object, CodeRef>();

/** Record the exports of the module at `importMetaURL`; named exports come before `default`. */
export function registerModule(importMetaURL: string, exports: Record<string, unknown>): void {
  const module = moduleIdentity(importMetaURL);
  const names = Object.keys(exports).sort(
    (a, b) => Number(a === "default") - Number(b === "default"),
  );
  for (const name of names) {
    const value = exports[name];
    if (typeof value === "function" && !refs.has(value)) refs.set(value, { module, name });
  }
}

/** The code ref of an exported class, or undefined for a class no module exports. */
export function identify(cls: object): CodeRef | undefined {
  return refs.get(cls);
}
