/**
 * `__realmkit`: what transpiled modules call.
 *
 * Installed before any card module is evaluated. The prerender page adds
 * `visit` and `describe` to it.
 */

import { checkQueries, definitionsBehind } from "../card-api/index.ts";
import { moduleIdentity, realURL } from "../loader/addresses.ts";
import { registerModule } from "../loader/code-refs.ts";
import { loader } from "../loader/loader.ts";
import { addStyle } from "../loader/styles.ts";

export interface RealmkitGlobals {
  /** A module's last act: its exported bindings, by name. */
  register(importMetaURL: string, exports: Record<string, unknown>): void;
  /** A scoped style of the module. */
  css(importMetaURL: string, styleId: string, cssText: string): void;
  /** `import()` of something computed. */
  import(specifier: string, importMetaURL: string): Promise<Record<string, unknown>>;
  /** `import.meta.url` as its author means it: the module's address without its version. */
  moduleURL(importMetaURL: string): string;
  /** `import.meta.loader`. */
  loader: { import(url: string): Promise<Record<string, unknown>>; fetch: typeof fetch };
  [more: string]: unknown;
}

const globals: RealmkitGlobals = {
  register,
  css: (_importMetaURL, styleId, cssText) => addStyle(styleId, cssText),
  import: (specifier, importMetaURL) => importComputed(specifier, importMetaURL),
  moduleURL: (importMetaURL) => importMetaURL.replace(/[?#].*$/, ""),
  loader: {
    import: (url) => importComputed(url),
    fetch: (input, init) => fetch(input, init),
  },
};

// A query that names a field its class does not have fails the module that declares it.
function register(importMetaURL: string, exports: Record<string, unknown>): void {
  registerModule(importMetaURL, exports);
  for (const definition of definitionsBehind(Object.values(exports))) checkQueries(definition);
}

// Modules of other sites, and those the server answers from a package, have no
// realm and no manifest: the browser imports them by address.
function importComputed(specifier: string, importer?: string): Promise<Record<string, unknown>> {
  const url = realURL(specifier, importer && moduleIdentity(importer));
  return new URL(url).origin === new URL(realURL(".")).origin
    ? loader.import(specifier, importer)
    : import(url);
}

declare global {
  var __realmkit: RealmkitGlobals;
}

globalThis.__realmkit = globals;
