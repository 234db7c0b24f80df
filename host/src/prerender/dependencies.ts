/**
 * What a visit came to need: modules, instances and files, each by who read it.
 *
 * A card rests on what it links to, on what those cards link to as far as they were
 * read, and on the modules all of these adopt from. It does not rest on the cards a
 * search found for it, nor on what only those lead to, modules included: those touches
 * are kept apart, and the searches themselves are told with the ids they gave. A module
 * that fails is needed whoever asked for it, because its repair shows what is missing.
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
  queryOnly: DependencyURLs;
}

const HAS_EXTENSION = /\.[^./]+$/;

/** What one card led to. */
interface Touches {
  links: Set<string>;
  queries: Set<string>;
  modules: Set<string>;
}

export class RuntimeDependencies {
  /** Needed in any context. */
  readonly #modules = new Set<string>();
  /** The addresses of linked files, by id. */
  readonly #files = new Map<string, string>();
  readonly #cards = new Set<string>();
  readonly #touches = new Map<string, Touches>();

  /** The card or file at `owner` has a value of a class that the module exports. */
  module(identity: string, owner: string): void {
    this.#of(owner).modules.add(identity);
  }

  /** Needed whatever led to it. */
  stamp(identity: string): void {
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
    const modules = new Set(this.#modules);
    for (const id of ["", root, ...needed]) this.#addModules(id, modules);
    const queryOnly = [...touched].filter((id) => !needed.has(id));
    const queryOnlyModules = new Set<string>();
    for (const id of this.#touches.keys()) this.#addModules(id, queryOnlyModules);
    return {
      modules: [...modules].sort(),
      ...this.#sorted([...needed]),
      queryOnly: {
        modules: [...queryOnlyModules].filter((each) => !modules.has(each)).sort(),
        ...this.#sorted(queryOnly),
      },
    };
  }

  #addModules(id: string, modules: Set<string>): void {
    for (const module of this.#touches.get(id)?.modules ?? []) modules.add(module);
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
      touches = { links: new Set(), queries: new Set(), modules: new Set() };
      this.#touches.set(owner, touches);
    }
    return touches;
  }
}
