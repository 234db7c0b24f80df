/**
 * The scoped styles of every module in this page.
 *
 * A module hands in each of its styles as it is evaluated; the style goes into
 * the page once and is remembered, so that HTML can be stored with the styles
 * it uses. A style's id is the attribute that marks its elements, without
 * `data-scopedcss-`.
 */

const styles = new Map<string, string>();
const MARK = /data-scopedcss-([0-9a-f]+-[0-9a-f]+)/g;

/** Put a style into the page, unless it is there already. */
export function addStyle(id: string, css: string): void {
  if (styles.has(id)) return;
  styles.set(id, css);
  // The bundle is also imported in places without a document.
  if (typeof document === "undefined" || document.querySelector(`style[data-style-id="${id}"]`)) {
    return;
  }
  const element = document.createElement("style");
  element.dataset.styleId = id;
  element.textContent = css;
  document.head.append(element);
}

/** The styles whose marks appear in `html`, id to CSS. */
export function stylesUsedBy(
  html: string,
  found: Record<string, string> = {},
): Record<string, string> {
  for (const [, id] of html.matchAll(MARK)) {
    const css = id === undefined ? undefined : styles.get(id);
    if (id !== undefined && css !== undefined) found[id] = css;
  }
  return found;
}
