// Templates out, placeholders in, and no character moves.
//
// content-tag finds the `<template>` tags. In the text given to the parser each becomes
// something of the same length: a static block in a class, a long identifier elsewhere. So
// every offset in the tree is an offset in the author's source.

import { Preprocessor } from "content-tag";
import { NotHere } from "./node.ts";

export interface Tag {
  start: number;
  end: number;
  // The template as content-tag hands it to compilers: without its indentation.
  contents: string;
  isMember: boolean;
}

export interface Tagged {
  text: string;
  // By the offset at which the parser finds the placeholder.
  tags: Map<number, Tag>;
}

const preprocessor = new Preprocessor();

/** Raises content-tag's own error when the source does not parse. */
export function replaceTags(source: string): Tagged {
  const tags = new Map<number, Tag>();
  if (!source.includes("<template")) return { text: source, tags };
  let text = "";
  let done = 0;
  for (const { type, contents, range } of preprocessor.parse(source)) {
    const start = range.startUtf16Codepoint;
    const end = range.endUtf16Codepoint;
    const isMember = type === "class-member";
    text += source.slice(done, start);
    if (!isMember && (isWord(source[start - 1]) || isWord(source[end]))) {
      throw new NotHere("a word touches a template");
    }
    text += isMember ? `static{${" ".repeat(end - start - 8)}}` : "_".repeat(end - start);
    tags.set(start, { start, end, contents: withoutIndent(contents), isMember });
    done = end;
  }
  return { text: text + source.slice(done), tags };
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{ID_Continue}$]/u.test(character);
}

// As content-tag's `process` does it (its `strip_indent`); rendered white space depends on it.
function withoutIndent(contents: string): string {
  const all = contents.split(/\r?\n/);
  if (all.at(-1) === "") all.pop();
  if (all.length <= 1) return contents;
  const first = all.findIndex((line) => line.trim() !== "");
  if (first < 0) return "";
  const lines = all.slice(first, all.findLastIndex((line) => line.trim() !== "") + 1);
  const indents = lines.filter((line) => line.trim() !== "").map((line) => /^\s*/.exec(line)![0]);
  const shared = Math.min(...indents.map((indent) => indent.length));
  const isMixed =
    indents.some((indent) => indent.includes(" ")) &&
    indents.some((indent) => indent.includes("\t"));
  if (isMixed || shared === 0) return lines.join("\n");
  return lines.map((line) => (line.length >= shared ? line.slice(shared) : line)).join("\n");
}
