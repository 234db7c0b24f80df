// Decorators as `decorator-transforms` compiles them, for its runtime.
//
//   @field name = contains(String);
//   static { g(this.prototype, "name", [field], function () { return contains(String); }); }
//   #name = (i(this, "name"), void 0);
//
// The decorator that stands nearest is applied, and evaluated, first: the array is in
// reverse. Expressions are moved, not copied, so what is edited inside them stays so.

import type { Module } from "./module.ts";
import { literalKey, type Node, NotHere } from "./node.ts";

const RUNTIME = "decorator-transforms/runtime-esm";

export function decorateField(m: Module, node: Node, privateNames: Set<string>): void {
  const key = keyOf(node);
  const home = node.static ? "this" : "this.prototype";
  const first = node.decorators[0].expression;
  const last = node.decorators.at(-1).expression;
  const define = m.helper(RUNTIME, "g", "field");
  m.replace(node.start, first.start, `static { ${define}(${home}, ${key}, [`);
  reverse(m, node.decorators, last.end);
  const name = privateName(node.key, privateNames);
  const initialize = m.helper(RUNTIME, "i", "initialize");
  const rest = `); } #${name} = (${initialize}(this, ${key}), void 0);`;
  if (node.value) {
    m.replace(last.end, node.value.start, "], function () { return ");
    m.replace(node.value.end, node.end, `; }${rest}`);
  } else {
    m.replace(last.end, node.end, `]${rest}`);
  }
}

export function decorateMethod(m: Module, node: Node, start: number): void {
  const key = node.computed && node.key.type === "Literal" ? node.key.raw : keyOf(node);
  const home = node.static ? "this" : "this.prototype";
  const first = node.decorators[0].expression;
  const last = node.decorators.at(-1).expression;
  m.remove(node.start, first.start);
  m.remove(last.end, start);
  moveLast(m, node.decorators, node.end);
  const decorate = m.helper(RUNTIME, "n", "method");
  m.edits.prependRight(last.start, ` static { ${decorate}(${home}, ${key}, [`);
  m.edits.appendLeft(first.end, "]); }");
}

/** Makes `<before>c(class ..., [...])` of the text from `start`, whose `class` stands at `keyword`. */
export function decorateClass(
  m: Module,
  node: Node,
  start: number,
  keyword: number,
  before: string,
): void {
  const first = node.decorators[0].expression;
  const last = node.decorators.at(-1).expression;
  m.replace(start, first.start, `${before}${m.helper(RUNTIME, "c", "class")}(`);
  if (last.end < keyword) m.remove(last.end, keyword);
  moveLast(m, node.decorators, node.end);
  m.edits.prependRight(last.start, ", [");
  m.edits.appendLeft(first.end, "])");
}

function keyOf(node: Node): string {
  const key = literalKey(node);
  if (key === null) throw new NotHere("a decorated member without a plain name");
  return key;
}

// Puts the expressions in reverse behind the last of them, which ends at `place`.
function reverse(m: Module, decorators: Node[], place: number): void {
  separate(m, decorators);
  for (const { expression } of decorators.slice(0, -1).reverse()) {
    m.edits.move(expression.start, expression.end, place);
  }
}

// Puts the expressions in reverse at `place`.
function moveLast(m: Module, decorators: Node[], place: number): void {
  separate(m, decorators);
  for (const { expression } of decorators.slice().reverse()) {
    m.edits.move(expression.start, expression.end, place);
  }
}

function separate(m: Module, decorators: Node[]): void {
  decorators.slice(1).forEach((each, index) => {
    const before = decorators[index]!.expression;
    m.remove(before.end, each.expression.start);
    m.edits.prependRight(before.start, ", ");
  });
}

function privateName(key: Node, taken: Set<string>): string {
  let name = key.type === "Identifier" ? key.name : "_";
  while (taken.has(name)) name += "_";
  taken.add(name);
  return name;
}
