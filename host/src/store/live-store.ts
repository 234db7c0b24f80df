/**
 * The store of a page a person looks at: kept current, and saved as one types.
 *
 * What the realm announces is followed: changed cards are refilled in place, except
 * for the fields that are being edited, and a changed definition makes every instance
 * out of date at once, because two versions of a class never meet in one store. That
 * waits for edits that cannot be saved yet: nothing that was typed is thrown away.
 */

import {
  type BaseDef,
  Cell,
  queriedRealms,
  refreshQueries,
  reseedQueries,
  subscribeToChanges,
  updateFromSerialized,
} from "../card-api/index.ts";
import type { Asked, CardDocument } from "../card-api/store-seam.ts";
import { cardIdentity, isModuleFile, realmOf, realURL } from "../loader/addresses.ts";
import { loader } from "../loader/loader.ts";
import { Documents } from "./documents.ts";
import { WeakIdentityMap } from "./identity-map.ts";
import { withEdits } from "./local-results.ts";
import { PageStore } from "./page-store.ts";
import { follow, type RealmEvent } from "./realm-events.ts";
import { SaveQueue } from "./save-queue.ts";
import { CardSaver } from "./saving.ts";
import { Searches } from "./searches.ts";
import type { LiveStore, SaveState, StoreEvent } from "./store.ts";
import { WatchedRealms } from "./watched-realms.ts";

export { matches } from "./live-matching.ts";
export { beginAt, follow } from "./realm-events.ts";

const NOTHING: ReadonlySet<string> = new Set();

let store: LivePageStore | undefined;

/** The page's one store. */
export function liveStore(): LiveStore {
  store ??= new LivePageStore();
  return store;
}

class LivePageStore extends PageStore implements LiveStore {
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #heardOf = new WeakSet<BaseDef>();
  readonly #savers = new WeakMap<BaseDef, CardSaver>();
  /** Savers with edits that the server does not have; they keep their cards here. */
  readonly #unsaved = new Set<CardSaver>();
  /** Savers whose edits search results shown here may not know; they keep their cards here too. */
  readonly #ahead = new Set<CardSaver>();
  /** Touched when another card has such edits, or has them no more. */
  readonly #aheadCell = new Cell();
  /** The age of the oldest answers that may still be shown. */
  #oldestAge = 0;
  readonly #saves = new SaveQueue();
  readonly #watched = new WatchedRealms((realm) => this.follow(realm));
  /** A definition changed, and edits that are not saved are in the way of starting afresh. */
  #isOutOfDate = false;
  #updating: Promise<void> = Promise.resolve();

  constructor() {
    const documents = new Documents({ keepFailures: false });
    const instances = new WeakIdentityMap((id) => documents.forget(id));
    super(documents, new Searches({ isVisit: false }), instances);
    addEventListener("pagehide", () => void this.flush());
  }

