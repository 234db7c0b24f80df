/**
 * A theme's CSS variables, confined to the cards that wear it.
 *
 * The scope is made of the theme's id and its CSS, so prerendered HTML is the
 * same from one render to the next and differs when the theme does.
 */

import type { BaseDef } from "../defs/base-def.ts";

export interface ThemeStyle {
  scope: string;
  css: string;
}

export function themeStyle(card: BaseDef): ThemeStyle | undefined {
  const theme = card.cardTheme;
  const variables = (theme?.cssVariables as string | undefined)?.trim();
  const imports = [...((theme?.cssImports as string[] | undefined) ?? [])].filter(isWebAddress);
  if (!variables && imports.length === 0) return undefined;
  const { light, dark } = declarations(variables ?? "");
  const scope = `${hash(theme.id ?? "")}-${hash(`${imports.join()}${variables}`)}`;
  const at = `[data-theme-scope="${scope}"]`;
  const css = [
    ...imports.map((url) => `@import url(${JSON.stringify(url)});`),
    light && `${at} { ${light} }`,
    dark && `@media (prefers-color-scheme: dark) { ${at} { ${dark} } }`,
  ];
  // The style element is also written out as HTML, where this would end it.
  return { scope, css: css.filter(Boolean).join("\n").replaceAll("</", "<\\/") };
}

/** What is under `:root`, or under nothing, and what is under `.dark`. */
function declarations(css: string): { light: string; dark: string } {
  const light: string[] = [];
  const dark: string[] = [];
  const outside = css.replace(/([^{}]*)\{([^{}]*)\}/g, (_block, selector: string, body: string) => {
    if (/\.dark\b/.test(selector)) dark.push(body.trim());
    else if (/:root\b/.test(selector)) light.push(body.trim());
    return "";
  });
  if (light.length === 0 && dark.length === 0 && outside.includes("--")) light.push(outside.trim());
  return { light: light.join(" "), dark: dark.join(" ") };
}

function isWebAddress(url: unknown): url is string {
  return typeof url === "string" && /^https?:\/\//.test(url);
}

/** FNV-1a: short, and the same in every page. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return (value >>> 0).toString(36);
}
