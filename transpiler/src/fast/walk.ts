// One walk over the tree: it notes scopes and names, and makes the edits.
//
// Types go by removal, so what stays keeps its line. Where the end of a statement was left
// to automatic semicolons, one is written: the text after an erased type might continue it.

import { classDeclaration, classExpression } from "./classes.ts";
import { compileEnum } from "./enums.ts";
import { callHost, importCall, metaMember } from "./host-calls.ts";
import type { Module } from "./module.ts";
import { bare, eachChild, type Node, NotHere } from "./node.ts";
import { boundNames, Scope } from "./scopes.ts";
import { compileLater } from "./templates.ts";

export function visit(m: Module, node: Node, scope: Scope): void {
  switch (node.type) {
    case "Identifier":
      return identifier(m, node, scope);
    case "Literal":
    case "MetaProperty":
    case "BreakStatement":
    case "ContinueStatement":
      return;
    case "MemberExpression":
      if (metaMember(m, node)) return;
      visit(m, node.object, scope);
      if (node.computed) visit(m, node.property, scope);
      return;
    case "Property":
      if (node.computed) visit(m, node.key, scope);
      return visit(m, node.value, scope);
    case "LabeledStatement":
      return visit(m, node.body, scope);
    case "CallExpression":
      callHost(m, node, scope);
      if (node.callee.type === "Super") m.superCalls++;
      eraseNode(m, node.typeArguments);
      visit(m, node.callee, scope);
      return visitAll(m, node.arguments, scope);
    case "NewExpression":
      eraseNode(m, node.typeArguments);
      visit(m, node.callee, scope);
      return visitAll(m, node.arguments, scope);
    case "TaggedTemplateExpression":
      eraseNode(m, node.typeArguments);
      visit(m, node.tag, scope);
      return visit(m, node.quasi, scope);
    case "ImportExpression":
      return importCall(m, node, scope);
    case "AwaitExpression":
      return awaitExpression(m, node, scope);
    case "ArrowFunctionExpression":
    case "FunctionExpression":
      return functionLike(m, node, scope);
    case "ClassExpression":
      return classExpression(m, node, scope);
    case "ObjectPattern":
    case "ArrayPattern":
    case "RestElement":
      eachChild(node, (child) => {
        if (child !== node.typeAnnotation) visit(m, child, scope);
      });
      return eraseNode(m, node.typeAnnotation);
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
    case "TSInstantiationExpression":
      visit(m, node.expression, scope);
      return m.remove(node.expression.end, node.end);
    case "TSTypeAssertion":
      // `<T>{}` must not become a block.
      m.replace(node.start, node.expression.start, "(");
      visit(m, node.expression, scope);
      m.edits.appendLeft(node.end, ")");
      return;
    default:
      return visitStatement(m, node, scope);
  }
}

function visitStatement(m: Module, node: Node, scope: Scope): void {
  switch (node.type) {
    case "VariableDeclaration":
      if (node.declare) return drop(m, node);
      variables(m, node, scope);
      return close(m, node);
    case "ExpressionStatement":
    case "ReturnStatement":
    case "ThrowStatement":
      eachChild(node, (child) => visit(m, child, scope));
      return close(m, node);
    case "FunctionDeclaration":
      scope.declare(node.id.name);
      return functionLike(m, node, scope);
    case "ClassDeclaration":
      return classDeclaration(m, node, scope);
    case "BlockStatement":
    case "SwitchStatement": {
      const inner = new Scope(scope);
      return eachChild(node, (child) => visit(m, child, inner));
    }
    case "CatchClause": {
      const inner = new Scope(scope);
      for (const name of boundNames(node.param)) inner.declare(name);
      return eachChild(node, (child) => visit(m, child, inner));
    }
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement": {
      const inner = new Scope(scope);
      return eachChild(node, (child) => {
        if (child.type === "VariableDeclaration") variables(m, child, inner);
        else visit(m, child, inner);
      });
    }
    case "TSEnumDeclaration":
      return node.declare ? drop(m, node) : compileEnum(m, node, scope);
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      m.types.add(node.id.name);
      return drop(m, node);
    case "TSDeclareFunction":
      return drop(m, node);
    case "TSModuleDeclaration":
      if (!node.declare) throw new NotHere("a namespace");
      return drop(m, node);
    case "AssignmentPattern":
    case "SpreadElement":
    case "TemplateLiteral":
      return eachChild(node, (child) => visit(m, child, scope));
    default:
      if (/^(TS|JSX)|Import|Export|Accessor|^Decorator$|^V8/.test(node.type)) {
        throw new NotHere(node.type);
      }
      return eachChild(node, (child) => visit(m, child, scope));
  }
}

