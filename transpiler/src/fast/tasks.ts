// ember-concurrency's tasks: their async arrows become generators.
//
//   save = task({ drop: true }, async (x) => { await x; });
//   save = buildTask(() => ({ context: this, generator: function* (x) { (yield x); } }),
//     { drop: true }, "save", null);
//
// As the package's own Babel plugin does it.

import type { Module } from "./module.ts";
import { bare, eachChild, type Node, NotHere } from "./node.ts";
import type { Scope } from "./scopes.ts";
import { visit } from "./walk.ts";

const POLICIES: Record<string, string | null> = {
  task: null,
  restartableTask: "restartable",
  dropTask: "drop",
  keepLatestTask: "keepLatest",
  enqueueTask: "enqueue",
};

/** The local names of task factories that `program` imports, and their own names. */
export function taskFactories(program: Node): Map<string, string> {
  const factories = new Map<string, string>();
  for (const statement of program.body) {
    if (statement.type !== "ImportDeclaration") continue;
    if (statement.source.value !== "ember-concurrency") continue;
    for (const each of statement.specifiers) {
      const name = each.imported?.name;
      if (name in POLICIES) factories.set(each.local.name, name);
    }
  }
  return factories;
}

/** Edits the value of a class property: as a task if it is one, otherwise by `visitValue`. */
export function convertTask(m: Module, node: Node, scope: Scope, visitValue: () => void): void {
  const call = bare(node.value);
  const factory =
    call.type === "CallExpression" ? m.taskFactories.get(call.callee.name) : undefined;
  const arrow = factory && asyncArrow(call.arguments.at(-1));
  if (!arrow || scope.home(call.callee.name) !== m.scope) return visitValue();

  const args: Node[] = call.arguments;
  const rest = args[0]!.type === "ThisExpression" ? args.slice(1) : args;
  if (rest.length === 0 || rest.length > 2 || call.optional || node.key.type !== "Identifier") {
    throw new NotHere("an odd task");
  }
  const work = rest.at(-1)!;
  const options = rest.length === 2 ? rest[0]! : null;
  collectAwaits(arrow.body, m.yields);
  for (const each of rest) visit(m, each, scope);

  const build = m.helper("ember-concurrency/async-arrow-runtime", "buildTask");
  const tail = `${JSON.stringify(node.key.name)}, ${JSON.stringify(POLICIES[factory!])})`;
  m.remove(call.start, (options ?? work).start);
  if (options) {
    m.remove(options.end, work.start);
    m.edits.move(options.start, options.end, work.end);
    m.edits.prependRight(options.start, ", ");
  }
  m.edits.prependRight(work.start, `${build}(() => ({ context: this, generator: `);
  generator(m, arrow);
  m.edits.appendLeft(work.end, options ? " })" : " }), null");
  m.replace(work.end, call.end, `, ${tail}`);
}

// The async arrow inside modifiers such as `waitFor(...)`.
function asyncArrow(argument: Node | undefined): Node | null {
  let node = argument && bare(argument);
  while (node?.type === "CallExpression") node = node.arguments[0] && bare(node.arguments[0]);
  return node?.type === "ArrowFunctionExpression" && node.async ? node : null;
}

function collectAwaits(node: Node, awaits: Set<Node>): void {
  if (node.type === "AwaitExpression") awaits.add(node);
  if (node.type === "ForOfStatement" && node.await) throw new NotHere("`for await` in a task");
  if (/Function/.test(node.type)) return;
  eachChild(node, (child) => collectAwaits(child, awaits));
}

function generator(m: Module, arrow: Node): void {
  const parameters = m.skip(arrow.start + "async".length);
  m.replace(arrow.start, parameters, "function* ");
  const isBare = m.source[parameters] !== "(" && m.source[parameters] !== "<";
  if (isBare) m.edits.prependRight(parameters, "(");
  const from = arrow.returnType?.end ?? arrow.params.at(-1)?.end ?? parameters;
  const token = m.source.indexOf("=>", from);
  if (token < 0 || token > arrow.body.start) throw new NotHere("an odd arrow");
  const isBlock = arrow.body.type === "BlockStatement";
  m.replace(token, arrow.body.start, `${isBare ? ") " : ""}${isBlock ? "" : "{ return "}`);
  if (!isBlock) m.edits.appendLeft(arrow.body.end, "; }");
}