  override remember(id: string, instance: BaseDef): void {
    super.remember(id, instance);
    if (this.#heardOf.has(instance)) return;
    this.#heardOf.add(instance);
    subscribeToChanges(instance, (card, path) => this.#saverOf(cardIdentity(id), card).touch(path));
  }

  /** The realms a query-backed field of `owner` shows are followed while `owner` is here. */
  watch(owner: BaseDef, realms: string[]): void {
    this.#watched.add(owner, realms);
  }

  /** The fields of a card whose values here are newer than any document's. */
  editedFields(card: BaseDef): ReadonlySet<string> {
    return this.#savers.get(card)?.editedFields ?? NOTHING;
  }

  /** Saves and announcements so far. A save ends when the index knows of it. */
  get age(): number {
    return this.#saves.changes;
  }

  withEdits(found: BaseDef[], { query, realms }: Asked, age: number): BaseDef[] {
    this.#aheadCell.consume();
    if (this.#ahead.size === 0) return found;
    const asked = new Set(realms.map((realm) => realURL(realm)));
    const edited = [...this.#ahead]
      .filter((saver) => saver.isAheadOf(age) && asked.has(realmOf(saver.id)))
      .map(({ card }) => card)
      .filter((card) => this.peek(card.id) === card);
    return edited.length > 0 ? withEdits(found, edited, query) : found;
  }

  saveState(id: string): SaveState {
    return this.#saverAt(id)?.state ?? { status: "saved" };
  }

  async flush(id?: string): Promise<void> {
    const savers = id === undefined ? [...this.#unsaved] : [this.#saverAt(id)];
    await Promise.all(savers.map((saver) => saver?.flush()));
  }

  async takeTheirs(id: string): Promise<void> {
    await this.#saverAt(id)?.takeTheirs();
  }

  async keepMine(id: string): Promise<void> {
    await this.#saverAt(id)?.keepMine();
  }

  follow(realm: string): () => void {
    return follow(realm, (event) => {
      // One after the other: an announcement may be about what the last one brought.
      this.#updating = this.#updating.then(() => this.#heard(realm, event)).catch(console.error);
    });
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #heard(realm: string, event: RealmEvent): Promise<void> {
    switch (event.kind) {
      case "indexed":
        return this.#indexed(realm, event.invalidations, event.invalidations.some(isModuleFile));
      case "missed":
        return this.#indexed(
          realm,
          [...this.instances.entries()].map(([id]) => id),
          true,
        );
      case "connection":
        return this.#tell({ kind: "connection", realm, isOpen: event.isOpen });
      case "progress":
        return this.#tell({ kind: "progress", realm, done: event.done, total: event.total });
    }
  }

  async #indexed(realm: string, invalidations: string[], mayBeOutdated: boolean): Promise<void> {
    this.#saves.realmChanged();
    const { age } = this;
    this.searches.forget();
    this.#isOutOfDate ||= mayBeOutdated && (await loader.isOutdated());
    if (this.#isOutOfDate) await this.flush();
    if (!this.#startAfresh()) {
      await this.#reload(invalidations.map((each) => cardIdentity(each)));
      await this.#answerQueriesAgain(realm);
    }
    this.#answeredAt(age);
    this.#tell({ kind: "indexed", realm, invalidations });
  }

  /** Let go of every instance, if a definition changed and nothing is to be saved any more. */
  #startAfresh(): boolean {
    if (!this.#isOutOfDate || [...this.#unsaved].some((saver) => !saver.isGone)) return false;
    this.#isOutOfDate = false;
    for (const [id] of this.instances.entries()) this.documents.forget(id);
    this.instances.clear();
    // A form may still show an instance of before: what is typed there is saved as ever.
    loader.forgetVersions();
    this.#tell({ kind: "definitions-changed" });
    return true;
  }

  /**
   * What query-backed fields show may be other cards by now. The server answers the
   * fields of every card together, in the cards' own documents; only a card whose
   * values here are not the server's asks for itself.
   */
  async #answerQueriesAgain(realm: string): Promise<void> {
    const asking = [...this.instances.entries()].filter(([, instance]) =>
      queriedRealms(instance).has(realm),
    );
    const saved = new Map(asking.filter(([, card]) => !this.#savers.get(card)?.isUnsaved));
    for (const [id, card] of asking) if (!saved.has(id)) refreshQueries(card);
    const documents = await this.inFlight.track(this.documents.fresh([...saved.keys()]));
    for (const [id, card] of saved) {
      const document = documents.get(id);
      if (document) await this.inFlight.track(reseedQueries(card, document));
      else refreshQueries(card);
    }
  }

  /**
   * Answers are of this age by now, but for those that unsaved cards still ask for
   * themselves: these are of the last announcement's until the next one.
   */
  #answeredAt(age: number): void {
    for (const saver of this.#ahead) {
      if (!saver.isAheadOf(this.#oldestAge)) this.#ahead.delete(saver);
    }
    this.#oldestAge = age;
  }

  async #reload(changed: string[]): Promise<void> {
    const outcomes = await Promise.all(
      changed.map(async (id) => {
        this.documents.forget(id);
        const instance = this.instances.get(id);
        return instance ? this.#update(id, instance) : "absent";
      }),
    );
    const idsThat = (outcome: string) => changed.filter((_, index) => outcomes[index] === outcome);
    if (outcomes.includes("reloaded")) this.#tell({ kind: "reloaded", ids: idsThat("reloaded") });
    if (outcomes.includes("removed")) this.#tell({ kind: "removed", ids: idsThat("removed") });
  }

  async #update(
    id: string,
    instance: BaseDef,
  ): Promise<"reloaded" | "current" | "removed" | "unreachable"> {
    const saver = this.#savers.get(instance);
    try {
      if (saver) return (await this.inFlight.track(saver.catchUp())) ? "reloaded" : "current";
      const resource = await this.inFlight.track(this.documents.get(id));
      await this.#refill(instance, { data: resource });
      return "reloaded";
    } catch (error) {
      if ((error as { status?: number }).status !== 404) return "unreachable";
      this.instances.delete(id);
      return "removed";
    }
  }

  async #refill(instance: BaseDef, document: CardDocument): Promise<void> {
    await this.inFlight.track(updateFromSerialized(instance, document, { store: this }));
  }

  #saverAt(id: string): CardSaver | undefined {
    for (const saver of this.#unsaved) if (saver.id === id) return saver;
    const instance = this.peek(id);
    return instance && this.#savers.get(instance);
  }

  #saverOf(id: string, instance: BaseDef): CardSaver {
    const known = this.#savers.get(instance);
    if (known) return known;
    const saver: CardSaver = new CardSaver(instance, {
      saves: this.#saves,
      refill: (document) => this.#refill(instance, document),
      stateChanged: (state) => {
        if (saver.isUnsaved) this.#unsaved.add(saver);
        else this.#unsaved.delete(saver);
        this.#noteAhead(saver);
        this.#tell({ kind: "save-state", id, state });
        if (this.#isOutOfDate)
          this.#updating = this.#updating.then(() => void this.#startAfresh()).catch(console.error);
      },
    });
    this.#savers.set(instance, saver);
    return saver;
  }

  #noteAhead(saver: CardSaver): void {
    const isAhead = saver.isAheadOf(this.#oldestAge);
    if (isAhead === this.#ahead.has(saver)) return;
    if (isAhead) this.#ahead.add(saver);
    else this.#ahead.delete(saver);
    this.#aheadCell.touch();
  }

  #tell(event: StoreEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
