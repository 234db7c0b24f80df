// Scoped styles, from the template to the end of the module.
//
// glimmer-scoped-css gives the elements their attribute and leaves the style as an import
// whose name carries the CSS. Here that import becomes `__realmkit.css(url, id, css)`, where
// the id is the attribute's name without `data-scopedcss-`.

import { createHash } from "node:crypto";
import * as t from "@babel/types";
import { generateScopedCSSPlugin } from "glimmer-scoped-css/ast-transform";
import { call, metaURL, realmkit } from "./runtime-calls.ts";

export interface Style {
  id: string;
  css: string;
}

const SCOPED_IMPORT = /^\.\/.*\.([^.]*)\.glimmer-scoped\.css$/s;
const ATTRIBUTE = /data-scopedcss-([0-9a-f]{10}-[0-9a-f]{10})/;

// A `:global` rule would reach other cards; it is dropped.
export const scopedStyles = generateScopedCSSPlugin({ noGlobal: true });

/** Takes the style imports out of `program` and lists them; for a realm, calls take their place. */
export function takeStyles(program: t.Program, filename: string, isForRealm: boolean): Style[] {
  const styles = new Map<string, string>();
  program.body = program.body.filter((statement) => {
    if (!t.isImportDeclaration(statement)) return true;
    const encoded = SCOPED_IMPORT.exec(statement.source.value)?.[1];
    if (encoded === undefined) return true;
    const css = Buffer.from(decodeURIComponent(encoded), "base64").toString("utf8");
    const id = ATTRIBUTE.exec(css)?.[1] ?? `${digest(filename)}-${digest(css)}`;
    // Two scoped styles in one template share its attribute, and so its id.
    const before = styles.get(id);
    styles.set(id, before === undefined ? css : `${before}\n${css}`);
    return false;
  });
  const calls = [...styles].map(([id, css]) =>
    t.expressionStatement(
      call(realmkit("css"), [metaURL(), t.stringLiteral(id), t.stringLiteral(css)]),
    ),
  );
  if (isForRealm) program.body.unshift(...calls);
  return [...styles].map(([id, css]) => ({ id, css }));
}

function digest(text: string): string {
  return createHash("md5").update(text).digest("hex").slice(0, 10);
}
