// Gives every export a local name, so that `register` can list them all; see
// `babel/exports.ts`, which does the same to a tree.

import { type Binding, registrations } from "../exports.ts";
import { head } from "./classes.ts";
import { decorateClass } from "./decorators.ts";
import { compileEnum } from "./enums.ts";
import type { Module } from "./module.ts";
import { bare, type Node, NotHere, nameOf } from "./node.ts";
import { boundNames } from "./scopes.ts";
import { drop, functionLike, tagOf, visit } from "./walk.ts";

export class Exports {
  readonly stars: string[] = [];
  // What the end of the module exports: `local as exported`.
  readonly #tail: string[] = [];
  readonly #imported: Set<string>;
  // In the order of the text.
  readonly #groups: Binding[][] = [];
  readonly #types: Set<string>;
  #count = 0;

  constructor(
    readonly m: Module,
    program: Node,
  ) {
    this.#types = new Set(
      program.body
        .filter((each: Node) => /^TS(Interface|TypeAlias)/.test(each.type))
        .map((each: Node) => each.id.name),
    );
    this.#imported = new Set(
      program.body
        .filter((each: Node) => each.type === "ImportDeclaration")
        .flatMap((each: Node) => each.specifiers.map((specifier: Node) => specifier.local.name)),
    );
  }

  /** Edits a statement of the module; false if it exports nothing. */
  visit(node: Node): boolean {
    switch (node.type) {
      case "ExportAllDeclaration":
        this.#all(node);
        return true;
      case "ExportNamedDeclaration":
        if (node.exportKind === "type") drop(this.m, node);
        else if (node.declaration) this.#declaration(node, node.declaration);
        else if (node.source) this.#reexport(node);
        else this.#list(node);
        return true;
      case "ExportDefaultDeclaration":
        this.#default(node, node.declaration);
        return true;
      case "ExpressionStatement":
        return this.#template(node);
      default:
        return false;
    }
  }

  /** Every binding; ask after what came later is done. */
  get bindings(): Binding[] {
    return this.#groups.flat();
  }

  /** The text that ends the module: exports, then what it registers. */
  end(): string {
    const exported = this.#tail.length ? `export { ${this.#tail.join(", ")} };\n` : "";
    return exported + (this.m.options.isForRealm ? this.#registration() : "");
  }

  #bind(exported: string, local: string, isImported = false): void {
    this.#groups.push([{ exported, local, isImported }]);
  }

  #export(exported: string, local: string, isImported = false): void {
    this.#bind(exported, local, isImported);
    this.#tail.push(local === exported ? local : `${local} as ${exportName(exported)}`);
  }

  #fresh(): string {
    return this.m.unique(`__realmkit_export${this.#count++}`);
  }

  #all(node: Node): void {
    if (node.exportKind === "type") return drop(this.m, node);
    if (!node.exported) {
      this.stars.push(node.source.value);
      return this.m.importAt(node.source, ["*"], "reexport");
    }
    const local = this.#fresh();
    this.m.replace(node.start, node.source.start, `import * as ${local} from `);
    this.m.importAt(node.source, ["*"], "reexport");
    this.#export(nameOf(node.exported), local, true);
  }

  #reexport(node: Node): void {
    const { m } = this;
    const specifiers: Node[] = node.specifiers.filter((each: Node) => each.exportKind !== "type");
    if (node.specifiers.length && specifiers.length === 0) return drop(m, node);
    const clauses = specifiers.map((each) => {
      const local = this.#fresh();
      this.#export(nameOf(each.exported), local, true);
      return `${m.source.slice(each.local.start, each.local.end)} as ${local}`;
    });
    const names = specifiers.map((each) => nameOf(each.local));
    const clause = clauses.length ? `{ ${clauses.join(", ")} } from ` : "";
    m.replace(node.start, node.source.start, `import ${clause}`);
    m.importAt(node.source, names, "reexport");
  }

  #list(node: Node): void {
    const { m } = this;
    for (const each of node.specifiers) {
      if (each.exportKind !== "type") m.scope.use(each.local.name);
    }
    const listed: Binding[] = [];
    this.#groups.push(listed);
    // A list may stand before what it lists.
    m.later.push(() => {
      const kept = node.specifiers.filter(
        (each: Node) =>
          each.exportKind !== "type" &&
          (m.scope.has(each.local.name) || !m.types.has(each.local.name)),
      );
      for (const each of kept) {
        const local: string = each.local.name;
        if (!m.scope.has(local)) throw new NotHere("a name that nothing declares");
        const isImported = this.#imported.has(local);
        listed.push({ exported: nameOf(each.exported), local, isImported });
      }
      if (kept.length === node.specifiers.length) return;
      if (kept.length === 0) return drop(m, node);
      const texts = kept.map((each: Node) => m.source.slice(each.start, each.end));
      m.replace(node.start, node.end, `export { ${texts.join(", ")} };`);
    });
  }

  #declaration(node: Node, declaration: Node): void {
    const { m } = this;
    if (declaration.declare || declaration.type === "TSDeclareFunction") {
      return drop(m, node);
    }
    switch (declaration.type) {
      case "VariableDeclaration":
        visit(m, declaration, m.scope);
        for (const each of declaration.declarations) {
          for (const name of boundNames(each.id)) this.#bind(name, name);
        }
        return;
      case "FunctionDeclaration":
        visit(m, declaration, m.scope);
        return this.#bind(declaration.id.name, declaration.id.name);
      case "ClassDeclaration":
        return this.#class(node, declaration, declaration.id.name);
      case "TSEnumDeclaration":
        compileEnum(m, declaration, m.scope, true);
        return this.#bind(declaration.id.name, declaration.id.name);
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
        m.types.add(declaration.id.name);
        return drop(m, node);
      default:
        throw new NotHere(declaration.type);
    }
  }

  #class(node: Node, declaration: Node, exported: string): void {
    const { m } = this;
    const local: string = declaration.id.name;
    m.scope.declare(local);
    const keyword = head(m, declaration, m.scope);
    const { decorators } = declaration;
    if (decorators.length) {
      const start = Math.min(node.start, decorators[0].start);
      // `export` may stand before the decorators or after them; either way it goes.
      decorateClass(m, declaration, start, keyword, `const ${local} = `);
      m.edits.appendLeft(decorators[0].expression.end, ";");
      return this.#export(exported, local);
    }
    if (exported !== "default") return this.#bind(exported, local);
    m.remove(node.start, declaration.start);
    this.#export("default", local);
  }

  #default(node: Node, declaration: Node): void {
    const { m } = this;
    switch (declaration.type) {
      case "TSInterfaceDeclaration":
        m.types.add(declaration.id.name);
        return drop(m, node);
      case "TSDeclareFunction":
        return drop(m, node);
      case "ClassDeclaration":
        if (declaration.declare) return drop(m, node);
        if (declaration.id) return this.#class(node, declaration, "default");
        return this.#namelessClass(node, declaration);
      case "FunctionDeclaration":
        return this.#function(node, declaration);
    }
    const inner = bare(declaration);
    if (inner.type === "Identifier" && !m.tags.has(inner.start)) {
      // `export default x` exports today's value of x, `export { x as default }` the
      // binding; for an import the two are the same.
      const { name } = inner;
      if (this.#imported.has(name)) {
        m.scope.use(name);
        m.remove(node.start, node.end);
        return this.#export("default", name, true);
      }
      if (this.#types.has(name)) throw new NotHere("a type as the default export");
    }
    visit(m, declaration, m.scope);
    this.#constant(node.start, declaration.start, declaration.end);
    if (m.source[node.end - 1] === ";") m.remove(declaration.end, node.end);
  }

  // A nameless class is called `default`; a property of that name keeps it so.
  #constant(start: number, valueStart: number, valueEnd: number): void {
    const local = this.#fresh();
    this.m.replace(start, valueStart, `const ${local} = { default: `);
    this.m.edits.appendLeft(valueEnd, " }.default;");
    this.#export("default", local);
  }

  #namelessClass(node: Node, declaration: Node): void {
    const { m } = this;
    const keyword = head(m, declaration, m.scope);
    const { decorators } = declaration;
    if (decorators.length === 0) return this.#constant(node.start, keyword, declaration.end);
    const local = this.#fresh();
    const start = Math.min(node.start, decorators[0].start);
    decorateClass(m, declaration, start, keyword, `const ${local} = { default: `);
    m.edits.appendLeft(decorators[0].expression.end, " }.default;");
    this.#export("default", local);
  }

  // Functions are hoisted, so it stays a declaration.
  #function(node: Node, declaration: Node): void {
    const { m } = this;
    m.remove(node.start, declaration.start);
    functionLike(m, declaration, m.scope);
    if (declaration.id) {
      m.scope.declare(declaration.id.name);
      return this.#export("default", declaration.id.name);
    }
    let at = declaration.start;
    if (declaration.async) at = m.skip(at + "async".length);
    at = m.expect("function", at) + "function".length;
    if (declaration.generator) at = m.expect("*", at) + 1;
    const local = this.#fresh();
    m.edits.appendLeft(at, ` ${local}`);
    this.#export("default", local);
  }

  // A template that is a statement is what the module exports.
  #template(node: Node): boolean {
    const { m } = this;
    const { expression } = node;
    const value = expression.type === "TSSatisfiesExpression" ? expression.expression : expression;
    const tag = value.type === "Identifier" ? tagOf(m, value) : undefined;
    if (!tag) return false;
    visit(m, expression, m.scope);
    this.#constant(node.start, node.start, expression.end);
    return true;
  }

  #registration(): string {
    const { own, imported } = registrations(this.bindings);
    const lines: string[] = [];
    if (own.length) lines.push(`${register(own)};\n`);
    for (const each of imported) {
      // In a cycle of imports a re-exported name may not be initialised yet. The module that
      // declares it registers it when it is.
      lines.push(`try { ${register([each])}; } catch {}\n`);
    }
    return lines.join("");
  }
}

function register(bindings: Binding[]): string {
  const members = bindings.map(({ exported, local }) =>
    exported === local ? local : `${exportName(exported)}: ${local}`,
  );
  return `globalThis.__realmkit.register(import.meta.url, { ${members.join(", ")} })`;
}

function exportName(name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name);
}
