/**
 * Realms that something here shows cards of, followed for as long as it is here.
 *
 * A query-backed field may show cards of several realms; whoever shows them does not
 * know when it is gone, so the collector says it. A browser holds few streams to one
 * server: what comes after the first few is asked again when one of those has news.
 */

import { publicURL } from "../loader/addresses.ts";

const MOST_FOLLOWED = 3;

export class WatchedRealms {
  readonly #follow: (realm: string) => () => void;
  readonly #owners = new WeakMap<object, Set<string>>();
  readonly #followed = new Map<string, { owners: number; stop: () => void }>();
  readonly #gone = new FinalizationRegistry<Set<string>>((realms) => {
    for (const realm of realms) this.#leave(realm);
  });

  constructor(follow: (realm: string) => () => void) {
    this.#follow = follow;
  }

  /** Follow these realms of this server until `owner` is collected. */
  add(owner: object, realms: string[]): void {
    let watched = this.#owners.get(owner);
    if (!watched) {
      watched = new Set();
      this.#owners.set(owner, watched);
      this.#gone.register(owner, watched);
    }
    for (const realm of realms) {
      if (watched.has(realm) || !realm.startsWith(publicURL()) || !this.#enter(realm)) continue;
      watched.add(realm);
    }
  }

  #enter(realm: string): boolean {
    const followed = this.#followed.get(realm);
    if (followed) followed.owners += 1;
    else if (this.#followed.size >= MOST_FOLLOWED) return false;
    else this.#followed.set(realm, { owners: 1, stop: this.#follow(realm) });
    return true;
  }

  #leave(realm: string): void {
    const followed = this.#followed.get(realm);
    if (!followed) return;
    followed.owners -= 1;
    if (followed.owners > 0) return;
    this.#followed.delete(realm);
    followed.stop();
  }
}
