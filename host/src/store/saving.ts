/**
 * Saving one edited card: after a pause in typing, and never over someone else's change.
 *
 * An edit shows at once. Only the fields a person touched are sent, each whole, on
 * condition that the server's card is still the one they were touched on. When it is
 * not, the fields are compared: a change to other fields is no conflict, is shown, and
 * the save goes on; a change to the same ones waits for the person's decision. A refusal
 * that typing can mend leaves the edit where it is; one that it cannot mend takes the
 * edit back.
 */

import {
  type BaseDef,
  computedPaths,
  originOf,
  serializeCard,
  setOrigin,
} from "../card-api/index.ts";
import type { CardDocument, Resource } from "../card-api/store-seam.ts";
import { messageOf } from "../loader/loader.ts";
import { reached } from "../loader/reached.ts";
import type { SaveQueue } from "./save-queue.ts";
import type { SaveState } from "./store.ts";
import { fieldOf, isSameField, isSameResource, partOf, storedOf, withFields } from "./versions.ts";

const PAUSE_MS = 500;
const RETRY_MS = 5_000;
const KEEPALIVE_LIMIT = 60_000;
/** Pauses before a card that somebody else just wrote is read again for the same save. */
const PATIENCE_MS = [0, 100, 400, 1_000];
/** Nothing one could type makes these go away: there is no right to write. */
const FINAL = new Set([401, 403, 405]);
/** The card is not there: what was typed is not thrown away, for it may come back. */
const GONE = new Set([404, 410]);
/** The server is busy, does not know yet, or somebody else was faster each time. */
const PASSING = new Set([408, 412, 425, 429]);
const MEDIA_TYPE = "application/vnd.card+json";

/** A card as the server had it, and the tag that names that version. */
interface Version {
  resource: Resource;
  etag: string;
}

/** Edited fields, each with the version it was edited on, where that is known. */
type Edits = Map<string, Resource | undefined>;

/** The card as it was sent, and as the server has it since. */
interface Saved {
  sent: Resource;
  version: Version;
}

/** The server said no, in its own words. */
export class Refusal extends Error {
  readonly status: number;
  readonly pointer: string | undefined;

  constructor(status: number, detail: string, pointer?: string) {
    super(detail);
    this.status = status;
    this.pointer = pointer;
  }
}

export interface Saving {
  saves: SaveQueue;
  /** Bring the instance up to date with a newer document; edited fields stay as they are. */
  refill(document: CardDocument): Promise<void>;
  stateChanged(state: SaveState): void;
}

export class CardSaver {
  state: SaveState = { status: "saved" };
  /** There is nothing to save into: the card was deleted. */
  isGone = false;
  readonly #card: BaseDef;
  readonly #with: Saving;
  readonly #requestId = crypto.randomUUID();
  #touched: Edits = new Map();
  /** What the save under way has taken along. */
  #sending: Edits = new Map();
  /** The card as it was sent last, if nobody knows whether that save arrived. */
  #unanswered: Resource | undefined;
  /** The server's card as it was read or saved last. */
  #version: Version | undefined;
  /** How much had happened when it was. */
  #versionAge = -1;
  /** The tag of what the card shows, edits apart. */
  #shownTag: string | undefined;
  /** How much had happened when the last save had ended, and the index knew of it. */
  #savedAge = -1;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> | undefined;

  constructor(card: BaseDef, saving: Saving) {
    this.#card = card;
    this.#with = saving;
  }

  get id(): string {
    return this.#card.id;
  }

  get card(): BaseDef {
    return this.#card;
  }

  /** Whether the card here differs from the server's. */
  get isUnsaved(): boolean {
    return this.#touched.size > 0 || this.#sending.size > 0;
  }

  /** Whether the card here has edits that an answer asked at `age` may not know. */
  isAheadOf(age: number): boolean {
    return this.isUnsaved || age < this.#savedAge;
  }

