/**
 * What the page is at, for whoever looks at it from outside.
 *
 * `<html data-prerender-visit="render" data-prerender-status="ready">`. The visits are
 * the peer's prerender routes, as functions of one page: `render` makes a card's HTML,
 * icon, types and meta, `module` describes a module, `file-extract` makes a file's search
 * doc and types by its definition, `command-runner` runs a command. A status of
 * `unusable` says that the page must not be used again.
 */

import { askFor, enterRenderContext, type Job } from "../loader/render-context.ts";

export type VisitKind = "render" | "module" | "file-extract" | "command-runner";
export type Status = "loading" | "ready" | "error" | "unusable";

/**
 * Begin a visit of what lies at `url`, on behalf of `job`. From here on, if not before,
 * this is a page that renders for the index, and nothing is left of the job before.
 */
export function begin(kind: VisitKind, url: string, job: Job): void {
  enterRenderContext();
  askFor(url, job);
  const { dataset } = document.documentElement;
  dataset.prerenderVisit = kind;
  dataset.prerenderStatus = "loading" satisfies Status;
}

export function end(status: Exclude<Status, "loading">): void {
  document.documentElement.dataset.prerenderStatus = status;
}

/** Milliseconds since `started`, to a tenth. */
export function msSince(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}
