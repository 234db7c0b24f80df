// The parser's tree as the editors see it: ESTree with TypeScript, members named as there.

import { parseSync, visitorKeys } from "oxc-parser";

export interface Node {
  type: string;
  // Offsets into the author's source, in UTF-16 units.
  start: number;
  end: number;
  [member: string]: any;
}

const KEYS = visitorKeys as Record<string, string[]>;

/** The module takes the slow way: the reference pipeline compiles it, or says what is wrong. */
export class NotHere extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = "NotHere";
  }
}

/** Parses TypeScript without JSX. Raises `NotHere` for whatever the parser complains about. */
export function parse(text: string): Node {
  const { program, errors } = parseSync("module.ts", text, {
    lang: "ts",
    sourceType: "module",
    astType: "ts",
    // Edits at the ends of an expression must know about its parentheses.
    preserveParens: true,
    showSemanticErrors: true,
  });
  if (errors.length > 0) throw new NotHere(errors[0]!.message);
  return program as unknown as Node;
}

export function eachChild(node: Node, visit: (child: Node) => void): void {
  for (const key of KEYS[node.type] ?? []) {
    const child = node[key] as Node | (Node | null)[] | null | undefined;
    if (!child) continue;
    if (Array.isArray(child)) {
      for (const each of child) if (each) visit(each);
    } else {
      visit(child);
    }
  }
}

/** An expression without the parentheses around it. */
export function bare(node: Node): Node {
  let inner = node;
  while (inner.type === "ParenthesizedExpression") inner = inner.expression;
  return inner;
}

/** What a member is called in the source; null when that is only known at run time. */
export function literalKey(member: Node): string | null {
  const { key } = member;
  if (member.computed) return null;
  if (key.type === "Identifier") return JSON.stringify(key.name);
  return key.type === "Literal" ? (key.raw as string) : null;
}

export function nameOf(node: Node): string {
  return node.type === "Identifier" ? node.name : node.value;
}
