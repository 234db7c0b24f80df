/**
 * Fetching cards' documents: one request per realm and turn, however many ask.
 *
 * Ids wanted in the same turn of the event loop go out together as one QUERY to
 * their realm's `_cards`, those of other servers to our base realm's; several askers
 * of one id share its answer. A document that is already known (because a search
 * brought it, or because the caller was handed its source) is answered without a
 * request. `keepFailures` does so for failures too: right inside one visit of the
 * indexer, wrong in a page that lives. `after` is waited for before each request:
 * what it brings may be wanted as well.
 */

import { CardLoadError, type Resource } from "../card-api/store-seam.ts";
import { baseRealmURL, cardIdentity, publicURL, realmOf } from "../loader/addresses.ts";
import { messageOf } from "../loader/loader.ts";
import { nextTurn } from "../loader/turns.ts";
import { ask } from "./asking.ts";

const IDS_PER_REQUEST = 500;

interface Missing {
  id: string;
  status?: string | number;
  title?: string;
  detail?: string;
}

export class Documents {
  readonly #keepFailures: boolean;
  readonly #after: () => Promise<unknown>;
  #known = new Map<string, Resource>();
  #wanted = new Map<string, PromiseWithResolvers<Resource>>();
  #asked = new Map<string, Promise<Resource>>();

  constructor({ keepFailures, after }: { keepFailures: boolean; after?(): Promise<unknown> }) {
    this.#keepFailures = keepFailures;
    this.#after = after ?? (async () => undefined);
  }

  /** The resource at `id`. Rejects with CardLoadError. */
  get(id: string): Promise<Resource> {
    const known = this.#known.get(id);
    if (known) return Promise.resolve(known);
    const asked = this.#asked.get(id);
    if (asked) return asked;
    if (this.#wanted.size === 0) void this.#askNextTurn();
    // What has not gone out yet will be answered with what is there then.
    const answer = this.#wanted.get(id) ?? withResolvers<Resource>();
    this.#wanted.set(id, answer);
    this.#asked.set(id, answer.promise);
    return answer.promise;
  }

  /** Ask for documents that will be wanted soon; failures wait for whoever wants them. */
  expect(ids: Iterable<string>): void {
    for (const id of ids) this.get(id).catch(() => undefined);
  }

  /** Answer `id` with `resource` from now on. */
  know(id: string, resource: Resource): void {
    this.#known.set(id, resource);
  }

  knows(id: string): boolean {
    return this.#known.has(id);
  }

  knownAt(id: string): Resource | undefined {
    return this.#known.get(id);
  }

  /** The resources at `ids` as they are now, as far as they can be had; those known are not used. */
  async fresh(ids: string[]): Promise<Map<string, Resource>> {
    for (const id of ids) this.forget(id);
    const found = new Map<string, Resource>();
    await Promise.allSettled(
      ids.map(async (id) => {
        found.set(id, await this.get(id));
      }),
    );
    return found;
  }

  /**
   * Ask again for `id` the next time it is wanted. An answer that is on its way is not
   * given to anybody: whoever waits for it gets the next one.
   */
  forget(id: string): void {
    this.#known.delete(id);
    this.#asked.delete(id);
  }

  async #askNextTurn(): Promise<void> {
    await nextTurn();
    await this.#after();
    const wanted = this.#wanted;
    this.#wanted = new Map();
    const byRealm = new Map<string, string[]>();
    for (const id of wanted.keys()) {
      const realm = askedFor(id);
      const ids = byRealm.get(realm);
      if (ids) ids.push(id);
      else byRealm.set(realm, [id]);
    }
    for (const [realm, ids] of byRealm) {
      for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
        void this.#ask(realm, ids.slice(start, start + IDS_PER_REQUEST), wanted);
      }
    }
  }

  async #ask(
    realm: string,
    ids: string[],
    answers: Map<string, PromiseWithResolvers<Resource>>,
  ): Promise<void> {
    const found = new Map<string, Resource>();
    const failures = new Map<string, CardLoadError>();
    try {
      const { data, missing } = await fetchCards(realm, ids);
      for (const resource of data) if (resource.id) found.set(cardIdentity(resource.id), resource);
      for (const each of missing) failures.set(cardIdentity(each.id), loadError(each));
    } catch (error) {
      const detail = `${realm}_cards could not be read: ${messageOf(error)}`;
      for (const id of ids) {
        failures.set(id, loadError({ id, status: 503, title: "Realm not available", detail }));
      }
    }
    for (const id of ids) {
      const { promise, resolve, reject } = answers.get(id)!;
      const resource = found.get(id);
      if (this.#asked.get(id) !== promise) {
        this.get(id).then(resolve, reject);
        continue;
      }
      if (resource) this.know(id, resource);
      // What was learnt is kept in one place; whoever forgets it there asks again.
      if (resource || !this.#keepFailures) this.#asked.delete(id);
      if (resource) resolve(resource);
      else reject(failures.get(id) ?? loadError({ id }));
    }
  }
}

/** The realm that is asked for `id`. Cards of other servers are our server's to fetch. */
function askedFor(id: string): string {
  return id.startsWith(publicURL()) ? realmOf(id) : baseRealmURL();
}

function loadError({ id, status = 404, title = "Not found", detail }: Missing): CardLoadError {
  return new CardLoadError({
    id,
    status: Number(status),
    title,
    message: detail ?? `${id} was not found.`,
  });
}

async function fetchCards(
  realm: string,
  ids: string[],
): Promise<{ data: Resource[]; missing: Missing[] }> {
  const response = await ask(`${realm}_cards`, { ids });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  const { data, meta } = await response.json();
  return { data, missing: meta?.missing ?? [] };
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

// Promise.withResolvers is newer than some browsers people open the page with.
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
