/** The HTML of a definition's icon, rendered once per definition. */

import { type BaseDef, iconOf } from "../card-api/index.ts";
import { mount } from "../runtime/renderer.ts";
import { serializeHTML } from "./html.ts";

const rendered = new Map<object, string>();

/** The icon of the card's definition, or null when it has none. */
export function iconHTML(card: BaseDef): string | null {
  const icon = iconOf(card);
  if (!icon) return null;
  const known = rendered.get(icon);
  if (known !== undefined) return known;
  const element = document.createElement("div");
  const mounted = mount(icon, element);
  const html = serializeHTML(element);
  mounted.destroy();
  rendered.set(icon, html);
  return html;
}
