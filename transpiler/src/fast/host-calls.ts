// Sends what a card says to its loader on to the page's runtime; see `babel/host-calls.ts`
// for the list. Edits, not nodes; the meaning is the same.

import type { Module } from "./module.ts";
import { bare, type Node } from "./node.ts";
import type { Scope } from "./scopes.ts";
import { visit } from "./walk.ts";

const RUNTIME = "globalThis.__realmkit";

/** `fetch(x)`, unless the author declares `fetch`. */
export function callHost(m: Module, node: Node, scope: Scope): void {
  const callee = bare(node.callee);
  if (!m.options.isForRealm || callee.type !== "Identifier" || callee.name !== "fetch") return;
  m.later.push(() => {
    if (!scope.has("fetch")) m.replace(callee.start, callee.end, `${RUNTIME}.loader.fetch`);
  });
}

export function importCall(m: Module, node: Node, scope: Scope): void {
  const specifier = bare(node.source);
  const text = literalText(specifier, m.options.isForRealm);
  if (text !== null) {
    m.importAt({ ...node.source, value: text }, ["*"], "dynamic");
    if (node.options) visit(m, node.options, scope);
    return;
  }
  visit(m, node.source, scope);
  if (!m.options.isForRealm) {
    if (node.options) visit(m, node.options, scope);
    return;
  }
  m.replace(node.start, node.start + "import".length, `${RUNTIME}.import`);
  m.replace(node.source.end, node.end - 1, ", import.meta.url");
}

/** `import.meta.url` and `import.meta.loader`; false for any other member. */
export function metaMember(m: Module, node: Node): boolean {
  const { object, property } = node;
  if (!m.options.isForRealm || object.type !== "MetaProperty" || node.computed) return false;
  if (property.name === "url") {
    m.replace(node.start, node.end, `${RUNTIME}.moduleURL(import.meta.url)`);
  } else if (property.name === "loader") {
    m.replace(node.start, node.end, `${RUNTIME}.loader`);
  } else {
    return false;
  }
  return true;
}

function literalText(node: Node, takesTemplates: boolean): string | null {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (takesTemplates && node.type === "TemplateLiteral" && node.expressions.length === 0) {
    return node.quasis[0].value.cooked ?? null;
  }
  return null;
}
