// Imports that only types use are not imported.

import type { Module } from "./module.ts";
import { type Node, NotHere, nameOf } from "./node.ts";
import { eraseNode } from "./walk.ts";

// Modules whose exports are calls to the template compiler.
const COMPILERS = new Set(["@ember/template-compiler", "@ember/template-compilation"]);

export function declareImports(m: Module, node: Node): void {
  if (node.phase) throw new NotHere(`\`import ${node.phase}\``);
  if (COMPILERS.has(node.source.value)) throw new NotHere("a template in a call");
  if (node.importKind === "type") return;
  for (const each of node.specifiers) {
    if (each.importKind !== "type") m.scope.declare(each.local.name);
  }
}

/** Edits the import once it is known which names the module's code `wanted`. */
export function trimImport(m: Module, node: Node, wanted: Set<string>): void {
  if (node.importKind === "type") return eraseNode(m, node);
  const specifiers: Node[] = node.specifiers;
  const kept = specifiers.filter(
    (each) => each.importKind !== "type" && wanted.has(each.local.name),
  );
  if (specifiers.length > 0 && kept.length === 0) return eraseNode(m, node);
  if (kept.length < specifiers.length) {
    m.replace(node.start, node.source.start, `import ${clause(m, kept)} from `);
  }
  m.importAt(node.source, kept.map(importedName), kept.length ? "static" : "side-effect");
}

function clause(m: Module, specifiers: Node[]): string {
  const named = specifiers.filter((each) => each.type === "ImportSpecifier");
  const texts = specifiers
    .filter((each) => each.type !== "ImportSpecifier")
    .map((each) => m.source.slice(each.start, each.end));
  if (named.length) {
    texts.push(`{ ${named.map((each) => m.source.slice(each.start, each.end)).join(", ")} }`);
  }
  return texts.join(", ");
}

function importedName(specifier: Node): string {
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  return specifier.type === "ImportDefaultSpecifier" ? "default" : nameOf(specifier.imported);
}
