/**
 * Asking a realm, or several at once, a structured query.
 *
 * Equal searches share one request while it is under way. Inside one visit of the
 * indexer (`isVisit`) they share its answer afterwards too, and an answer only names
 * the cards: one card is often found by several searches and linked to besides, so
 * its document travels once, with the multi-get of the turn. In a page that lives an
 * answer is whole, and nothing that was asked before `forget` answers what is asked
 * after it.
 */

import type { RealmError, Resource } from "../card-api/store-seam.ts";
import { publicURL } from "../loader/addresses.ts";
import { ask } from "./asking.ts";

export interface SearchAnswer {
  data: Resource[];
  included: Resource[];
  total: number;
  /** Whether `data` holds the cards, and not only their ids. */
  isWhole: boolean;
  /** Realms that failed; the others' results are in `data`. */
  errors: RealmError[];
}

export class Searches {
  readonly #isVisit: boolean;
  #answers = new Map<string, Promise<SearchAnswer>>();

  constructor({ isVisit }: { isVisit: boolean }) {
    this.#isVisit = isVisit;
  }

  /** Rejects with an Error whose message is the server's detail. */
  run(realms: string[], query: object): Promise<SearchAnswer> {
    const key = JSON.stringify([realms, query]);
    let answer = this.#answers.get(key);
    if (!answer) {
      const asked = search(realms, query, !this.#isVisit);
      answer = asked;
      this.#answers.set(key, asked);
      const forget = () => {
        if (this.#answers.get(key) === asked) this.#answers.delete(key);
      };
      if (this.#isVisit) answer.catch(forget);
      else answer.then(forget, forget);
    }
    return answer;
  }

  /** The realms' cards have changed: what is under way answers only those who asked. */
  forget(): void {
    this.#answers.clear();
  }
}

async function search(realms: string[], query: object, isWhole: boolean): Promise<SearchAnswer> {
  const [only] = realms;
  const isFederated = realms.length > 1;
  const question = isWhole ? query : { ...query, fields: { card: [] } };
  const response = isFederated
    ? await ask(`${publicURL()}_federated-search`, { ...question, realms })
    : await ask(`${only}_search`, question);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const [error] = body.errors ?? [];
    throw new Error(error?.detail ?? error?.message ?? `The search answered ${response.status}.`);
  }
  return {
    data: body.data ?? [],
    included: body.included ?? [],
    isWhole,
    total: body.meta?.page?.total ?? body.data?.length ?? 0,
    errors: body.meta?.errors ?? [],
  };
}