function visitAll(m: Module, nodes: Node[], scope: Scope): void {
  for (const node of nodes) visit(m, node, scope);
}

function identifier(m: Module, node: Node, scope: Scope): void {
  const tag = m.tags.get(node.start);
  if (tag) return compileLater(m, tag, scope);
  scope.use(node.name);
  if (!node.typeAnnotation && !node.optional && node.end - node.start === node.name.length) return;
  if (!m.source.startsWith(node.name, node.start)) throw new NotHere("an escape in a name");
  m.remove(node.start + node.name.length, node.end);
}

function variables(m: Module, node: Node, scope: Scope): void {
  if (!/^(var|let|const)$/.test(node.kind)) throw new NotHere(`\`${node.kind}\``);
  for (const { id, init } of node.declarations) {
    for (const name of boundNames(id)) {
      if (node.kind === "var") scope.declareVar(name);
      else scope.declare(name);
    }
    visit(m, id, scope);
    if (init) visit(m, init, scope);
  }
}

/** A function of any kind; `scope` is where it stands. */
export function functionLike(m: Module, node: Node, scope: Scope): void {
  const inner = new Scope(scope, true);
  if (node.type === "FunctionExpression" && node.id) inner.declare(node.id.name);
  eraseNode(m, node.typeParameters);
  for (const parameter of node.params) {
    for (const name of boundNames(parameter)) inner.declare(name);
    visitParameter(m, parameter, inner);
  }
  if (node.returnType) {
    // An arrow must not begin a line.
    let start: number = node.returnType.start;
    while (/\s/.test(m.source[start - 1]!)) start--;
    m.remove(start, node.returnType.end);
  }
  // Parameters and body share a scope: a body cannot declare what a parameter is called.
  if (node.body.type === "BlockStatement") visitAll(m, node.body.body, inner);
  else visit(m, node.body, inner);
}

function visitParameter(m: Module, parameter: Node, scope: Scope): void {
  if (parameter.decorators?.length) throw new NotHere("a decorated parameter");
  if (parameter.type === "TSParameterProperty") {
    m.remove(parameter.start, parameter.parameter.start);
    return visit(m, parameter.parameter, scope);
  }
  if (parameter.type !== "Identifier" || parameter.name !== "this") {
    return visit(m, parameter, scope);
  }
  const next = m.skip(parameter.end);
  m.remove(parameter.start, m.source[next] === "," ? next + 1 : parameter.end);
}

function awaitExpression(m: Module, node: Node, scope: Scope): void {
  if (!m.yields.has(node)) return visit(m, node.argument, scope);
  m.replace(node.start, node.start + "await".length, "(yield");
  visit(m, node.argument, scope);
  m.edits.appendLeft(node.end, ")");
}

export function eraseNode(m: Module, node: Node | null | undefined): void {
  if (node) m.remove(node.start, node.end);
}

/** Takes out a statement or a class member; the semicolon keeps its neighbours apart. */
export function drop(m: Module, node: Node): void {
  m.replace(node.start, node.end, ";");
}

export function close(m: Module, node: Node): void {
  if (m.source[node.end - 1] !== ";") m.edits.appendLeft(node.end, ";");
}

/** The placeholder of a template, if that is all the expression is. */
export function tagOf(m: Module, node: Node) {
  const inner = bare(node);
  return inner.type === "Identifier" ? m.tags.get(inner.start) : undefined;
}
