// Which names are in sight where.
//
// A scope knows what it declares and what it was asked for. Declarations may come after
// their use, so nobody asks before the whole module has been read.

import type { Node } from "./node.ts";

export class Scope {
  readonly #declared = new Set<string>();
  readonly #used = new Set<string>();
  readonly #inner: Scope[] = [];

  constructor(
    readonly outer: Scope | null = null,
    // Where `var` goes: functions, static blocks and the module.
    readonly isFunction = outer === null,
  ) {
    if (outer) outer.#inner.push(this);
  }

  declare(name: string): void {
    this.#declared.add(name);
  }

  declareVar(name: string): void {
    let scope: Scope = this;
    while (!scope.isFunction) scope = scope.outer!;
    scope.declare(name);
  }

  use(name: string): void {
    this.#used.add(name);
  }

  has(name: string): boolean {
    return this.#declared.has(name) || (this.outer?.has(name) ?? false);
  }

  /** The scope that declares what `name` means here. */
  home(name: string): Scope | null {
    return this.#declared.has(name) ? this : (this.outer?.home(name) ?? null);
  }

  /** The names used here or further in that this scope and those outside it must answer. */
  wanted(): Set<string> {
    const wanted = new Set(this.#used);
    for (const inner of this.#inner) {
      for (const name of inner.wanted()) if (!inner.#declared.has(name)) wanted.add(name);
    }
    return wanted;
  }
}

/** Every name that a pattern binds, in the order of the text. */
export function boundNames(pattern: Node | null, names: string[] = []): string[] {
  switch (pattern?.type) {
    case "Identifier":
      names.push(pattern.name);
      break;
    case "ObjectPattern":
      for (const each of pattern.properties) boundNames(each.value ?? each, names);
      break;
    case "ArrayPattern":
      for (const each of pattern.elements) boundNames(each, names);
      break;
    case "AssignmentPattern":
      boundNames(pattern.left, names);
      break;
    case "RestElement":
      boundNames(pattern.argument, names);
      break;
    case "TSParameterProperty":
      boundNames(pattern.parameter, names);
      break;
  }
  return names;
}
