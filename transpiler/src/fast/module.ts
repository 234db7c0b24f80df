// What the editors of one module share: its text, its edits, and what they found out.

import MagicString from "magic-string";
import type { Import } from "../transpiled.ts";
import { type Node, NotHere } from "./node.ts";
import type { Tag } from "./placeholders.ts";
import { Scope } from "./scopes.ts";

export interface Options {
  path: string;
  // False leaves out everything that speaks to the realmkit runtime.
  isForRealm: boolean;
}

interface HelperImport {
  specifier: string;
  exported: string;
  local: string;
}

export class Module {
  readonly edits: MagicString;
  readonly scope = new Scope();
  readonly imports: Import[] = [];
  // What must wait until every declaration is known.
  readonly later: (() => void)[] = [];
  // Names that exist for the type checker alone.
  readonly types = new Set<string>();
  // Imports that carry scoped styles in their names.
  readonly styleImports = new Set<string>();
  // Local names of ember-concurrency's task factories, and the `await`s inside tasks.
  taskFactories = new Map<string, string>();
  readonly yields = new Set<Node>();
  // How many `super(...)` were seen so far.
  superCalls = 0;
  readonly filename: string;
  readonly mark: string;
  readonly #lineStarts: number[] = [0];
  readonly #helpers = new Map<string, HelperImport>();

  constructor(
    readonly source: string,
    readonly tags: Map<number, Tag>,
    readonly options: Options,
  ) {
    this.edits = new MagicString(source);
    this.filename = `/${options.path}`;
    this.mark = this.unique("__realmkit_specifier");
    for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) {
      this.#lineStarts.push(at + 1);
    }
  }

  /** A name that occurs nowhere in the source. */
  unique(wish: string): string {
    let name = wish;
    while (this.source.includes(name)) name += "_";
    return name;
  }

  remove(start: number, end: number): void {
    if (start < end) this.edits.remove(start, end);
  }

  replace(start: number, end: number, text: string): void {
    if (start < end) this.edits.update(start, end, text);
    else this.edits.appendLeft(start, text);
  }

  /** The local name of something that compiled code needs from another module. */
  helper(specifier: string, exported: string, hint = exported): string {
    const key = `${specifier} ${exported}`;
    let helper = this.#helpers.get(key);
    if (!helper) {
      helper = { specifier, exported, local: this.unique(`__realmkit_${hint}`) };
      this.#helpers.set(key, helper);
    }
    return helper.local;
  }

  /** The statements that import the helpers. */
  helperImports(): string {
    const bySpecifier = new Map<string, HelperImport[]>();
    for (const each of this.#helpers.values()) {
      bySpecifier.set(each.specifier, [...(bySpecifier.get(each.specifier) ?? []), each]);
    }
    return [...bySpecifier]
      .map(([specifier, helpers]) => {
        const clauses = helpers.map(({ exported, local }) => `${exported} as ${local}`);
        const names = helpers.map((each) => each.exported);
        const mark = this.import({ specifier, names, kind: "static", line: null, column: null });
        return `import { ${clauses.join(", ")} } from ${mark};\n`;
      })
      .join("");
  }

  /** Notes the import that the author wrote as `literal`, and marks its place in the text. */
  importAt(literal: Node, names: string[], kind: Import["kind"]): void {
    const found = { specifier: literal.value, names, kind, ...this.place(literal.start) };
    this.replace(literal.start, literal.end, this.import(found));
  }

  /** Notes an import; the answer stands for its specifier in the text until that is cut. */
  import(found: Import): string {
    this.imports.push(found);
    return `"${this.mark}${this.imports.length - 1}"`;
  }

  /** Line (from 1) and column (from 0) of an offset. */
  place(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - this.#lineStarts[low]! };
  }

  /** The first offset from `start` on that holds neither white space nor a comment. */
  skip(start: number): number {
    const { source } = this;
    let at = start;
    for (;;) {
      while (/\s/.test(source[at] ?? "")) at++;
      if (source.startsWith("//", at)) at = this.#after("\n", at);
      else if (source.startsWith("/*", at)) at = this.#after("*/", at + 2);
      else return at;
    }
  }

  /** Where `text` stands when it is the next thing after `start`; otherwise it is not ours. */
  expect(text: string, start: number): number {
    const at = this.skip(start);
    if (!this.source.startsWith(text, at))
      throw new NotHere(`\`${text}\` is not where it should be`);
    return at;
  }

  #after(text: string, start: number): number {
    const at = this.source.indexOf(text, start);
    return at < 0 ? this.source.length : at + text.length;
  }
}
