/**
 * One spelling for each thing a card can name.
 *
 * A module's identity is its absolute URL without executable extension and
 * without query; a card's id is its absolute URL without `.json`. The base
 * realm has three spellings (`@cardstack/base/…`, `https://cardstack.com/base/…`
 * and `<public URL>/base/…`); identities use the first, requests the last.
 */

import type { CodeRef } from "./code-refs.ts";

export const BASE_PREFIX = "@cardstack/base/";
const BASE_VIRTUAL = "https://cardstack.com/base/";
const EXECUTABLE = /\.(?:gts|gjs|ts|js)$/;

let publicRoot: string | undefined;

// A page asks for the same few thousand ids again with each rendering, and parsing URLs is slow.
const MOST_REMEMBERED = 20_000;
const identities = new Map<string, string>();
const modules = new Map<string, string>();
const realms = new Map<string, string>();

/** The address all realms share, ending in a slash: `http://127.0.0.1:4201/`. */
export function publicURL(): string {
  publicRoot ??= readPublicURL();
  return publicRoot;
}

// The answer for `key`, worked out when it is not remembered.
function remembering(known: Map<string, string>, key: string, answer: () => string): string {
  let remembered = known.get(key);
  if (remembered === undefined) {
    remembered = answer();
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(key, remembered);
  }
  return remembered;
}

// A path is relative to a folder, whichever of its files names it.
function keyOf(spelling: string, relativeTo: string | undefined): string {
  if (relativeTo === undefined) return spelling;
  const isPath = spelling !== "" && spelling[0] !== "?" && spelling[0] !== "#";
  const isPlain = isPath && !/[?#]/.test(relativeTo);
  const base = isPlain ? relativeTo.slice(0, relativeTo.lastIndexOf("/") + 1) : relativeTo;
  // No URL has a space in it.
  return `${base} ${spelling}`;
}

function readPublicURL(): string {
  const named = document.documentElement.dataset.publicUrl;
  if (named) return named.endsWith("/") ? named : `${named}/`;
  return new URL("/", location.href).href;
}

/** Where the base realm is really served. */
export function baseRealmURL(): string {
  return `${publicURL()}base/`;
}

/** The address to fetch for any spelling: base spellings become the served base realm. */
export function realURL(spelling: string, relativeTo?: string): string {
  if (spelling.startsWith(BASE_PREFIX)) return baseRealmURL() + spelling.slice(BASE_PREFIX.length);
  const base = relativeTo === undefined ? publicURL() : realURL(relativeTo);
  const url = new URL(spelling, base).href;
  return url.startsWith(BASE_VIRTUAL) ? baseRealmURL() + url.slice(BASE_VIRTUAL.length) : url;
}

/** The identity of a module, however it was written: no query, no extension, base folded. */
export function moduleIdentity(spelling: string, relativeTo?: string): string {
  return remembering(modules, keyOf(spelling, relativeTo), () =>
    foldBase(withoutQuery(realURL(spelling, relativeTo)).replace(EXECUTABLE, "")),
  );
}

/** Whether a URL, as an announcement names it, is that of a module's file. */
export function isModuleFile(url: string): boolean {
  return EXECUTABLE.test(url);
}

/** The id of a card, however it was written: absolute, no query, no `.json`. */
export function cardIdentity(spelling: string, relativeTo?: string): string {
  return remembering(identities, keyOf(spelling, relativeTo), () =>
    identityOf(realURL(spelling, relativeTo)),
  );
}

/** The realm a URL lies in: the public address (or another origin) and one folder name. */
export function realmOf(url: string): string {
  return remembering(realms, url, () => {
    const real = realURL(url);
    const root = real.startsWith(publicURL()) ? publicURL() : new URL("/", real).href;
    const name = real.slice(root.length).split("/", 1)[0];
    return `${root}${name}/`;
  });
}

/** A code ref with its module written as an identity. */
export function absoluteRef(ref: CodeRef, relativeTo?: string): CodeRef {
  return { module: moduleIdentity(ref.module, relativeTo), name: ref.name };
}

/** `<module>/<name>`: how a definition is written in `types` and in the index. */
export function typeKey(ref: CodeRef): string {
  return `${ref.module}/${ref.name}`;
}

function identityOf(url: string): string {
  return withoutQuery(url).replace(/\.json$/, "");
}

function foldBase(url: string): string {
  const base = baseRealmURL();
  return url.startsWith(base) ? BASE_PREFIX + url.slice(base.length) : url;
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, "");
}
