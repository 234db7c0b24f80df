/**
 * What a visit came to need: modules, instances and files, each by who read it.
 *
 * A card rests on what it links to, and on what those cards link to as far as they
 * were read. It does not rest on the cards a search found for it, nor on what only
 * those lead to: those touches are kept apart, and the searches themselves are told
 * with the ids they gave. Modules are needed whoever read them, because their
 * templates are in the HTML.
 */

import { type BaseDef, isFileDef } from "../card-api/index.ts";
import type { Reading } from "../card-api/store-seam.ts";
import { cardIdentity } from "../loader/addresses.ts";

export interface DependencyURLs {
  modules: string[];
  /** Files of cards: `.json`. */
  instances: string[];
  /** Any other file. */
  files: string[];
}

export interface Dependencies extends DependencyURLs {
  /** Touched by searches alone; no change of theirs is news to the card. */
  queryOnly: Omit<DependencyURLs, "modules">;
}

const HAS_EXTENSION = /\.[^./]+$/;

interface Touches {
  links: Set<string>;
  queries: Set<string>;
}

export class RuntimeDependencies {
  readonly #modules = new Set<string>();
  /** The addresses of linked files, by id. */
  readonly #files = new Map<string, string>();
  readonly #cards = new Set<string>();
  readonly #touches = new Map<string, Touches>();

  module(identity: string): void {
    this.#modules.add(identity);
  }

  /** `reading` read a link to `id`, whether the card could be had or not. */
  instance(id: string, { owner, isQuery }: Reading): void {
    const touches = this.#of(owner.id ? cardIdentity(owner.id) : "");
    (isQuery ? touches.queries : touches.links).add(id);
  }

  /** `card` is what a link led to: a card or a file. */
  found(id: string, card: BaseDef): void {
    if (isFileDef(card.constructor)) this.#files.set(id, card.url ?? id);
    else this.#cards.add(id);
  }

  /** What the card at `root` depends on, other than itself. */
  of(root: string): Dependencies {
    const needed = this.#reached([root], (touches) => touches.links);
    const touched = this.#reached([root], ({ links, queries }) => [...links, ...queries]);
    const queryOnly = [...touched].filter((id) => !needed.has(id));
    return {
      modules: [...this.#modules].sort(),
      ...this.#sorted([...needed]),
      queryOnly: this.#sorted(queryOnly),
    };
  }

  #reached(roots: string[], next: (touches: Touches) => Iterable<string>): Set<string> {
    const reached = new Set(roots);
    for (const id of reached) {
      const touches = this.#touches.get(id);
      if (touches) for (const each of next(touches)) reached.add(each);
    }
    for (const root of roots) reached.delete(root);
    return reached;
  }

  #sorted(ids: string[]): Omit<DependencyURLs, "modules"> {
    const cards = ids.filter((id) => !this.#files.has(id));
    // What is missing may come to be a file, if it has a file's name.
    const perhapsFiles = cards.filter((id) => !this.#cards.has(id) && HAS_EXTENSION.test(id));
    const files = ids.flatMap((id) => this.#files.get(id) ?? []);
    return {
      instances: cards.map((id) => `${id}.json`).sort(),
      files: [...files, ...perhapsFiles].sort(),
    };
  }

  #of(owner: string): Touches {
    let touches = this.#touches.get(owner);
    if (!touches) {
      touches = { links: new Set(), queries: new Set() };
      this.#touches.set(owner, touches);
    }
    return touches;
  }
}
