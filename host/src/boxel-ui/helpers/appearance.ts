/** Styles, colours and HTML. */

import { htmlSafe } from "@ember/template";
import DOMPurify from "dompurify";

/** `style={{cssVar boxel-pill-color="red"}}`: custom properties from named arguments. */
export function cssVar(values: Record<string, unknown>): ReturnType<typeof htmlSafe> {
  const lines = Object.entries(values ?? {}).flatMap(([name, value]) =>
    value === null || value === undefined || value === ""
      ? []
      : [`--${name}: ${String(value).replace(/[;{}]/g, "")}`],
  );
  return htmlSafe(lines.join("; "));
}

/** `url("…")` for a custom property or a background. */
export function cssUrl(url: string | undefined): string | undefined {
  return url ? `url("${encodeURI(url)}")` : undefined;
}

/** HTML with everything removed that could run. */
export function sanitizedHtml(html: string | undefined): ReturnType<typeof htmlSafe> {
  return htmlSafe(html ? DOMPurify.sanitize(html) : "");
}

/** The text colour that reads better on a background given as `#rgb` or `#rrggbb`. */
export function getContrastColor(
  background: string | undefined,
  dark = "#000000",
  light = "#ffffff",
): string {
  const match = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(background ?? "");
  if (!match) return dark;
  const digits = match[1]!.length === 3 ? match[1]!.replace(/./g, "$&$&") : match[1]!;
  const [red, green, blue] = [0, 2, 4].map((at) => channel(digits.slice(at, at + 2)));
  const luminance = 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  // Where the two contrast ratios of WCAG are equal.
  return luminance > 0.179 ? dark : light;
}

function channel(hex: string): number {
  const value = Number.parseInt(hex, 16) / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
