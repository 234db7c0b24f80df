/**
 * What the indexer asks a prerender page and what it gets back.
 *
 * The page is `<!doctype html><html><head><script type="module"
 * src="/_host/<manifest.prerender>"></script></head><body></body></html>`. It is
 * ready when `document.documentElement.dataset.realmkit` is `"ready"`; a page
 * that cannot boot says `"failed"` and puts the reason in `dataset.realmkitError`.
 * `__realmkit.visit` and `__realmkit.describe` take one of the requests below.
 */

import type { Definition } from "../card-api/index.ts";
import type { Dependencies } from "./dependencies.ts";

export type Format = "isolated" | "embedded" | "fitted" | "atom" | "head" | "edit";

export interface VisitRequest {
  cards: { url: string; source: string; lastModified?: number }[];
  /** Opaque; a different one than last time makes the page ask for manifests again. */
  epoch: string;
  jobId?: string;
  jobPriority?: number;
  /** Null or absent: all of them. */
  formats?: Format[] | null;
}

/**
 * `unusable` says why the page must not be used again; `results` then stops at
 * the card that spoilt it (whose result is present), and the remaining cards
 * are for another page.
 */
export interface VisitAnswer {
  results: VisitResult[];
  unusable: string | null;
}

export interface VisitResult {
  url: string;
  id: string;
  status: "ready" | "error";
  resource: object | null;
  searchDoc: object | null;
  types: string[];
  displayNames: string[];
  iconHTML: string | null;
  html: RenderedFormats;
  /** Scoped styles the HTML uses, id to CSS. */
  styles: Record<string, string>;
  dependencies: Dependencies;
  queries: { realms: string[]; query: object; ids: string[] }[];
  brokenLinks: { field: string; target: string; reason: string }[];
  error: VisitError | null;
  ms: number;
}

export interface RenderedFormats {
  isolated?: string;
  atom?: string;
  head?: string;
  edit?: string;
  embedded?: Record<string, string>;
  fitted?: Record<string, string>;
}

export interface VisitError {
  status: number;
  title: string;
  message: string;
  stack?: string;
  /** What must change for the card to work: module identities and instance files. */
  dependencies?: string[];
  /** Console and window errors seen meanwhile. */
  additional?: string[];
}

export interface DescribeRequest {
  modules: string[];
  epoch: string;
}

export interface ModuleDescription {
  url: string;
  exports: string[];
  /** By type key. */
  definitions: Record<string, Definition>;
  error: VisitError | null;
  dependencies: string[];
}
