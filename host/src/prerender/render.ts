/**
 * Rendering one format of one card to HTML.
 *
 * Each format gets a root of its own, in the document, so that code that
 * measures finds layout. The page comes to rest before the HTML is read.
 */

import { type BaseDef, renderCard } from "../card-api/index.ts";
import type { CodeRef } from "../loader/code-refs.ts";
import { messageOf } from "../loader/loader.ts";
import { takeWindowErrors } from "./failures.ts";
import { serializeHTML } from "./html.ts";
import type { Format } from "./visit-contract.ts";
import type { VisitStore } from "./visit-store.ts";

/** A render threw: the renderer may be left half-way through its work. */
export class RendererSpoilt extends Error {
  override name = "RendererSpoilt";

  constructor(what: string, cause: unknown) {
    super(`Rendering ${what} failed: ${messageOf(cause)}`, { cause });
  }
}

// Without a right to write, every input of a form would be stored as disabled.
const permissions = { canRead: true, canWrite: true };

/** The card's HTML in `format`, as the definition `as` shows it. Throws RendererSpoilt. */
export async function renderFormat(
  card: BaseDef,
  format: Format,
  store: VisitStore,
  as?: CodeRef,
): Promise<string> {
  const element = document.createElement("div");
  document.body.append(element);
  try {
    const rendered = renderCard(card, { format, element, codeRef: as, permissions });
    await store.settled();
    const [uncaught] = takeWindowErrors();
    if (uncaught) throw uncaught;
    const html = serializeHTML(element);
    rendered.destroy();
    return html;
  } catch (error) {
    throw new RendererSpoilt(`the ${format} format`, error);
  } finally {
    element.remove();
  }
}
