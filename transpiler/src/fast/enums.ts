// TypeScript's enums as the objects that they are at run time.

import type { Module } from "./module.ts";
import { bare, type Node, NotHere, nameOf } from "./node.ts";
import type { Scope } from "./scopes.ts";

type Constant = number | string;

/** Replaces an enum whose members are constants. Raises `NotHere` for any other. */
export function compileEnum(m: Module, node: Node, scope: Scope, isExported = false): void {
  const name: string = node.id.name;
  if (scope.has(name)) throw new NotHere("an enum in several pieces");
  const isGlobal = scope === m.scope && !isExported;
  if (isGlobal) scope.declareVar(name);
  else scope.declare(name);
  const known = new Map<string, Constant>();
  const lines: string[] = [];
  let next: number | null = 0;
  for (const member of node.body.members) {
    const key = nameOf(member.id);
    const value: Constant | null = member.initializer
      ? constantOf(member.initializer, known)
      : next;
    if (value === null) throw new NotHere("an enum member that is no constant");
    known.set(key, value);
    next = typeof value === "number" ? value + 1 : null;
    const place = `${name}[${JSON.stringify(key)}] = ${JSON.stringify(value)}`;
    lines.push(
      typeof value === "number" ? `${name}[${place}] = ${JSON.stringify(key)};` : `${place};`,
    );
  }
  const body = `function (${name}) { ${lines.join(" ")} return ${name}; }`;
  m.replace(node.start, node.end, `${isGlobal ? "var" : "let"} ${name} = ${body}({});`);
}

function constantOf(node: Node, known: Map<string, Constant>): Constant | null {
  const inner = bare(node);
  switch (inner.type) {
    case "Literal":
      return typeof inner.value === "number" || typeof inner.value === "string"
        ? inner.value
        : null;
    case "TemplateLiteral":
      return inner.expressions.length === 0 ? inner.quasis[0].value.cooked : null;
    case "Identifier":
      return known.get(inner.name) ?? null;
    case "UnaryExpression": {
      const value = constantOf(inner.argument, known);
      if (typeof value !== "number") return null;
      if (inner.operator === "-") return finite(-value);
      return inner.operator === "~" ? ~value : inner.operator === "+" ? value : null;
    }
    case "BinaryExpression": {
      const left = constantOf(inner.left, known);
      const right = constantOf(inner.right, known);
      if (typeof left !== "number" || typeof right !== "number") return null;
      return finite(OPERATORS[inner.operator]?.(left, right) ?? null);
    }
    default:
      return null;
  }
}

function finite(value: number | null): number | null {
  // JSON has no other numbers, and minus zero is one of them.
  return Number.isFinite(value) && !Object.is(value, -0) ? value : null;
}

const OPERATORS: Record<string, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "**": (a, b) => a ** b,
  "<<": (a, b) => a << b,
  ">>": (a, b) => a >> b,
  ">>>": (a, b) => a >>> b,
  "|": (a, b) => a | b,
  "&": (a, b) => a & b,
  "^": (a, b) => a ^ b,
};
