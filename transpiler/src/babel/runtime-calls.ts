// The calls that transpiled modules make to the page's runtime.

import * as t from "@babel/types";

/** `globalThis.__realmkit.<name>`; an author's local of that name cannot shadow it. */
export function realmkit(name: string): t.MemberExpression {
  return t.memberExpression(
    t.memberExpression(t.identifier("globalThis"), t.identifier("__realmkit")),
    t.identifier(name),
  );
}

/** The module's own address, version and all, as the browser knows it. */
export function metaURL(): t.MemberExpression {
  return t.memberExpression(
    t.metaProperty(t.identifier("import"), t.identifier("meta")),
    t.identifier("url"),
  );
}

export function call(callee: t.Expression, args: t.Expression[]): t.CallExpression {
  return t.callExpression(callee, args);
}
