/** References to definitions and realms, as card code writes them. */

import { baseRealmURL, moduleIdentity } from "../loader/addresses.ts";
import type { CodeRef } from "../loader/code-refs.ts";

/** The base realm; its URL is asked for late, when the page knows it. */
export const baseRealm = {
  get url(): string {
    return baseRealmURL();
  },
};

export const baseRef: CodeRef = { module: "@cardstack/base/card-api", name: "BaseDef" };

/** The code ref of `name` in `module`, which may be relative to the module that asks. */
export function codeRef(importer: string, module: string, name: string): CodeRef {
  return { module: moduleIdentity(module, importer), name };
}

export function isResolvedCodeRef(ref: unknown): ref is CodeRef {
  const { module, name } = (ref ?? {}) as Partial<CodeRef>;
  return typeof module === "string" && typeof name === "string";
}

/** A reference within a realm: a plain string here. */
export function rri(reference: string): string {
  return reference;
}

/** A structured query is already what goes over the wire. */
export function searchEntryWireQueryFromQuery<Query>(query: Query): Query {
  return query;
}
