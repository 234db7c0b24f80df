// Templates: Glimmer's compiler, asked as seldom and walking as little as possible.
//
// The compiler's own transforms and scoped styles are plugins that each walk the template.
// They run here in one walk; what each of them does stays theirs. JavaScript's names come
// into the template by the compiler's `lexicalScope`.

import { ALLOWED_GLOBALS } from "ember-source/@ember/template-compiler/lib/plugins/allowed-globals.js";
import { STRICT_MODE_TRANSFORMS } from "ember-source/@ember/template-compiler/lib/plugins/index.js";
import { precompile } from "ember-source/ember-template-compiler/index.js";
import { scopedStyles } from "../styles.ts";
import type { Module } from "./module.ts";
import type { Tag } from "./placeholders.ts";
import type { Scope } from "./scopes.ts";

const SCOPE = /"scope":\(\)=>\(\{(.*)\}\),"isStrictMode":true\}$/s;

/** Compiles the template once every name of the module is known. */
export function compileLater(m: Module, tag: Tag, scope: Scope): void {
  m.later.push(() => {
    const wire = compile(m, tag, scope);
    const component = m.helper("@ember/component", "setComponentTemplate");
    const factory = m.helper("@ember/template-factory", "createTemplateFactory");
    const open = `${component}(${factory}(${wire}), `;
    if (tag.isMember) return m.replace(tag.start, tag.end, `static { ${open}this); }`);
    const templateOnly = m.helper("@ember/component/template-only", "default", "templateOnly");
    m.replace(tag.start, tag.end, `${open}${templateOnly}())`);
  });
}

function compile(m: Module, tag: Tag, scope: Scope): string {
  const keywords = new Set<string>();
  const wire = precompile(tag.contents, {
    contents: tag.contents,
    moduleName: m.filename,
    filename: m.filename,
    strictMode: true,
    locals: [],
    lexicalScope: (name: string) =>
      name === "this"
        ? !tag.isMember
        : scope.has(name) || ALLOWED_GLOBALS.has(name) || keywords.has(name),
    meta: {
      jsutils: {
        importForSideEffect: (specifier: string) => m.styleImports.add(specifier),
        bindImport(specifier: string, exported: string): string {
          const local = m.helper(specifier, exported, `keyword_${exported}`);
          keywords.add(local);
          return local;
        },
      },
    },
    plugins: { ast: WithBuiltIns.of(IN_ONE_WALK) },
  });
  for (const name of SCOPE.exec(wire)?.[1]?.split(",") ?? []) scope.use(name);
  return wire;
}

type Handler = (node: TemplateNode, path: unknown) => unknown;
type Visitor = Record<string, Handler | { enter?: Handler; exit?: Handler }>;
type Transform = (env: object) => { name: string; visitor: Visitor };
interface TemplateNode {
  type: string;
  [member: string]: any;
}

const BUILT_IN = STRICT_MODE_TRANSFORMS as readonly Transform[];
const IN_ONE_WALK = inOneWalk([scopedStyles as unknown as Transform, ...BUILT_IN]);

// `precompile` adds the built-in transforms that it does not find in its list of plugins.
class WithBuiltIns extends Array<Transform> {
  override indexOf(transform: Transform): number {
    return BUILT_IN.includes(transform) ? 0 : super.indexOf(transform);
  }
}

function inOneWalk(transforms: Transform[]): Transform {
  return (env) => {
    const handlers = new Map<string, { enter: Handler[]; exit: Handler[] }>();
    for (const { visitor } of transforms.map((transform) => transform(env))) {
      for (const [type, handler] of Object.entries(visitor)) {
        if (!handlers.has(type)) handlers.set(type, { enter: [], exit: [] });
        const { enter, exit } = handlers.get(type)!;
        if (typeof handler === "function") enter.push(handler);
        else {
          if (handler.enter) enter.push(handler.enter);
          if (handler.exit) exit.push(handler.exit);
        }
      }
    }
    const visitor: Visitor = {};
    for (const [type, { enter, exit }] of handlers) {
      visitor[type] = { enter: inTurn(enter), exit: inTurn(exit) };
    }
    return { name: "realmkit-in-one-walk", visitor };
  };
}

// The walk compares an answer with its node as JSON, unless there is none to compare.
function inTurn(handlers: Handler[]): Handler {
  return (node, path) => {
    for (const handler of handlers) {
      const result = handler(node, path) as TemplateNode | null | undefined;
      if (result !== undefined && (result === null || !isUnchanged(node, result))) return result;
    }
    return undefined;
  };
}

function isUnchanged(node: TemplateNode, result: TemplateNode): boolean {
  if (node === result) return true;
  return (
    node.type === "BlockStatement" &&
    result.type === "BlockStatement" &&
    node.params === result.params &&
    node.hash === result.hash &&
    node.program === result.program &&
    node.path.original === result.path.original
  );
}
