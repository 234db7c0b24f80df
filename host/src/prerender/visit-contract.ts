/**
 * What the indexer asks a prerender page and what it gets back.
 *
 * The page is `<!doctype html><html><head><script type="module"
 * src="/_host/<manifest.prerender>"></script></head><body></body></html>`. It is
 * ready when `document.documentElement.dataset.realmkit` is `"ready"`; a page
 * that cannot boot says `"failed"` and puts the reason in `dataset.realmkitError`.
 * `__realmkit.visit`, `.describe`, `.extract` and `.run` take one of the requests below.
 */

import type { ExportedDefinition } from "../card-api/index.ts";
import type { CodeRef } from "../loader/code-refs.ts";
import type { Job } from "../loader/render-context.ts";
import type { Dependencies } from "./dependencies.ts";

export type Format = "isolated" | "embedded" | "fitted" | "atom" | "head" | "edit";

export interface VisitRequest extends Job {
  cards: { url: string; source: string; lastModified?: number }[];
  /** Opaque; a different one than last time makes the page ask for manifests again. */
  epoch: string;
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
  /** The searches it ran; null where one was refused, or did not arrive. */
  queries: { realms: string[]; query: object; ids: string[] | null }[];
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

export interface DescribeRequest extends Job {
  modules: string[];
  epoch: string;
}

export interface ModuleDescription {
  url: string;
  exports: string[];
  /** By type key. */
  definitions: Record<string, ExportedDefinition>;
  /** The type keys of definitions that have another name than the export has here. */
  aliases: Record<string, string>;
  error: VisitError | null;
  dependencies: string[];
}

export interface ExtractRequest extends Job {
  files: FileToExtract[];
  epoch: string;
}

export interface FileToExtract {
  url: string;
  /** The definition to make it an instance of: `FileDef` or one that extends it. */
  definition: CodeRef;
  /** What the server knows of the file, by field name. */
  attributes: Record<string, unknown>;
}

/** A file as its definition sees it. */
export interface FileExtract {
  url: string;
  status: "ready" | "error";
  /** Its `file-meta` resource. */
  resource: object | null;
  searchDoc: object | null;
  types: string[];
  displayNames: string[];
  dependencies: Dependencies;
  error: VisitError | null;
  ms: number;
}

export interface RunRequest extends Job {
  /** What lies there asks: the realm of this URL is the consuming realm. */
  url: string;
  command: CodeRef;
  /** JSON for the command. */
  input?: unknown;
  epoch: string;
}

export interface RunAnswer {
  url: string;
  status: "ready" | "error";
  /** JSON: a card is its resource; nothing is null. */
  result: unknown;
  error: VisitError | null;
  ms: number;
}
