/** How one card's document names another card: relative within a realm, absolute across realms. */

import { cardIdentity, realmOf } from "../../loader/addresses.ts";

/** The absolute id a reference stands for. */
export function resolveReference(reference: string, relativeTo?: string): string {
  return cardIdentity(reference, relativeTo);
}

/** `../Person/ann`, as a document at `base` writes it; another realm's card keeps its address. */
export function relativeReference(target: string, base: string | undefined): string {
  if (base === undefined || !isHttp(target) || !isHttp(base)) return target;
  if (realmOf(target) !== realmOf(base)) return target;
  const from = new URL(base).pathname.split("/").slice(0, -1);
  const to = new URL(target).pathname.split("/");
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared += 1;
  const up = "../".repeat(from.length - shared);
  return `${up || "./"}${to.slice(shared).join("/")}`;
}

function isHttp(url: string): boolean {
  return /^https?:\/\//.test(url);
}
