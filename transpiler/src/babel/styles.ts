// Takes the imports that carry scoped styles out of a program.

import * as t from "@babel/types";
import { importedStyle, stylesOf } from "../styles.ts";
import type { Style } from "../transpiled.ts";
import { call, metaURL, realmkit } from "./runtime-calls.ts";

/** Lists the styles that `program` imports; for a realm, calls take the imports' place. */
export function takeStyles(program: t.Program, filename: string, isForRealm: boolean): Style[] {
  const sheets: string[] = [];
  program.body = program.body.filter((statement) => {
    if (!t.isImportDeclaration(statement)) return true;
    const css = importedStyle(statement.source.value);
    if (css !== undefined) sheets.push(css);
    return css === undefined;
  });
  const styles = stylesOf(sheets, filename);
  const calls = styles.map(({ id, css }) =>
    t.expressionStatement(
      call(realmkit("css"), [metaURL(), t.stringLiteral(id), t.stringLiteral(css)]),
    ),
  );
  if (isForRealm) program.body.unshift(...calls);
  return styles;
}
