/**
 * The store of one card's visit: notes everything that the card came to need.
 *
 * Every card is visited with a store of its own, so what it depends on is what
 * was read here. Documents and search answers are shared by the whole batch, so
 * a store of one's own costs no requests.
 */

import type { BaseDef } from "../card-api/index.ts";
import type { Reading } from "../card-api/store-seam.ts";
import { cardIdentity, moduleIdentity } from "../loader/addresses.ts";
import type { CodeRef } from "../loader/code-refs.ts";
import { ModuleError } from "../loader/module-error.ts";
import type { Documents } from "../store/documents.ts";
import { PageStore } from "../store/page-store.ts";
import type { SearchAnswer, Searches } from "../store/searches.ts";
import { RuntimeDependencies } from "./dependencies.ts";
import type { VisitResult } from "./visit-contract.ts";

export class VisitStore extends PageStore {
  readonly dependencies = new RuntimeDependencies();
  readonly queries: VisitResult["queries"] = [];

  constructor(documents: Documents, searches: Searches) {
    super(documents, searches, new Map());
  }

  override async load(spelling: string, reading?: Reading): Promise<BaseDef> {
    const id = cardIdentity(spelling);
    if (reading) this.dependencies.instance(id, reading);
    const card = await super.load(id);
    this.dependencies.found(id, card);
    return card;
  }

  touched(card: BaseDef, reading: Reading): void {
    if (!card.id) return;
    const id = cardIdentity(card.id);
    this.dependencies.instance(id, reading);
    // A card that a search brought was not loaded by its link.
    this.dependencies.found(id, card);
  }

  override async loadClass(ref: CodeRef, relativeTo?: string): Promise<typeof BaseDef> {
    const owner = relativeTo === undefined ? "" : cardIdentity(relativeTo);
    this.dependencies.module(moduleIdentity(ref.module, relativeTo), owner);
    try {
      return await super.loadClass(ref, relativeTo);
    } catch (error) {
      // These must change for something here to work.
      const named = error instanceof ModuleError ? error.dependencies : [];
      for (const module of named) this.dependencies.stamp(module);
      throw error;
    }
  }

  protected override searched(
    realms: string[],
    query: object,
    answer: SearchAnswer | undefined,
  ): void {
    const ids = answer?.data.map((resource) => cardIdentity(resource.id!)) ?? null;
    this.queries.push({ realms, query, ids });
  }
}
