// One source file in, one browser module out.
//
// `transpile` is a pure function of (source, realm-relative path): no other file is read,
// so its result may be cached under the hash of the two. Two pipelines do it. The fast one
// edits the author's text; the reference is Babel with the ecosystem's own plugins. Whatever
// the fast one does not know, and every error, is the reference's to tell.

import { createRequire } from "node:module";
import type * as Reference from "./babel/compile.ts";
import { compile } from "./fast/compile.ts";
import { TranspileError, whyItBrokeOff } from "./transpile-error.ts";
import type { Transpiled } from "./transpiled.ts";

export { assemble } from "./transpiled.ts";

export type Pipeline = "fast" | "babel";

export interface Options {
  // `none` leaves out everything that speaks to the realmkit runtime: for addons and for
  // the host's own files, which are bundled and have no versioned URL.
  runtime?: "realm" | "none";
  pipeline?: Pipeline;
}

/** Throws a `TranspileError` with a line and column of `source`. */
export function transpile(source: string, path: string, options: Options = {}): Transpiled {
  if (source.trim() === "") {
    const nothing = { imports: [], exports: [], exportStars: [], styles: [], map: null };
    return { parts: [""], ...nothing, fallback: null };
  }
  const isForRealm = options.runtime !== "none";
  if (options.pipeline === "babel") return reference().compile(source, path, isForRealm);
  try {
    return compile(source, { path, isForRealm });
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) {
      throw new TranspileError(whyItBrokeOff(source), null, null, null, true);
    }
    const fallback = (error as Error).message.split("\n", 1)[0]!;
    return { ...reference().compile(source, path, isForRealm), fallback };
  }
}

let loaded: typeof Reference | undefined;

// Two megabytes of Babel, and seldom needed.
function reference(): typeof Reference {
  loaded ??= createRequire(import.meta.url)("./babel.cjs") as typeof Reference;
  return loaded;
}
