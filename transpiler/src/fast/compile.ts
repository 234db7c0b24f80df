// The fast pipeline: one parse, one walk, edits on the author's text.
//
// content-tag finds the templates, oxc parses the rest, and everything that the reference
// pipeline does to a tree is done here to the text. What this pipeline does not know it
// leaves to the reference, by raising `NotHere`.

import { importedStyle, stylesOf } from "../styles.ts";
import { cutAtMarks, type Transpiled } from "../transpiled.ts";
import { Exports } from "./exports.ts";
import { declareImports, trimImport } from "./imports.ts";
import { Module, type Options } from "./module.ts";
import { type Node, NotHere, parse } from "./node.ts";
import { replaceTags } from "./placeholders.ts";
import { taskFactories } from "./tasks.ts";
import { visit } from "./walk.ts";

/** Raises `NotHere`, or what a tool raises, when the reference pipeline is to be asked. */
export function compile(source: string, options: Options): Transpiled {
  // The parsers disagree about where the text after it begins.
  if (source.startsWith("\uFEFF")) throw new NotHere("a byte order mark");
  if (source.startsWith("#!")) throw new NotHere("a line for the shell");
  const { text, tags } = replaceTags(source);
  const program = parse(text);
  const m = new Module(source, tags, options);
  const exports = new Exports(m, program);
  m.taskFactories = taskFactories(program);

  const imports: Node[] = program.body.filter((each: Node) => each.type === "ImportDeclaration");
  for (const each of imports) declareImports(m, each);
  for (const statement of program.body) {
    if (statement.type === "ImportDeclaration" || exports.visit(statement)) continue;
    visit(m, statement, m.scope);
  }
  for (const edit of m.later) edit();
  const wanted = m.scope.wanted();
  for (const each of imports) trimImport(m, each, wanted);

  const sheets = [...m.styleImports].map((each) => importedStyle(each)!);
  const styles = stylesOf(sheets, m.filename);
  if (options.isForRealm) m.edits.prepend(styles.map(cssCall).join(""));
  m.edits.append(`\n${exports.end()}${m.helperImports()}`);

  return {
    ...cutAtMarks(m.edits.toString(), m.mark, m.imports),
    exports: exports.bindings.map((each) => each.exported),
    exportStars: exports.stars,
    styles,
    map: mapOf(m),
    fallback: null,
  };
}

function cssCall({ id, css }: { id: string; css: string }): string {
  const args = `${JSON.stringify(id)}, ${JSON.stringify(css)}`;
  return `globalThis.__realmkit.css(import.meta.url, ${args});\n`;
}

function mapOf(m: Module): object {
  const { mappings } = m.edits.generateMap({ hires: "boundary", source: m.options.path });
  return { version: 3, sources: [m.options.path], names: [], mappings };
}
