// Sends what a card says to its loader on to the page's runtime.
//
// - `fetch(x)`, unless the author declares `fetch`  -> `__realmkit.loader.fetch(x)`
// - `import(x)` of a computed specifier             -> `__realmkit.import(x, import.meta.url)`
// - `import('./x')`                                 -> stays, the server rewrites the specifier
// - `import.meta.url`                               -> `__realmkit.moduleURL(import.meta.url)`
// - `import.meta.loader`                            -> `__realmkit.loader`

import type { NodePath, PluginObj } from "@babel/core";
import * as t from "@babel/types";
import { call, metaURL, realmkit } from "./runtime-calls.ts";

const LOADER_FETCH = () => t.memberExpression(realmkit("loader"), t.identifier("fetch"));

export function hostCalls(): PluginObj {
  const ours = new WeakSet<t.Node>();

  function ownURL(): t.MemberExpression {
    const url = metaURL();
    ours.add(url);
    return url;
  }

  return {
    name: "realmkit-host-calls",
    visitor: {
      CallExpression(path: NodePath<t.CallExpression>) {
        const { callee } = path.node;
        if (t.isIdentifier(callee, { name: "fetch" }) && !path.scope.hasBinding("fetch", true)) {
          path.node.callee = LOADER_FETCH();
          return;
        }
        if (!t.isImport(callee)) return;
        const [specifier] = path.node.arguments;
        const literal = literalText(specifier);
        if (literal !== null) {
          if (!t.isStringLiteral(specifier)) path.node.arguments[0] = t.stringLiteral(literal);
        } else if (specifier) {
          path.replaceWith(call(realmkit("import"), [specifier as t.Expression, ownURL()]));
        }
      },
      MemberExpression(path: NodePath<t.MemberExpression>) {
        const { node } = path;
        if (ours.has(node) || !t.isMetaProperty(node.object) || node.computed) return;
        if (t.isIdentifier(node.property, { name: "url" })) {
          path.replaceWith(call(realmkit("moduleURL"), [ownURL()]));
        } else if (t.isIdentifier(node.property, { name: "loader" })) {
          path.replaceWith(realmkit("loader"));
        }
      },
    },
  };
}

function literalText(node: t.Node | undefined): string | null {
  if (t.isStringLiteral(node)) return node.value;
  if (t.isTemplateLiteral(node) && node.expressions.length === 0) {
    return node.quasis[0]!.value.cooked ?? null;
  }
  return null;
}
