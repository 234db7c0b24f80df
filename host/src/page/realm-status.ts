/**
 * The state of a realm's index, as one line that is always true.
 *
 * The server writes the line first; progress and lost connections change it
 * here. "Up to date" and "n problems" are the server's to say, so they come
 * with the next look at its HTML.
 */

import type { RealmEvent } from "../store/realm-events.ts";

export class RealmStatus {
  readonly #realmURL: string;
  #beforeAway: string | undefined;

  constructor(realmURL: string) {
    this.#realmURL = realmURL;
  }

  hear(event: RealmEvent): void {
    if (event.kind === "progress" && event.done < event.total) {
      const { done, total } = event;
      this.#show("indexing", `Indexing ${count(done)} of ${count(total)}`);
    } else if (event.kind === "connection") {
      if (event.isOpen) this.#back();
      else this.#away();
    }
  }

  /** Whether cards are still to come, as far as the line says. */
  get isIndexing(): boolean {
    const line = this.#place()?.querySelector("[data-state=indexing], [data-state=waiting]");
    return line != null;
  }

  #away(): void {
    this.#beforeAway ??= this.#place()?.innerHTML;
    this.#show("away", "The server is away");
  }

  #back(): void {
    const place = this.#place();
    if (place && this.#beforeAway !== undefined) place.innerHTML = this.#beforeAway;
    this.#beforeAway = undefined;
  }

  #show(state: string, words: string): void {
    const place = this.#place();
    if (!place) return;
    const line = document.createElement("span");
    line.className = "rk-state";
    line.dataset.state = state;
    const dot = document.createElement("span");
    dot.className = "rk-dot";
    line.append(dot, words);
    place.replaceChildren(line);
  }

  // Looked up each time: the element is replaced along with the line around it.
  #place(): HTMLElement | null {
    return document.querySelector(`[data-realmkit-status="${CSS.escape(this.#realmURL)}"]`);
  }
}

function count(number: number): string {
  return number.toLocaleString("en");
}
