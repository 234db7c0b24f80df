/**
 * From a document to instances.
 *
 * Each id is one object: a card this page has already is refilled, not made
 * again. Relative references are relative to the resource that contains them.
 */

import type { BaseDef } from "../defs/base-def.ts";
import { stateOf } from "../state.ts";
import type { CardDocument, CardStore, Resource } from "../store-seam.ts";
import { IncludedCards } from "./included.ts";
import { resolveReference } from "./references.ts";

export interface DeserializeOptions {
  store: CardStore;
}

/** Rejects when the class cannot be had, or a value does not fit its field. */
export async function createFromSerialized<Card extends BaseDef = BaseDef>(
  resource: Resource,
  document: CardDocument | undefined,
  relativeTo: string | URL | undefined,
  { store }: DeserializeOptions,
): Promise<Card> {
  const reading = new IncludedCards(document ?? { data: resource }, store);
  const instance = await reading.instance(resource, relativeTo?.toString());
  await reading.filled();
  return instance as Card;
}

/** Bring an instance up to date with a document of the same id. */
export async function updateFromSerialized<Card extends BaseDef>(
  instance: Card,
  document: CardDocument,
  { store }: DeserializeOptions,
): Promise<Card> {
  const state = stateOf(instance);
  const resource = document.data;
  const id = resource.id === undefined ? undefined : resolveReference(resource.id);
  const ownId = state.values.get("id") as string | undefined;
  if (state.isSaved && id !== undefined && id !== ownId) {
    throw new Error(`the document of ${id} cannot update ${ownId}: a saved card keeps its id`);
  }
  if (id !== undefined && !state.isSaved) {
    state.values.set("id", id);
    store.remember(id, instance);
  }
  const reading = new IncludedCards(document, store);
  reading.refill(instance, resource, ownId ?? id);
  await reading.filled();
  return instance;
}
