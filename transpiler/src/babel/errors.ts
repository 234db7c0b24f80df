// What the author is told when a source does not compile.
//
// Every tool reports in its own way: content-tag by a position inside the message, Babel
// by `loc` in content-tag's output, Glimmer by a position inside the template. All of them
// become one shape here: a sentence, a line and column of the author's file, and a frame
// of the author's source.

import { codeFrameColumns } from "@babel/code-frame";
import { TOO_DEEP, TranspileError, whyItBrokeOff } from "../transpile-error.ts";
import type { Position, PositionMap } from "./positions.ts";
import { cssPosition, lineInFile, templatePosition } from "./template-positions.ts";

// The most columns that a frame shows.
const WIDEST = 200;

interface Context {
  source: string;
  path: string;
  filename: string;
  positions: PositionMap;
}

// The members that the tools add to their errors, each its own.
export interface ToolError {
  message?: string;
  // content-tag: a drawing whose first line is the sentence.
  source_code?: string;
  // Babel: a position in what it was given.
  loc?: Position;
  // Glimmer: a span of the template.
  location?: { startPosition?: Position };
  // Handlebars: the token it stumbled over.
  hash?: { text?: string; loc?: { first_line: number; first_column: number } };
  // PostCSS: why, and where in the style.
  reason?: string;
  line?: number;
  column?: number;
  input?: { source?: string };
}

export function toTranspileError(error: unknown, context: Context): TranspileError {
  if (error instanceof TranspileError) return error;
  const told = (error ?? {}) as ToolError;
  const position = positionOf(told, context);
  return new TranspileError(
    sentenceOf(told, context),
    position?.line ?? null,
    position?.column ?? null,
    position && frameOf(context.source, position),
    error instanceof WebAssembly.RuntimeError,
  );
}

function positionOf(error: ToolError, { source, positions }: Context): Position | null {
  const parse = /^Parse Error at .*?:(\d+):(\d+)/.exec(error.message ?? "");
  if (parse) return { line: Number(parse[1]), column: Number(parse[2]) - 1 };
  const position = cssPosition(error, source) ?? templatePosition(error, source);
  if (position) return position;
  return error.loc ? positions.originalOf(error.loc) : null;
}

function sentenceOf(error: ToolError, { source, filename }: Context): string {
  if (error instanceof WebAssembly.RuntimeError) return whyItBrokeOff(source);
  if (error instanceof RangeError) return TOO_DEEP;
  if (error.source_code) {
    return error.source_code.split("\n", 1)[0]!.replace(/^\s*\u00d7\s*/, "");
  }
  if (error.hash?.text !== undefined) {
    const found = error.hash.text.trim();
    if (!found) return "The template does not parse: it ends before every block is closed.";
    return `The template does not parse: unexpected \`${found}\`.`;
  }
  if (error.reason !== undefined) return `The scoped style does not parse: ${error.reason}.`;
  const message = (error.message ?? "The source does not compile.").replace(`${filename}: `, "");
  return message
    .split("\n", 1)[0]!
    .replace(/ \(\d+:\d+\)$/, "")
    .replace(/:\s*$/, "")
    .replace(/(?<= \(on line )\d+(?=\)$)/, (line) => `${lineInFile(error, Number(line), source)}`);
}

// Of lines that are too long, the columns around the place.
function frameOf(source: string, { line, column }: Position): string {
  const lines = source.split("\n");
  const isWide = (lines[line - 1] ?? "").length > WIDEST;
  const from = isWide ? Math.max(0, column - WIDEST / 2) : 0;
  return codeFrameColumns(
    lines.map((each) => each.slice(from, from + WIDEST)).join("\n"),
    { start: { line, column: column - from + 1 } },
    { highlightCode: false },
  );
}
