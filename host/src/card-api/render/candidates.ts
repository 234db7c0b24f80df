/** The cards, or the files, that a link of this slot may be set to, by title. */

import { isFileDef } from "../definitions.ts";
import type { BaseDef } from "../defs/base-def.ts";
import type { DefinitionClass } from "../fields/field.ts";
import { identifyCard } from "../identity.ts";
import { stateOf } from "../state.ts";
import type { Slot } from "./slot.ts";

const LIMIT = 100;

/** Rejects when the search fails or there is no store to search. */
export async function candidatesFor(slot: Slot, narrower?: DefinitionClass): Promise<BaseDef[]> {
  const field = slot.field!;
  const holder = slot.holder!.value as BaseDef;
  const { store } = stateOf(holder);
  if (!store) throw new Error("There is nowhere to search: this card is in no store.");
  const cls = narrower ?? field.card;
  const query = {
    filter: { type: identifyCard(cls) },
    page: { number: 0, size: LIMIT },
    ...(isFileDef(cls) && { scope: "files" }),
  };
  const { cards } = await store.search(holder, field.name, query, undefined);
  return [...cards].sort((a, b) => String(a.cardTitle).localeCompare(String(b.cardTitle)));
}
