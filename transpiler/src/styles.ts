// Scoped styles, from the template to the module that brings them along.
//
// glimmer-scoped-css gives the elements their attribute and leaves the style as an import
// whose name carries the CSS. The module says `__realmkit.css(url, id, css)` instead, where
// the id is the attribute's name without `data-scopedcss-`.

import { createHash } from "node:crypto";
import { generateScopedCSSPlugin } from "glimmer-scoped-css/ast-transform";
import type { Style } from "./transpiled.ts";

const SCOPED_IMPORT = /^\.\/.*\.([^.]*)\.glimmer-scoped\.css$/s;
const ATTRIBUTE = /data-scopedcss-([0-9a-f]{10}-[0-9a-f]{10})/;

// A `:global` rule would reach other cards; it is dropped.
export const scopedStyles = generateScopedCSSPlugin({ noGlobal: true });

/** The CSS that an import carries in its name; undefined if it carries none. */
export function importedStyle(specifier: string): string | undefined {
  const encoded = SCOPED_IMPORT.exec(specifier)?.[1];
  if (encoded === undefined) return undefined;
  return Buffer.from(decodeURIComponent(encoded), "base64").toString("utf8");
}

/** The styles of a module from the imports that carry them. */
export function stylesOf(sheets: Iterable<string>, filename: string): Style[] {
  const styles = new Map<string, string>();
  for (const css of sheets) {
    const id = ATTRIBUTE.exec(css)?.[1] ?? `${digest(filename)}-${digest(css)}`;
    // Two scoped styles in one template share its attribute, and so its id.
    const before = styles.get(id);
    styles.set(id, before === undefined ? css : `${before}\n${css}`);
  }
  return [...styles].map(([id, css]) => ({ id, css }));
}

function digest(text: string): string {
  return createHash("md5").update(text).digest("hex").slice(0, 10);
}
