// Cuts a module's text at its import specifiers.
//
// The specifiers are replaced by marks before the text is generated, and the text is cut
// at the marks. The server joins the parts again with whatever each specifier is by then:
// parts[0] + specifier 0 + parts[1] + specifier 1 + ... + parts[n].

import * as t from "@babel/types";
import { nameOf } from "./bindings.ts";
import type { PositionMap } from "./positions.ts";

export interface Import {
  specifier: string;
  // What is taken from the module: export names, `*` for the namespace or all of it.
  names: string[];
  kind: "static" | "reexport" | "dynamic" | "side-effect";
  // Where the author wrote it; null when a compiler added it.
  line: number | null;
  column: number | null;
}

export interface Part {
  parts: string[];
  imports: Import[];
}

interface Marked {
  mark: string;
  imports: Import[];
}

/** Replaces every specifier of `program` by a mark that `source` does not contain. */
function mark(program: t.Program, positions: PositionMap, source: string): Marked {
  const imports: Import[] = [];
  let prefix = "__realmkit_specifier";
  while (source.includes(prefix)) prefix += "_";

  function replace(literal: t.StringLiteral, names: string[], kind: Import["kind"]): void {
    const start = literal.loc && positions.originalOf(literal.loc.start);
    imports.push({
      specifier: literal.value,
      names,
      kind,
      line: start?.line ?? null,
      column: start?.column ?? null,
    });
    literal.value = `${prefix}${imports.length - 1}`;
    delete literal.extra;
  }

  t.traverseFast(program, (node) => {
    if (t.isImportDeclaration(node)) {
      const names = node.specifiers.map(importedName);
      const isReexport = node.extra?.isReexport === true;
      replace(
        node.source,
        names,
        isReexport ? "reexport" : names.length ? "static" : "side-effect",
      );
    } else if (t.isExportAllDeclaration(node)) {
      replace(node.source, ["*"], "reexport");
    } else if (t.isExportNamedDeclaration(node) && node.source) {
      const names = node.specifiers.map((each) =>
        t.isExportSpecifier(each) ? nameOf(each.local) : "*",
      );
      replace(node.source, names, "reexport");
    } else if (t.isCallExpression(node) && t.isImport(node.callee)) {
      const [specifier] = node.arguments;
      if (t.isStringLiteral(specifier)) replace(specifier, ["*"], "dynamic");
    }
  });
  return { mark: prefix, imports };
}

function cut(text: string, { mark: prefix, imports }: Marked): Part {
  // Split with a captured number: text, number, text, number, ..., text.
  const pieces = text.split(new RegExp(`"${prefix}(\\d+)"`));
  return {
    parts: pieces.filter((_, index) => index % 2 === 0),
    imports: pieces.filter((_, index) => index % 2 === 1).map((each) => imports[Number(each)]!),
  };
}

function importedName(specifier: t.ImportDeclaration["specifiers"][number]): string {
  if (t.isImportNamespaceSpecifier(specifier)) return "*";
  return t.isImportDefaultSpecifier(specifier) ? "default" : nameOf(specifier.imported);
}

export const cutAtImports = { mark, cut };
