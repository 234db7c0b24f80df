// What compiling one source gives, whichever pipeline did it.

export interface Import {
  specifier: string;
  // What is taken from the module: export names, `*` for the namespace or all of it.
  names: string[];
  kind: "static" | "reexport" | "dynamic" | "side-effect";
  // Where the author wrote it; null when a compiler added it.
  line: number | null;
  column: number | null;
}

// A text cut at its import specifiers. The server joins the parts again with whatever each
// specifier is by then: parts[0] + specifier 0 + parts[1] + specifier 1 + ... + parts[n].
export interface Part {
  parts: string[];
  imports: Import[];
}

export interface Style {
  id: string;
  css: string;
}

export interface Transpiled extends Part {
  exports: string[];
  exportStars: string[];
  styles: Style[];
  map: object | null;
  // Why the reference pipeline compiled it, where the fast one was asked.
  fallback: string | null;
}

/** Cuts `text` at the marks that stand for specifiers: `"<mark><number>"`. */
export function cutAtMarks(text: string, mark: string, imports: Import[]): Part {
  // Split with a captured number: text, number, text, number, ..., text.
  const pieces = text.split(new RegExp(`"${mark}(\\d+)"`));
  return {
    parts: pieces.filter((_, index) => index % 2 === 0),
    imports: pieces.filter((_, index) => index % 2 === 1).map((each) => imports[Number(each)]!),
  };
}

/** The text of a module whose specifiers are rewritten by `rewrite`, or left as they were. */
export function assemble(
  module: Part,
  rewrite: (specifier: string) => string = (specifier) => specifier,
): string {
  return module.imports.reduce(
    (text, each, index) => text + JSON.stringify(rewrite(each.specifier)) + module.parts[index + 1],
    module.parts[0]!,
  );
}
