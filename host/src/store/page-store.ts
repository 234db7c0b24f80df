/**
 * The cards of one page: one object for one id, each loaded once.
 *
 * The card engine reads links through this store; it fetches documents in
 * batches, makes instances of them and answers the searches of query-backed
 * fields. The prerender page and the live page each add what is theirs.
 */

import {
  type BaseDef,
  createFromSerialized,
  isFilled,
  markSearchResult,
  updateFromSerialized,
} from "../card-api/index.ts";
import type { CardStore, Reading, Resource, SearchResults } from "../card-api/store-seam.ts";
import { cardIdentity, realmOf } from "../loader/addresses.ts";
import type { CodeRef } from "../loader/code-refs.ts";
import { loader, messageOf } from "../loader/loader.ts";
import type { Documents } from "./documents.ts";
import type { IdentityMap } from "./identity-map.ts";
import { InFlight } from "./in-flight.ts";
import type { SearchAnswer, Searches } from "./searches.ts";

export class PageStore implements CardStore {
  readonly documents: Documents;
  readonly searches: Searches;
  readonly inFlight = new InFlight();
  protected readonly instances: IdentityMap;
  readonly #loading = new Map<string, Promise<BaseDef>>();

  constructor(documents: Documents, searches: Searches, instances: IdentityMap) {
    this.documents = documents;
    this.searches = searches;
    this.instances = instances;
  }

  peek(id: string): BaseDef | undefined {
    return this.instances.get(cardIdentity(id));
  }

  remember(id: string, instance: BaseDef): void {
    this.instances.set(cardIdentity(id), instance);
  }

  /** Follow a link: the card at `spelling`. */
  load(spelling: string, _reading?: Reading): Promise<BaseDef> {
    return this.#once(cardIdentity(spelling));
  }

  track(work: Promise<unknown>): void {
    this.inFlight.track(work);
  }

  async search(
    owner: BaseDef,
    field: string,
    query: unknown,
    realms: string[] | undefined,
  ): Promise<SearchResults> {
    const asked = realms ?? [realmOf(owner.id)];
    const { age } = this.searches;
    const running = this.inFlight.track(this.searches.run(asked, query as object));
    const answer = await running.catch((error) => {
      this.searched(asked, query as object, undefined);
      throw error;
    });
    this.searched(asked, query as object, answer);
    for (const resource of answer.data) markSearchResult(resource);
    // The realms have changed since it was asked: it may say what cards were, not what they are.
    const isOld = this.searches.age !== age;
    if (!isOld) for (const resource of answer.included) this.#learn(resource);
    const found = answer.data.map((resource) =>
      isOld || isNamedOnly(resource)
        ? this.#once(cardIdentity(resource.id!))
        : this.adopt(resource),
    );
    const cards: BaseDef[] = [];
    for (const [at, outcome] of (await this.inFlight.track(Promise.allSettled(found))).entries()) {
      if (outcome.status === "fulfilled") cards.push(outcome.value);
      else leftOut(answer.data[at]!.id!, field, outcome.reason);
    }
    return { cards, total: answer.total, errors: answer.errors };
  }

  async loadClass(ref: CodeRef, relativeTo?: string): Promise<typeof BaseDef> {
    return (await loader.loadClass(ref, relativeTo)) as typeof BaseDef;
  }

  /** Resolve when nothing is under way; false if the page never came to rest. */
  settled(): Promise<boolean> {
    return this.inFlight.settled();
  }

  /** The instance for a resource that came in a document, made if it is not here yet. */
  adopt(resource: Resource): Promise<BaseDef> {
    return this.#once(this.#learn(resource));
  }

  /** Called with each search's answer before its cards are made; with none where it failed. */
  protected searched(_realms: string[], _query: object, _answer: SearchAnswer | undefined): void {}

  #once(id: string): Promise<BaseDef> {
    const here = this.instances.get(id);
    if (here && isFilled(here)) return Promise.resolve(here);
    let loading = this.#loading.get(id);
    if (!loading) {
      loading = this.inFlight.track(this.#load(id));
      this.#loading.set(id, loading);
      const end = () => this.#loading.delete(id);
      loading.then(end, end);
    }
    return loading;
  }

  async #load(id: string): Promise<BaseDef> {
    let resource = await this.documents.get(id);
    const card = await createFromSerialized(resource, { data: resource }, id, { store: this });
    // An announcement that came while the card was being made is about what it is made of.
    while (this.documents.knownAt(id) !== resource) {
      resource = await this.documents.get(id);
      await updateFromSerialized(card, { data: resource }, { store: this });
    }
    return card;
  }

  // What a file said is newer than what the index says.
  #learn(resource: Resource): string {
    const id = cardIdentity(resource.id!);
    if (!this.documents.knows(id)) this.documents.know(id, resource);
    return id;
  }
}

function isNamedOnly({ attributes }: Resource): boolean {
  return Object.keys(attributes ?? {}).length === 0;
}

function leftOut(id: string, field: string, reason: unknown): void {
  console.warn(`${id}, found by query field "${field}", is left out: ${messageOf(reason)}`);
}
