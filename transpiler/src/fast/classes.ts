// Classes: what TypeScript adds to them goes, parameter properties become assignments.

import { decorateClass, decorateField, decorateMethod } from "./decorators.ts";
import type { Module } from "./module.ts";
import { type Node, NotHere } from "./node.ts";
import { boundNames, Scope } from "./scopes.ts";
import { convertTask } from "./tasks.ts";
import { compileLater } from "./templates.ts";
import { close, drop, eraseNode, functionLike, visit } from "./walk.ts";

const MODIFIERS = /(?:abstract|declare|override|private|protected|public|readonly)(?![\w$])/y;

export function classDeclaration(m: Module, node: Node, scope: Scope): void {
  if (node.declare) return drop(m, node);
  scope.declare(node.id.name);
  const start = head(m, node, scope);
  if (node.decorators.length === 0) return;
  decorateClass(m, node, node.decorators[0].start, start, `const ${node.id.name} = `);
  m.edits.appendLeft(node.decorators[0].expression.end, ";");
}

export function classExpression(m: Module, node: Node, scope: Scope): void {
  const start = head(m, node, scope);
  if (node.decorators.length) decorateClass(m, node, node.decorators[0].start, start, "");
}

/** Edits a class, decorators aside; answers where its keyword `class` stands. */
export function head(m: Module, node: Node, outer: Scope): number {
  const scope = new Scope(outer);
  if (node.id) scope.declare(node.id.name);
  const last = node.decorators.at(-1);
  let start = last && last.end > node.start ? m.skip(last.end) : node.start;
  if (node.abstract) {
    const keyword = m.expect("class", m.expect("abstract", start) + "abstract".length);
    m.remove(start, keyword);
    start = keyword;
  } else {
    start = m.expect("class", start);
  }
  for (const decorator of node.decorators) visit(m, decorator.expression, outer);
  eraseNode(m, node.typeParameters);
  if (node.superClass) visit(m, node.superClass, scope);
  eraseNode(m, node.superTypeArguments);
  if (node.implements?.length) {
    const before = node.superTypeArguments ?? node.superClass ?? node.typeParameters ?? node.id;
    m.remove(before ? before.end : start + "class".length, node.body.start);
  }
  const names = new Set<string>(
    node.body.body
      .filter((member: Node) => member.key?.type === "PrivateIdentifier")
      .map((member: Node) => member.key.name),
  );
  for (const member of node.body.body) visitMember(m, member, scope, names);
  return start;
}

function visitMember(m: Module, member: Node, scope: Scope, privateNames: Set<string>): void {
  switch (member.type) {
    case "StaticBlock": {
      const tag = m.tags.get(member.start);
      if (tag) return compileLater(m, tag, scope);
      const inner = new Scope(scope, true);
      for (const statement of member.body) visit(m, statement, inner);
      return;
    }
    case "PropertyDefinition":
      return property(m, member, scope, privateNames);
    case "MethodDefinition":
      return method(m, member, scope);
    case "TSAbstractPropertyDefinition":
    case "TSAbstractMethodDefinition":
    case "TSAbstractAccessorProperty":
    case "TSIndexSignature":
      return drop(m, member);
    default:
      throw new NotHere(member.type);
  }
}

function property(m: Module, node: Node, scope: Scope, privateNames: Set<string>): void {
  const isDecorated = node.decorators.length > 0;
  if (node.computed) visit(m, node.key, scope);
  if (node.declare && !isDecorated) return drop(m, node);
  for (const decorator of node.decorators) visit(m, decorator.expression, scope);
  if (node.value) {
    convertTask(m, node, scope, () => visit(m, node.value, scope));
  }
  if (isDecorated) return decorateField(m, node, privateNames);
  eraseModifiers(m, node, node.start);
  eraseMark(m, node);
  eraseNode(m, node.typeAnnotation);
  close(m, node);
}

function method(m: Module, node: Node, scope: Scope): void {
  if (node.value.type === "TSEmptyBodyFunctionExpression") return drop(m, node);
  for (const decorator of node.decorators) visit(m, decorator.expression, scope);
  if (node.computed) visit(m, node.key, scope);
  const start = node.decorators.at(-1)?.end ?? node.start;
  eraseModifiers(m, node, start);
  eraseMark(m, node);
  const supers = m.superCalls;
  functionLike(m, node.value, scope);
  if (node.kind === "constructor") assignParameters(m, node.value, m.superCalls - supers);
  if (node.decorators.length) decorateMethod(m, node, m.skip(start));
}

// `private static readonly x`: all but `static`, up to the key.
function eraseModifiers(m: Module, node: Node, from: number): void {
  if (!(node.accessibility || node.readonly || node.override || node.declare)) return;
  for (let at = m.skip(from); at < node.key.start; ) {
    MODIFIERS.lastIndex = at;
    const word = MODIFIERS.exec(m.source)?.[0] ?? /^\w+/.exec(m.source.slice(at, at + 9))?.[0];
    if (!word) return;
    const next = m.skip(at + word.length);
    if (MODIFIERS.lastIndex > at) m.remove(at, next);
    at = next;
  }
}

// The `?` of `x?: string` and the `!` of `x!: string`.
function eraseMark(m: Module, node: Node): void {
  if (!node.optional && !node.definite) return;
  const end = node.computed ? m.expect("]", node.key.end) + 1 : node.key.end;
  const at = m.expect(node.optional ? "?" : "!", end);
  m.remove(at, at + 1);
}

function assignParameters(m: Module, method: Node, superCalls: number): void {
  const names = method.params
    .filter((each: Node) => each.type === "TSParameterProperty")
    .flatMap((each: Node) => boundNames(each));
  if (names.length === 0) return;
  const assignments = names.map((name: string) => ` this.${name} = ${name};`).join("");
  const statements: Node[] = method.body.body;
  const isSuper = (statement: Node) => statement.expression?.callee?.type === "Super";
  if (superCalls > 1 || (superCalls === 1 && !statements.some(isSuper))) {
    throw new NotHere("`super()` inside an expression");
  }
  const before = superCalls
    ? statements.findIndex(isSuper)
    : statements.findLastIndex((each) => each.directive);
  const place = statements[before]?.end ?? method.body.start + 1;
  m.edits.appendLeft(place, assignments);
}
