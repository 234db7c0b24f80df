/**
 * Saving one edited card: after a pause in typing, and never over someone else's change.
 *
 * An edit shows at once. Only the fields a person touched are sent, on condition that
 * the server's card is still the one they were touched on. When it is not, the fields
 * are compared: a change to other fields is no conflict and the save goes on; a change
 * to the same ones waits for the person's decision. A refusal that typing can mend
 * leaves the edit where it is; one that it cannot mend takes the edit back.
 */

import { type BaseDef, serializeCard } from "../card-api/index.ts";
import type { CardDocument, Relationship, Resource } from "../card-api/store-seam.ts";
import { messageOf } from "../loader/loader.ts";
import type { SaveQueue } from "./save-queue.ts";
import type { SaveState } from "./store.ts";

const PAUSE_MS = 500;
const RETRY_MS = 5_000;
const KEEPALIVE_LIMIT = 60_000;
/** Nothing one could type makes these go away: no right to write, or nothing to write to. */
const FINAL = new Set([401, 403, 404, 405, 410]);
/** The server is busy, or does not know yet. */
const PASSING = new Set([408, 425, 429]);
const MEDIA_TYPE = "application/vnd.card+json";

/** A card as the server had it, and the tag that names that version. */
interface Version {
  resource: Resource;
  etag: string;
}

/** The server said no, in its own words. */
class Refusal extends Error {
  readonly status: number;
  readonly pointer: string | undefined;

  constructor(status: number, detail: string, pointer?: string) {
    super(detail);
    this.status = status;
    this.pointer = pointer;
  }
}

export interface Saving {
  /** The document the instance was made from, where that is known. */
  origin: Resource | undefined;
  saves: SaveQueue;
  /** Bring the instance up to date with a newer document. */
  refill(document: CardDocument): Promise<void>;
  stateChanged(state: SaveState): void;
}

export class CardSaver {
  state: SaveState = { status: "saved" };
  readonly #card: BaseDef;
  readonly #with: Saving;
  readonly #requestId = crypto.randomUUID();
  #touched = new Set<string>();
  /** What the touched fields were touched on. */
  #origin: Resource | undefined;
  #etag: string | undefined;
  /** How much had happened when the tag was read. */
  #etagAge = -1;
  /** Someone else changed other fields, and the instance does not show it yet. */
  #isBehind = false;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> | undefined;

  constructor(card: BaseDef, saving: Saving) {
    this.#card = card;
    this.#with = saving;
    this.#origin = saving.origin;
  }

  /** Whether the card here differs from the server's. */
  get isUnsaved(): boolean {
    return this.#touched.size > 0 || this.#saving !== undefined;
  }

  /** A field was edited: save once the typing pauses. */
  touch(path: string): void {
    this.#touched.add(path.split(".", 1)[0]!);
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
    this.#etag = undefined;
    this.#origin = (await this.#theirs()).resource;
    this.#become({ status: "unsaved" });
    await this.flush();
  }