  /** The fields whose values here are newer than those of any document. */
  get editedFields(): ReadonlySet<string> {
    return new Set([...this.#touched.keys(), ...this.#sending.keys()]);
  }

  /** A field was edited: save once the typing pauses. */
  touch(path: string): void {
    const field = fieldOf(path);
    if (!this.#touched.has(field)) this.#touched.set(field, originOf(this.#card));
    if (this.state.status === "conflict") return;
    this.#become({ status: "unsaved" });
    this.#saveIn(PAUSE_MS);
  }

  /** Save now; resolves when the save has ended, well or not. */
  async flush(): Promise<void> {
    clearTimeout(this.#pause);
    await this.#saving;
    if (this.#touched.size > 0 && this.state.status !== "conflict") await this.#start();
  }

  /** Save over whatever the server has by now. */
  async keepMine(): Promise<void> {
    const { resource } = await this.#theirs();
    for (const field of this.#touched.keys()) this.#touched.set(field, resource);
    this.#become({ status: "unsaved" });
    await this.flush();
  }

  /** Forget the edits and show the server's card. */
  async takeTheirs(): Promise<void> {
    const theirs = await this.#theirs();
    clearTimeout(this.#pause);
    this.#touched.clear();
    await this.#show(theirs);
    // What was typed while the card was being filled is an edit of theirs.
    this.#become({ status: this.#touched.size > 0 ? "unsaved" : "saved" });
    if (this.#touched.size > 0) this.#saveIn(PAUSE_MS);
  }

  /**
   * Show what others changed; false when the server's card is the one that is shown.
   * Rejects when it cannot be had.
   */
  catchUp(): Promise<boolean> {
    // In turn with the saves: an answer from before a save would show what was there before.
    return this.#with.saves.run(async () => {
      const theirs = await this.#theirs();
      if (theirs.etag === this.#shownTag) return false;
      await this.#show(theirs);
      return true;
    });
  }

  async #show({ resource, etag }: Version): Promise<void> {
    await this.#with.refill({ data: resource });
    this.#shownTag = etag;
  }

  #saveIn(milliseconds: number): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.flush(), milliseconds);
  }

  #start(): Promise<void> {
    this.#saving = this.#with.saves
      .run(() => this.#save())
      .finally(() => {
        this.#saving = undefined;
        if (this.#touched.size > 0 && this.state.status === "unsaved") this.#saveIn(PAUSE_MS);
      });
    return this.#saving;
  }

  async #save(): Promise<void> {
    this.#sending = this.#touched;
    this.#touched = new Map();
    this.#become({ status: "saving" });
    try {
      const saved = await this.#send();
      if (!saved) return this.#conflict();
      await this.#saved(saved);
    } catch (error) {
      this.#takeBackUnsent();
      // Whether it arrived is to be seen.
      this.#version = undefined;
      await this.#fail(error);
      return;
    }
    this.#become({ status: this.#touched.size > 0 ? "unsaved" : "saved" });
  }

  /** What was sent and what came of it; undefined when someone else changed the same fields. */
  async #send(): Promise<Saved | undefined> {
    for (const patience of PATIENCE_MS) {
      // The server may not have looked at a file yet that was written beside it.
      if (patience > 0) await new Promise((resolve) => setTimeout(resolve, patience));
      const { resource, etag } = await this.#current();
      const mine = serializeCard(this.#card).data;
      // A save whose answer was lost has left there what it sent; one has typed on over that.
      for (const field of this.#sending.keys()) {
        const lost = this.#unanswered;
        if (lost && this.#isSameField(lost, resource, field)) this.#sending.set(field, resource);
      }
      const isFree = [...this.#sending].every(
        ([field, origin]) =>
          this.#isSameField(origin ?? resource, resource, field) ||
          this.#isSameField(mine, resource, field),
      );
      if (!isFree) return undefined;
      this.#unanswered = mine;
      const response = await this.#patch(mine, etag);
      if (response.status !== 412) return { sent: mine, version: await versionIn(response) };
      this.#version = undefined;
    }
    throw new Refusal(412, "The card was changed by others each time it was about to be saved.");
  }

  /** The server's card. A version from before other saves and announcements may be an old one. */
  async #current(): Promise<Version> {
    if (this.#version && this.#versionAge === this.#with.saves.changes) return this.#version;
    return this.#theirs();
  }

  #patch(mine: Resource, etag: string): Promise<Response> {
    const data = partOf(mine, this.#sending.keys());
    const body = JSON.stringify({ data });
    const answer = fetch(this.#card.id, {
      method: "PATCH",
      headers: {
        Accept: MEDIA_TYPE,
        "Content-Type": MEDIA_TYPE,
        "If-Match": etag,
        "X-Boxel-Client-Request-Id": this.#requestId,
      },
      body,
      // The page may be closing; the save still arrives.
      keepalive: body.length < KEEPALIVE_LIMIT,
    });
    return reached(answer);
  }

  async #saved({ sent, version }: Saved): Promise<void> {
    this.#unanswered = undefined;
    this.isGone = false;
    this.#with.saves.realmChanged();
    this.#savedAge = this.#with.saves.changes;
    this.#know(version);
    const shown = withFields(originOf(this.#card) ?? version.resource, sent, this.#sending.keys());
    setOrigin(this.#card, shown);
    // page: sends a name, and the server waits for its index
    // another: writes names into the file, the same one or others, before the index reads it
    // page: is answered with theirs, and has typed on over what it sent
    for (const field of this.#touched.keys()) {
      if (this.#sending.has(field)) this.#touched.set(field, shown);
    }
    for (const field of this.#sending.keys()) {
      if (!this.#isSameField(shown, version.resource, field)) this.#sending.delete(field);
    }
    if (isSameResource(this.#stored(shown), this.#stored(version.resource))) {
      setOrigin(this.#card, version.resource);
      this.#shownTag = version.etag;
    } else {
      await this.#show(version).catch(console.error);
    }
    this.#sending = new Map();
  }

  /** What is computed, here or there, is nobody's change. */
  #stored(version: Resource): Resource {
    return storedOf(version, computedPaths(this.#card));
  }

  #isSameField(a: Resource, b: Resource, field: string): boolean {
    return isSameField(this.#stored(a), this.#stored(b), field);
  }

  async #theirs(): Promise<Version> {
    const answer = fetch(this.#card.id, { headers: { Accept: MEDIA_TYPE }, cache: "no-cache" });
    const version = await versionIn(await reached(answer));
    this.#know(version);
    return version;
  }

  #know(version: Version): void {
    this.#version = version;
    this.#versionAge = this.#with.saves.changes;
  }

  #conflict(): void {
    this.#takeBackUnsent();
    this.#become({ status: "conflict", message: "Someone else changed this card meanwhile." });
  }

  /** What was not saved is to be saved still, on top of what it was edited on. */
  #takeBackUnsent(): void {
    this.#touched = new Map([...this.#touched, ...this.#sending]);
    this.#sending = new Map();
  }

  async #fail(error: unknown): Promise<void> {
    const { status, pointer } = (error ?? {}) as Partial<Refusal>;
    this.isGone = status !== undefined && GONE.has(status);
    const isTakenBack = status !== undefined && FINAL.has(status) && (await this.#takeBack());
    // A refusal stands until something is edited; a server out of reach may come back.
    const isRetried = status === undefined || status >= 500 || PASSING.has(status);
    const message = isRetried ? `${messageOf(error)} It is tried again.` : messageOf(error);
    this.#become({ status: "failed", message, pointer, isTakenBack });
    if (isRetried) this.#saveIn(RETRY_MS);
  }

  /** Show the card as the server last had it; false when that was never known. */
  async #takeBack(): Promise<boolean> {
    const origin = originOf(this.#card);
    if (!origin) return false;
    this.#touched.clear();
    await this.#with.refill({ data: origin });
    return true;
  }

  #become(state: SaveState): void {
    this.state = state;
    this.#with.stateChanged(state);
  }
}

async function versionIn(response: Response): Promise<Version> {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const [error] = body.errors ?? [];
    const detail = error?.detail ?? `The server answered ${response.status}.`;
    throw new Refusal(response.status, detail, error?.source?.pointer);
  }
  return { resource: body.data, etag: response.headers.get("ETag") ?? "*" };
}
