/**
 * Asking a realm, or several at once, a structured query.
 *
 * Equal searches share one request while it is under way. `keep` also shares
 * its answer afterwards: right inside one visit of the indexer, wrong in a page
 * that lives.
 */

import type { Resource } from "../card-api/store-seam.ts";
import { publicURL } from "../loader/addresses.ts";

const MEDIA_TYPE = "application/vnd.card+json";

export interface SearchAnswer {
  data: Resource[];
  included: Resource[];
  total: number;
  /** Realms that failed; the others' results are in `data`. */
  errors: { realm?: string; message?: string; detail?: string }[];
}

export class Searches {
  readonly #keep: boolean;
  #answers = new Map<string, Promise<SearchAnswer>>();

  constructor({ keep }: { keep: boolean }) {
    this.#keep = keep;
  }

  /** Rejects with an Error whose message is the server's detail. */
  run(realms: string[], query: object): Promise<SearchAnswer> {
    const key = JSON.stringify([realms, query]);
    let answer = this.#answers.get(key);
    if (!answer) {
      answer = search(realms, query);
      this.#answers.set(key, answer);
      const forget = () => this.#answers.delete(key);
      if (this.#keep) answer.catch(forget);
      else answer.then(forget, forget);
    }
    return answer;
  }
}

async function search(realms: string[], query: object): Promise<SearchAnswer> {
  const [only] = realms;
  const isFederated = realms.length > 1;
  const response = await fetch(isFederated ? `${publicURL()}_federated-search` : `${only}_search`, {
    method: "QUERY",
    headers: { Accept: MEDIA_TYPE, "Content-Type": "application/json" },
    body: JSON.stringify(isFederated ? { ...query, realms } : query),
  });
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