  /** Forget the edits and show the server's card. */
  async takeTheirs(): Promise<void> {
    clearTimeout(this.#pause);
    this.#touched.clear();
    this.#etag = undefined;
    const { resource } = await this.#theirs();
    this.#origin = resource;
    await this.#with.refill({ data: resource });
    this.#become({ status: "saved" });
  }

  /** The server's card may have changed: whether it is another one than was saved last. */
  async isOutdated(): Promise<boolean> {
    if (this.#etag === undefined) return true;
    const etag = this.#etag;
    return (await this.#theirs()).etag !== etag;
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
    const touched = this.#touched;
    this.#touched = new Set();
    this.#become({ status: "saving" });
    try {
      if (!(await this.#isStillTheirs(touched))) return this.#conflict(touched);
      if (!(await this.#patch(touched))) return this.#conflict(touched);
    } catch (error) {
      for (const field of touched) this.#touched.add(field);
      await this.#fail(error);
      return;
    }
    this.#become({ status: this.#touched.size > 0 ? "unsaved" : "saved" });
  }

  // The first save of a card has no tag yet; other saves and announcements make tags old.
  async #isStillTheirs(touched: Set<string>): Promise<boolean> {
    if (this.#etag !== undefined && this.#etagAge === this.#with.saves.changes) return true;
    const { resource } = await this.#theirs();
    const origin = this.#origin ?? resource;
    const isSame = [...touched].every((field) => isSameField(origin, resource, field));
    if (!isSame) return false;
    this.#isBehind ||= !isSameResource(origin, resource, touched);
    this.#origin = resource;
    return true;
  }

  /** Send the touched fields; false when someone else changed the same ones. */
  async #patch(touched: Set<string>): Promise<boolean> {
    const data = partOf(serializeCard(this.#card).data, touched);
    const body = JSON.stringify({ data });
    const response = await fetch(this.#card.id, {
      method: "PATCH",
      headers: {
        Accept: MEDIA_TYPE,
        "Content-Type": MEDIA_TYPE,
        "If-Match": this.#etag!,
        "X-Boxel-Client-Request-Id": this.#requestId,
      },
      body,
      // The page may be closing; the save still arrives.
      keepalive: body.length < KEEPALIVE_LIMIT,
    });
    if (response.status === 412) {
      this.#etag = undefined;
      return (await this.#isStillTheirs(touched)) && this.#patch(touched);
    }
    const saved = await versionIn(response);
    this.#with.saves.realmChanged();
    this.#know(saved);
    this.#origin = saved.resource;
    if (this.#isBehind && this.#touched.size === 0) {
      this.#isBehind = false;
      await this.#with.refill({ data: saved.resource });
    }
    return true;
  }

  async #theirs(): Promise<Version> {
    const response = await fetch(this.#card.id, {
      headers: { Accept: MEDIA_TYPE },
      cache: "no-cache",
    });
    const version = await versionIn(response);
    this.#know(version);
    return version;
  }

  #know({ etag }: Version): void {
    this.#etag = etag;
    this.#etagAge = this.#with.saves.changes;
  }

  #conflict(touched: Set<string>): void {
    for (const field of touched) this.#touched.add(field);
    this.#become({ status: "conflict", message: "Someone else changed this card meanwhile." });
  }

  async #fail(error: unknown): Promise<void> {
    const { status, pointer } = (error ?? {}) as Partial<Refusal>;
    const isTakenBack = status !== undefined && FINAL.has(status) && (await this.#takeBack());
    this.#become({ status: "failed", message: messageOf(error), pointer, isTakenBack });
    // A refusal stands until something is edited; a server out of reach may come back.
    if (status === undefined || status >= 500 || PASSING.has(status)) this.#saveIn(RETRY_MS);
  }

  /** Show the card as the server last had it; false when that was never known. */
  async #takeBack(): Promise<boolean> {
    if (!this.#origin) return false;
    this.#touched.clear();
    await this.#with.refill({ data: this.#origin });
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

/** The part of a resource that holds these fields, as a patch. */
function partOf(resource: Resource, fields: Set<string>): Resource {
  const part: Resource = { type: "card", id: resource.id, meta: { ...resource.meta } };
  const attributes: Record<string, unknown> = {};
  for (const field of fields) {
    const relationships = relationshipsOf(resource, field);
    if (Object.keys(relationships).length > 0) {
      part.relationships = { ...part.relationships, ...relationships };
    }
    if (resource.attributes && field in resource.attributes) {
      attributes[field] = resource.attributes[field];
    }
  }
  if (Object.keys(attributes).length > 0) part.attributes = attributes;
  return part;
}

/** A field's relationships: its own, its items' and those of what it contains. */
function relationshipsOf(resource: Resource, field: string): Record<string, Relationship> {
  const entries = Object.entries(resource.relationships ?? {});
  return Object.fromEntries(
    entries.filter(([path]) => path === field || path.startsWith(`${field}.`)),
  );
}

function isSameField(a: Resource, b: Resource, field: string): boolean {
  return (
    isSame(a.attributes?.[field], b.attributes?.[field]) &&
    isSame(linksOf(a, field), linksOf(b, field))
  );
}

function isSameResource(a: Resource, b: Resource, except: Set<string>): boolean {
  const fields = new Set([
    ...Object.keys(a.attributes ?? {}),
    ...Object.keys(b.relationships ?? {}).map((path) => path.split(".", 1)[0]!),
  ]);
  return [...fields].every((field) => except.has(field) || isSameField(a, b, field));
}

function linksOf(resource: Resource, field: string): Record<string, string | null> {
  const links: Record<string, string | null> = {};
  for (const [path, relationship] of Object.entries(relationshipsOf(resource, field))) {
    const self = relationship.links?.self;
    // An empty link may be written or left out.
    if (self) links[path] = self;
  }
  return links;
}

/** JSON equality in which an absent member and null are the same. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isSame((a as any)[key], (b as any)[key]));
}
