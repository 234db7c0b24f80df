// Gives every export of a module a local name, so that `register` can list them all.
//
// `export default <expression>` becomes a constant, and `export { X } from './y'` becomes
// an import and an export of it, which is the same binding by the ECMAScript rules.
// `export * from` is left alone: those names are registered by the module they come from.

import * as t from "@babel/types";
import { type Binding, registrations } from "../exports.ts";
import { call, metaURL, realmkit } from "./runtime-calls.ts";

export interface Exports {
  exports: string[];
  exportStars: string[];
}

/** Lists the exports of `program`; for a realm also rewrites it and appends `register`. */
export function nameExports(program: t.Program, isForRealm: boolean): Exports {
  const bindings: Binding[] = [];
  const exportStars: string[] = [];
  const imported = importedNames(program);
  const names = new Names();
  program.body = program.body.flatMap((statement): t.Statement[] => {
    if (t.isExportAllDeclaration(statement)) {
      exportStars.push(statement.source.value);
      return [statement];
    }
    if (t.isExportDefaultDeclaration(statement)) {
      return nameDefault(statement, names, bindings, imported);
    }
    if (!t.isExportNamedDeclaration(statement)) return [statement];
    if (statement.declaration) {
      for (const local of Object.keys(
        t.getBindingIdentifiers(statement.declaration, false, true),
      )) {
        bindings.push({ exported: local, local, isImported: false });
      }
      return [statement];
    }
    if (statement.source) return nameReexports(statement, names, bindings);
    for (const each of statement.specifiers) {
      if (!t.isExportSpecifier(each)) continue;
      const local = each.local.name;
      bindings.push({ exported: nameOf(each.exported), local, isImported: imported.has(local) });
    }
    return [statement];
  });
  if (isForRealm) program.body.push(...registration(bindings));
  return { exports: bindings.map((each) => each.exported), exportStars };
}

class Names {
  #count = 0;
  next(): string {
    return `__realmkit_export${this.#count++}`;
  }
}

function importedNames(program: t.Program): Set<string> {
  return new Set(
    program.body
      .filter((each) => t.isImportDeclaration(each))
      .flatMap((each) => each.specifiers.map((specifier) => specifier.local.name)),
  );
}

function nameDefault(
  statement: t.ExportDefaultDeclaration,
  names: Names,
  bindings: Binding[],
  imported: Set<string>,
): t.Statement[] {
  const { declaration } = statement;
  const isDeclaration = t.isClassDeclaration(declaration) || t.isFunctionDeclaration(declaration);
  if (isDeclaration && declaration.id) {
    const local = declaration.id.name;
    bindings.push({ exported: "default", local, isImported: false });
    return [declaration, exportOf(local, "default")];
  }
  if (t.isIdentifier(declaration)) {
    const isImported = imported.has(declaration.name);
    // `export default x` exports today's value of x, `export { x as default }` the binding;
    // for an import the two are the same.
    if (isImported) {
      bindings.push({ exported: "default", local: declaration.name, isImported });
      return [exportOf(declaration.name, "default")];
    }
  }
  const local = names.next();
  bindings.push({ exported: "default", local, isImported: false });
  if (t.isFunctionDeclaration(declaration)) {
    // Functions are hoisted, so it stays a declaration.
    declaration.id = t.identifier(local);
    return [declaration, exportOf(local, "default")];
  }
  // A nameless class is called `default`; a property of that name keeps it so.
  const named = t.memberExpression(
    t.objectExpression([
      t.objectProperty(t.identifier("default"), t.toExpression(declaration as t.Expression)),
    ]),
    t.identifier("default"),
  );
  const constant = t.variableDeclaration("const", [
    t.variableDeclarator(t.identifier(local), named),
  ]);
  constant.loc = statement.loc;
  return [constant, exportOf(local, "default")];
}

function nameReexports(
  statement: t.ExportNamedDeclaration,
  names: Names,
  bindings: Binding[],
): t.Statement[] {
  const specifiers: t.ImportDeclaration["specifiers"] = [];
  const exported: t.ExportSpecifier[] = [];
  for (const each of statement.specifiers) {
    const local = names.next();
    if (t.isExportNamespaceSpecifier(each)) {
      specifiers.push(t.importNamespaceSpecifier(t.identifier(local)));
    } else if (t.isExportSpecifier(each)) {
      specifiers.push(t.importSpecifier(t.identifier(local), t.cloneNode(each.local)));
    } else {
      continue;
    }
    const name = nameOf(each.exported);
    bindings.push({ exported: name, local, isImported: true });
    exported.push(t.exportSpecifier(t.identifier(local), t.cloneNode(each.exported)));
  }
  // `import * as ns, { x }` is not syntax, so a namespace takes a statement of its own.
  const groups = specifiers.some((each) => t.isImportNamespaceSpecifier(each))
    ? specifiers.map((each) => [each])
    : [specifiers];
  const imports = groups.map((group) => {
    const declaration = t.importDeclaration(group, t.cloneNode(statement.source!));
    declaration.loc = statement.loc;
    declaration.source.loc = statement.source!.loc;
    declaration.extra = { isReexport: true };
    return declaration;
  });
  return exported.length ? [...imports, t.exportNamedDeclaration(null, exported)] : imports;
}

function exportOf(local: string, exported: string): t.ExportNamedDeclaration {
  return t.exportNamedDeclaration(null, [
    t.exportSpecifier(t.identifier(local), t.identifier(exported)),
  ]);
}

function registration(bindings: Binding[]): t.Statement[] {
  const { own, imported } = registrations(bindings);
  const statements: t.Statement[] = [];
  if (own.length) statements.push(t.expressionStatement(register(own)));
  for (const each of imported) {
    // In a cycle of imports a re-exported name may not be initialised yet. The module that
    // declares it registers it when it is.
    statements.push(
      t.tryStatement(
        t.blockStatement([t.expressionStatement(register([each]))]),
        t.catchClause(null, t.blockStatement([])),
      ),
    );
  }
  return statements;
}

function register(bindings: Binding[]): t.Expression {
  const members = bindings.map(({ exported, local }) =>
    t.objectProperty(
      t.isValidIdentifier(exported, false) ? t.identifier(exported) : t.stringLiteral(exported),
      t.identifier(local),
      false,
      exported === local,
    ),
  );
  return call(realmkit("register"), [metaURL(), t.objectExpression(members)]);
}

export function nameOf(node: t.Identifier | t.StringLiteral): string {
  return t.isIdentifier(node) ? node.name : node.value;
}
