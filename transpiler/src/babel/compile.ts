// The reference pipeline: Babel with the plugins that the ecosystem keeps.
//
// content-tag turns `<template>` into calls, one Babel pass compiles TypeScript, decorators
// and templates, `exports.ts` gives every export a local name, and `parts.ts` marks the
// import specifiers at which the text is cut. It tells the author's errors for both
// pipelines.

import { type BabelFileResult, transformSync } from "@babel/core";
import generateModule from "@babel/generator";
import typescript from "@babel/plugin-transform-typescript";
import templateCompilation from "babel-plugin-ember-template-compilation";
import { Preprocessor } from "content-tag";
import decorators from "decorator-transforms";
import asyncArrowTasks from "ember-concurrency/async-arrow-task-transform";
import * as templateCompiler from "ember-source/ember-template-compiler/index.js";
import { scopedStyles } from "../styles.ts";
import { cutAtMarks, type Transpiled } from "../transpiled.ts";
import { toTranspileError } from "./errors.ts";
import { nameExports } from "./exports.ts";
import { hostCalls } from "./host-calls.ts";
import { markImports } from "./parts.ts";
import { PositionMap } from "./positions.ts";
import { takeStyles } from "./styles.ts";
import { rememberingTemplates } from "./template-positions.ts";

const DECORATOR_RUNTIME = "decorator-transforms/runtime-esm";

const compiler = rememberingTemplates(templateCompiler);
const preprocessor = new Preprocessor();
const generate =
  (generateModule as unknown as { default?: typeof generateModule }).default ?? generateModule;

/** Throws `TranspileError` with a line and column of `source`. */
export function compile(source: string, path: string, isForRealm: boolean): Transpiled {
  const filename = `/${path}`;
  let positions = PositionMap.identity;
  try {
    const tagged = preprocessor.process(source, { filename, inline_source_map: false });
    positions = new PositionMap(tagged.map as unknown as string | object | undefined);
    const result = transform(tagged.code, filename, isForRealm);
    const program = result.ast!.program;
    const styles = takeStyles(program, filename, isForRealm);
    const { exports, exportStars } = nameExports(program, isForRealm);
    const { mark, imports } = markImports(program, positions, source);
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
      ...cutAtMarks(generated.code, mark, imports),
      exports,
      exportStars,
      styles,
      map: withoutSources(generated.map as never, path),
      fallback: null,
    };
  } catch (error) {
    throw toTranspileError(error, { source, path, filename, positions });
  }
}

function transform(code: string, filename: string, isForRealm: boolean): BabelFileResult {
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
