/**
 * What is under way in a page, and when it has come to rest.
 *
 * A load can start further loads, and what it brings can render and read more
 * links. The page is at rest when nothing is under way and a turn of the event
 * loop has brought nothing new.
 */

import { nextTurn } from "../loader/turns.ts";

const PASSES_LIMIT = 20;

export class InFlight {
  /** How much work was ever tracked: what moved since is new. */
  started = 0;
  #working = new Set<Promise<unknown>>();

  /** Count `work` as under way until it ends, however it ends. */
  track<T>(work: Promise<T>): Promise<T> {
    this.started++;
    this.#working.add(work);
    const end = () => this.#working.delete(work);
    work.then(end, end);
    return work;
  }

  get isIdle(): boolean {
    return this.#working.size === 0;
  }

  /**
   * Resolve when the page is at rest; true if it is, false if it still started
   * new work in its last pass.
   */
  async settled(passesLimit = PASSES_LIMIT): Promise<boolean> {
    for (let pass = 0; pass < passesLimit; pass++) {
      const started = this.started;
      while (!this.isIdle) await Promise.allSettled([...this.#working]);
      await nextTurn();
      if (this.isIdle && this.started === started) return true;
    }
    return false;
  }
}
