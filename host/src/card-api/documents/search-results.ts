/**
 * Which resources a search of the server brought.
 *
 * What such a resource says of its query-backed fields is the server's answer even
 * without `links.search`; in an author's file it is nobody's.
 */

import type { Resource } from "../store-seam.ts";

const marked = new WeakSet<Resource>();

export function markSearchResult(resource: Resource): void {
  marked.add(resource);
}

export function isSearchResult(resource: Resource): boolean {
  return marked.has(resource);
}
