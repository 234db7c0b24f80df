/**
 * What the page is at, for whoever looks at it from outside.
 *
 * `<html data-prerender-visit="render" data-prerender-status="ready">`. The visits are
 * the peer's prerender routes, as functions of one page: `render` makes a card's HTML,
 * icon, types and meta, `module` describes a module. Files are looked into by the
 * server, and nothing runs commands. A status of `unusable` says that the page must
 * not be used again.
 */

import { enterRenderContext } from "../loader/render-context.ts";

export type VisitKind = "render" | "module";
export type Status = "loading" | "ready" | "error" | "unusable";

/** Begin a visit. From here on, if not before, this is a page that renders for the index. */
export function begin(kind: VisitKind): void {
  enterRenderContext();
  const { dataset } = document.documentElement;
  dataset.prerenderVisit = kind;
  dataset.prerenderStatus = "loading" satisfies Status;
}

export function end(status: Exclude<Status, "loading">): void {
  document.documentElement.dataset.prerenderStatus = status;
}
