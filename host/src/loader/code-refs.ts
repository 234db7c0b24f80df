/**
 * Which class is which: the registry behind `identifyCard`.
 *
 * Every transpiled module ends by registering its exported bindings under its
 * own URL. A class keeps the name under which it was registered first, so a
 * re-export does not rename it.
 */

import { moduleIdentity, typeKey } from "./addresses.ts";

/** Where a card definition is found: a module's identity and an export name. */
export interface CodeRef {
  module: string;
  name: string;
}

const refs = new WeakMap<object, CodeRef>();
/** The class that each module names in its text as an export of its own, by type key. */
const exported = new Map<string, object>();

/** Record the exports of the module at `importMetaURL`; named exports come before `default`. */
export function registerModule(importMetaURL: string, exports: Record<string, unknown>): void {
  const module = moduleIdentity(importMetaURL);
  const names = Object.keys(exports).sort(
    (a, b) => Number(a === "default") - Number(b === "default"),
  );
  for (const name of names) {
    const value = exports[name];
    if (typeof value !== "function") continue;
    exported.set(typeKey({ module, name }), value);
    if (!refs.has(value)) refs.set(value, { module, name });
  }
}

/** The class that a module was seen to export under a name, its own or one that it passes on. */
export function exportedAs(key: string): object | undefined {
  return exported.get(key);
}

/** The code ref of an exported class, or undefined for a class no module exports. */
export function identify(cls: object): CodeRef | undefined {
  return refs.get(cls);
}
