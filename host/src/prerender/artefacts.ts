/**
 * Everything the index keeps of one card.
 *
 * HTML comes first, because rendering loads the links; what is read afterwards
 * finds them here. The result is filled as it goes, so a card that fails
 * half-way still says which definition it adopts.
 */

import {
  ancestorOf,
  type BaseDef,
  brokenLinks,
  displayNamesOf,
  identifyCard,
  searchDoc,
  serializeCard,
  typesOf,
} from "../card-api/index.ts";
import type { Resource } from "../card-api/store-seam.ts";
import { stylesUsedBy } from "../loader/styles.ts";
import { iconHTML } from "./icons.ts";
import { renderFormat } from "./render.ts";
import type { Format, VisitResult } from "./visit-contract.ts";
import type { VisitStore } from "./visit-store.ts";

const WALKS_LIMIT = 20;

/** Fill `result` with the artefacts of the card in `resource`. Throws what the card throws. */
export async function collectArtefacts(
  resource: Resource,
  store: VisitStore,
  formats: readonly Format[],
  result: VisitResult,
): Promise<void> {
  const card = await store.adopt(resource);
  describeType(card, result);
  for (const format of formats) {
    if (format === "embedded" || format === "fitted") {
      result.html[format] = await renderByType(card, format, store);
    } else {
      result.html[format] = await renderFormat(card, format, store);
    }
  }
  result.iconHTML = iconHTML(card);
  result.styles = stylesOf(result);
  result.searchDoc = await walkedSearchDoc(card, store);
  result.resource = serializeCard(card, { includeComputeds: true, moduleRefs: "canonical" }).data;
  result.brokenLinks = brokenLinks(card);
}

type DefinitionClass = typeof BaseDef;

const CARD_DEF = "@cardstack/base/card-api/CardDef";

/** Say in `result` which definitions the card or file adopts. */
export function describeType(
  card: BaseDef,
  result: Pick<VisitResult, "types" | "displayNames">,
): void {
  const cls = card.constructor as DefinitionClass;
  result.types = typesOf(cls);
  result.displayNames = displayNamesOf(cls);
}

// A list shows cards of many definitions as their common ancestor, so there is
// HTML for each. Ancestors that share a component share its HTML.
async function renderByType(
  card: BaseDef,
  format: "embedded" | "fitted",
  store: VisitStore,
): Promise<Record<string, string>> {
  const html: Record<string, string> = {};
  const byComponent = new Map<unknown, string>();
  const cls = card.constructor as DefinitionClass;
  for (const key of typesOf(cls)) {
    const ancestor = ancestorOf(cls, key)!;
    const component = ancestor[format];
    html[key] =
      byComponent.get(component) ??
      (await renderFormat(card, format, store, identifyCard(ancestor)));
    byComponent.set(component, html[key]);
    if (key === CARD_DEF) break;
  }
  return html;
}

function stylesOf({ html, iconHTML }: VisitResult): Record<string, string> {
  const { embedded = {}, fitted = {}, ...single } = html;
  const all = [...Object.values(single), ...Object.values(embedded), ...Object.values(fitted)];
  const found: Record<string, string> = {};
  for (const each of [...all, iconHTML ?? ""]) stylesUsedBy(each, found);
  return found;
}

// The search doc follows the links a definition marks searchable; each walk may
// meet links that no template read, so it is walked until nothing new loads.
export async function walkedSearchDoc(card: BaseDef, store: VisitStore): Promise<object> {
  for (let walk = 1; ; walk++) {
    const started = store.inFlight.started;
    const doc = searchDoc(card);
    await store.settled();
    if (store.inFlight.started === started || walk === WALKS_LIMIT) return doc;
  }
}
