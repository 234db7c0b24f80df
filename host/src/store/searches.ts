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

const NAMES_ONLY = { fields: { card: [] } };

export interface SearchAnswer {
  /** Cards in order; one without attributes is only named. */
  data: Resource[];
  included: Resource[];
  total: number;
  /** Realms that failed; the others' results are in `data`. */
  errors: RealmError[];
}

export class Searches {
  /** How often the realms' cards have changed. */
  age = 0;
  readonly #isVisit: boolean;
  readonly #underWay = new Set<Promise<SearchAnswer>>();
  #answers = new Map<string, Promise<SearchAnswer>>();

  constructor({ isVisit }: { isVisit: boolean }) {
    this.#isVisit = isVisit;
  }

  /** Resolve when nothing that was asked is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay]);
  }

  /** Rejects with an Error whose message is the server's detail. */
  run(realms: string[], query: object): Promise<SearchAnswer> {
    const key = JSON.stringify([realms, query]);
    let answer = this.#answers.get(key);
    if (!answer) {
      const asked = search(realms, this.#isVisit ? { ...query, ...NAMES_ONLY } : query);
      answer = asked;
      this.#answers.set(key, asked);
      this.#underWay.add(asked);
      const forget = () => {
        this.#underWay.delete(asked);
        if (this.#answers.get(key) === asked) this.#answers.delete(key);
      };
      const keep = () => void this.#underWay.delete(asked);
      answer.then(this.#isVisit ? keep : forget, forget);
    }
    return answer;
  }

  /** The realms' cards have changed: what is under way answers only those who asked. */
  forget(): void {
    this.age += 1;
    this.#answers.clear();
  }
}

async function search(realms: string[], query: object): Promise<SearchAnswer> {
  const [only] = realms;
  const isOurs = only?.startsWith(publicURL()) && realms.length === 1;
  // Other servers are our server's to ask: it knows which addresses may be asked.
  const response = isOurs
    ? await ask(`${only}_search`, query)
    : await ask(`${publicURL()}_federated-search`, { ...query, realms });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const [error] = body.errors ?? [];
    throw new Error(error?.detail ?? error?.message ?? `The search answered ${response.status}.`);
  }
  return {
    data: body.data ?? [],
    included: body.included ?? [],
    total: body.meta?.page?.total ?? body.data?.length ?? 0,
    errors: body.meta?.errors ?? [],
  };
}
