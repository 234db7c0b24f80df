// One source file in, one browser module out.
//
// `transpile` is a pure function of (source, realm-relative path): no other file is
// read, so its result may be cached under the hash of the two. content-tag turns
// `<template>` into calls, one Babel pass compiles TypeScript, decorators and templates,
// `bindings.ts` gives every export a local name, and `parts.ts` cuts the text at its
// import specifiers so that the server can rewrite them without a parser.

import { type BabelFileResult, transformSync } from "@babel/core";
import generateModule from "@babel/generator";
import typescript from "@babel/plugin-transform-typescript";
import templateCompilation from "babel-plugin-ember-template-compilation";
import { Preprocessor } from "content-tag";
import decorators from "decorator-transforms";
import asyncArrowTasks from "ember-concurrency/async-arrow-task-transform";
import * as templateCompiler from "ember-source/ember-template-compiler/index.js";
import { nameExports } from "./bindings.ts";
import { toTranspileError } from "./errors.ts";
import { hostCalls } from "./host-calls.ts";
import { cutAtImports, type Part } from "./parts.ts";
import { PositionMap } from "./positions.ts";
import { type Style, scopedStyles, takeStyles } from "./styles.ts";
import { rememberingTemplates } from "./template-positions.ts";

export interface Transpiled extends Part {
  exports: string[];
  exportStars: string[];
  styles: Style[];
  map: object | null;
}

export interface Options {
  // `none` leaves out everything that speaks to the realmkit runtime: for addons and for
  // the host's own files, which are bundled and have no versioned URL.
  runtime?: "realm" | "none";
}

const DECORATOR_RUNTIME = "decorator-transforms/runtime-esm";

const compiler = rememberingTemplates(templateCompiler);
const preprocessor = new Preprocessor();
const generate =
  (generateModule as unknown as { default?: typeof generateModule }).default ?? generateModule;

/** Throws `TranspileError` with a line and column of `source`. */
export function transpile(source: string, path: string, options: Options = {}): Transpiled {
  if (source.trim() === "") {
    return { parts: [""], imports: [], exports: [], exportStars: [], styles: [], map: null };
  }
  const filename = `/${path}`;
  const isForRealm = options.runtime !== "none";
  let positions = PositionMap.identity;
  try {
    const tagged = preprocessor.process(source, { filename, inline_source_map: false });
    positions = new PositionMap(tagged.map as unknown as string | object | undefined);
    const result = compile(tagged.code, filename, isForRealm);
    const program = result.ast!.program;
    const styles = takeStyles(program, filename, isForRealm);
    const { exports, exportStars } = nameExports(program, isForRealm);
    const imports = cutAtImports.mark(program, positions, source);
    const generated = generate(
      result.ast!,
      {
        sourceMaps: true,
        sourceFileName: path,
        // @ts-expect-error: understood since generator 7.20, not yet by its types.
        inputSourceMap: positions.map,
        jsescOption: { minimal: true },
        // The template compiler leaves each template behind as a comment.
        comments: false,
      },
      tagged.code,
    );
    return {
      ...cutAtImports.cut(generated.code, imports),
      exports,
      exportStars,
      styles,
      map: withoutSources(generated.map as never, path),
    };
  } catch (error) {
    throw toTranspileError(error, { source, path, filename, positions });
  }
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

function compile(code: string, filename: string, isForRealm: boolean): BabelFileResult {
  return transformSync(code, {
    filename,
    configFile: false,
    babelrc: false,
    ast: true,
    code: false,
    // The frame Babel would draw shows content-tag's output; ours shows the author's source.
    highlightCode: false,
    compact: false,
    plugins: [
      asyncArrowTasks,
      [typescript, { allowDeclareFields: true, onlyRemoveTypeImports: false }],
      [decorators, { runtime: { import: DECORATOR_RUNTIME } }],
      [templateCompilation, { compiler, transforms: [scopedStyles] }],
      ...(isForRealm ? [hostCalls] : []),
    ],
  })!;
}

// The server adds the author's source when it serves the map; storing it twice helps nobody.
function withoutSources(map: { sourcesContent?: unknown; file?: unknown } | null, path: string) {
  if (!map) return null;
  const { sourcesContent: _content, file: _file, ...rest } = map;
  return { ...rest, sources: [path] };
}
