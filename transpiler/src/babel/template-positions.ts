// From a position inside a template, or inside its scoped style, to the author's file.
//
// content-tag hands templates on without their indentation, so a compiler's "line 2" is
// some line of the file, a few columns to the right. The template is found again by its
// text; identical templates fail identically, so the first of them is as good as any.

import { Preprocessor } from "content-tag";
import type { ToolError } from "./errors.ts";
import type { Position } from "./positions.ts";

const preprocessor = new Preprocessor();
const templates = new WeakMap<object, string>();

interface Compiler {
  precompile(template: string, options: object): string;
}

/** The compiler, remembering which template an error came from. */
export function rememberingTemplates<C extends Compiler>(compiler: C): C {
  return {
    ...compiler,
    precompile(template: string, options: object): string {
      try {
        return compiler.precompile(template, options);
      } catch (error) {
        if (error instanceof Object) templates.set(error, template);
        throw error;
      }
    },
  };
}

export function templatePosition(error: ToolError, source: string): Position | null {
  const template = templates.get(error);
  if (template === undefined) return null;
  const place = placeOf(template, source);
  if (!place) return null;
  const inTemplate = positionInTemplate(error, template);
  const line = place.line + inTemplate.line - 1;
  const authored = source.split("\n")[line - 1] ?? "";
  const compiled = template.split("\n")[inTemplate.line - 1] ?? "";
  const shift = inTemplate.line === 1 ? place.column : indentOf(authored) - indentOf(compiled);
  return { line, column: Math.max(0, inTemplate.column + shift) };
}

/** The line of the file that a line of the error's template is. */
export function lineInFile(error: ToolError, line: number, source: string): number {
  const template = templates.get(error);
  const place = template === undefined ? null : placeOf(template, source);
  return place ? place.line + line - 1 : line;
}

export function cssPosition(error: ToolError, source: string): Position | null {
  const css = error.input?.source;
  if (css === undefined || error.line === undefined) return null;
  const compiled = css.split("\n")[error.line - 1] ?? "";
  const lines = source.split("\n");
  const index = lines.findIndex((each) => each.includes(compiled.trim()));
  if (index < 0) return null;
  const start = lines[index]!.indexOf(compiled.trim());
  return { line: index + 1, column: start + (error.column ?? 1) - 1 - indentOf(compiled) };
}

function positionInTemplate(error: ToolError, template: string): Position {
  if (error.location?.startPosition) return error.location.startPosition;
  const token = error.hash?.loc;
  if (token) return { line: token.first_line, column: token.first_column };
  // The one refusal without a position is about a misplaced style.
  const before = template.slice(0, Math.max(0, template.lastIndexOf("<style"))).split("\n");
  return { line: before.length, column: before.at(-1)!.length };
}

// Where the template's first line with text on it begins.
function placeOf(template: string, source: string): Position | null {
  const wanted = withoutIndents(template);
  for (const { contents, contentRange } of preprocessor.parse(source)) {
    if (withoutIndents(contents) !== wanted) continue;
    const leading = contents.length - contents.trimStart().length;
    const before = source.slice(0, contentRange.startUtf16Codepoint + leading).split("\n");
    return { line: before.length, column: before.at(-1)!.length };
  }
  return null;
}

function withoutIndents(text: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim())
    .join("\n");
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
