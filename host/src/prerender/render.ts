/**
 * Rendering one format of one card to HTML.
 *
 * Each format gets a root of its own, in the document, so that code that
 * measures finds layout. The page comes to rest before the HTML is read.
 */

import { type BaseDef, renderCard } from "../card-api/index.ts";
import type { CodeRef } from "../loader/code-refs.ts";
import { messageOf } from "../loader/loader.ts";
import { nextTurn } from "../loader/turns.ts";
import { dropRenderer, mount } from "../runtime/renderer.ts";
import { takeWindowErrors } from "./failures.ts";
import { serializeHTML } from "./html.ts";
import Probe, { PROBE_TEXT } from "./probe.gts";
import type { Format } from "./visit-contract.ts";
import type { VisitStore } from "./visit-store.ts";

/** A render threw. */
export class RenderFailure extends Error {
  override name = "RenderFailure";

  constructor(what: string, cause: unknown) {
    super(`Rendering ${what} failed: ${messageOf(cause)}`, { cause });
  }
}

// Without a right to write, every input of a form would be stored as disabled.
const permissions = { canRead: true, canWrite: true };

/** The card's HTML in `format`, as the definition `as` shows it. Throws RenderFailure. */
export async function renderFormat(
  card: BaseDef,
  format: Format,
  store: VisitStore,
  as?: CodeRef,
): Promise<string> {
  const element = document.createElement("div");
  // Nobody looks at this page: laid out when code measures, never painted.
  element.style.contentVisibility = "hidden";
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
    throw new RenderFailure(`the ${format} format`, error);
  } finally {
    element.remove();
  }
}

/**
 * Clear up after a render that threw. False when the page renders no longer:
 * Glimmer promises nothing after an error, so the page is tried.
 */
export async function recover(): Promise<boolean> {
  dropRenderer();
  await nextTurn();
  takeWindowErrors();
  const element = document.createElement("div");
  try {
    const mounted = mount(Probe, element);
    const renders = element.textContent === PROBE_TEXT;
    mounted.destroy();
    await nextTurn();
    return renders && takeWindowErrors().length === 0;
  } catch {
    return false;
  }
}
