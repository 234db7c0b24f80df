/**
 * The store of one card's visit: notes everything that the card came to need.
 *
 * Every card is visited with a store of its own, so what it depends on is what
 * was loaded here. Documents and search answers are shared by the whole batch,
 * so a store of one's own costs no requests.
 */

import type { BaseDef } from "../card-api/index.ts";
import { cardIdentity, moduleIdentity } from "../loader/addresses.ts";
import type { CodeRef } from "../loader/code-refs.ts";
import { ModuleError } from "../loader/module-error.ts";
import { PageStore } from "../store/page-store.ts";
import type { SearchAnswer } from "../store/searches.ts";
import type { VisitResult } from "./visit-contract.ts";

export class VisitStore extends PageStore {
  readonly #modules = new Set<string>();
  readonly #instances = new Set<string>();
  readonly queries: VisitResult["queries"] = [];

  override load(spelling: string): Promise<BaseDef> {
    this.#instances.add(cardIdentity(spelling));
    return super.load(spelling);
  }

  override async loadClass(ref: CodeRef, relativeTo?: string): Promise<typeof BaseDef> {
    this.#modules.add(moduleIdentity(ref.module, relativeTo));
    try {
      return await super.loadClass(ref, relativeTo);
    } catch (error) {
      if (error instanceof ModuleError) this.needs(error.dependencies);
      throw error;
    }
  }

  /** These modules must change for something here to work. */
  needs(modules: string[]): void {
    for (const module of modules) this.#modules.add(module);
  }

  /** What `card` came to depend on, other than itself. Search results are no dependencies. */
  dependenciesOf(card: string): VisitResult["dependencies"] {
    const instances = [...this.#instances].filter((id) => id !== card);
    return {
      modules: [...this.#modules].sort(),
      instances: instances.map((id) => `${id}.json`).sort(),
      files: [],
    };
  }

  protected override searched(
    _owner: BaseDef,
    _field: string,
    realms: string[],
    query: object,
    answer: SearchAnswer,
  ): void {
    this.queries.push({
      realms,
      query,
      ids: answer.data.map((resource) => cardIdentity(resource.id!)),
    });
  }
}
