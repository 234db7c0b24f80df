/** Markdown to HTML that is safe to show: documents hold what people paste. */

import { htmlSafe } from "@ember/template";
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ linkify: true, typographer: false, html: true });

/** References in the text are relative to `base`, the address of the file it stands in. */
export function markdownToHTML(text: unknown, base?: string): ReturnType<typeof htmlSafe> {
  const html = markdown.render(String(text ?? ""));
  if (base === undefined) return htmlSafe(DOMPurify.sanitize(html));
  const fragment = DOMPurify.sanitize(html, { RETURN_DOM: true }) as HTMLElement;
  for (const element of fragment.querySelectorAll("[href], [src]")) {
    for (const name of ["href", "src"]) {
      const reference = element.getAttribute(name);
      if (reference && URL.canParse(reference, base)) {
        element.setAttribute(name, new URL(reference, base).href);
      }
    }
  }
  return htmlSafe(fragment.innerHTML);
}
