// Finds a module's import specifiers, and replaces each by a mark.

import * as t from "@babel/types";
import type { Import } from "../transpiled.ts";
import { nameOf } from "./exports.ts";
import type { PositionMap } from "./positions.ts";

interface Marked {
  mark: string;
  imports: Import[];
}

/** Replaces every specifier of `program` by a mark that `source` does not contain. */
export function markImports(program: t.Program, positions: PositionMap, source: string): Marked {
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

function importedName(specifier: t.ImportDeclaration["specifiers"][number]): string {
  if (t.isImportNamespaceSpecifier(specifier)) return "*";
  return t.isImportDefaultSpecifier(specifier) ? "default" : nameOf(specifier.imported);
}
