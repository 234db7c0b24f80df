/** Markdown to HTML that is safe to show: documents hold what people paste. */

import { htmlSafe } from "@ember/template";
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ linkify: true, typographer: false, html: true });

export function markdownToHTML(text: unknown): ReturnType<typeof htmlSafe> {
  return htmlSafe(DOMPurify.sanitize(markdown.render(String(text ?? ""))));
}
