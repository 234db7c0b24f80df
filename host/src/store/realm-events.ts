/**
 * What happens in a realm, heard over its event stream.
 *
 * A browser keeps few connections to one server and a stream holds one, so all
 * listeners of a realm share it, and a page nobody looks at gives it back. The
 * stream begins where the page was made, whenever it is opened, for what was shown
 * until then may be as old; and it goes on where it was left. Where that is too long
 * ago, or not known, listeners hear `missed` and look again.
 */

export interface IndexEvent {
  kind: "indexed";
  isFull: boolean;
  /** Ids of the cards, and URLs of the modules, whose artefacts changed. */
  invalidations: string[];
}

export interface ProgressEvent {
  kind: "progress";
  done: number;
  total: number;
}

export type RealmEvent =
  | IndexEvent
  | ProgressEvent
  | { kind: "missed" }
  | { kind: "connection"; isOpen: boolean };

type Listener = (event: RealmEvent) => void;

const HIDDEN_PATIENCE_MS = 30_000;
const RETRY_MS = 5_000;
const streams = new Map<string, RealmStream>();

/** Where the logs were when the first page was made here that may show cards of the realms. */
const beginnings = new Map<string, number>();

/** Streams that are opened from now on miss nothing that happened after these seqs. */
export function beginAt(seqs: Record<string, number>): void {
  for (const [realmURL, seq] of Object.entries(seqs)) {
    // Cards and answers from before the last page may still be shown.
    if (!beginnings.has(realmURL)) beginnings.set(realmURL, seq);
  }
}

/** Hear a realm's events after `seq`, or where it begins, until the returned function is called. */
export function follow(realmURL: string, listener: Listener, seq?: number | null): () => void {
  const stream = streams.get(realmURL) ?? new RealmStream(realmURL, beginnings.get(realmURL));
  streams.set(realmURL, stream);
  stream.add(listener, seq ?? undefined);
  return () => stream.remove(listener);
}

class RealmStream {
  readonly #url: string;
  readonly #listeners = new Set<Listener>();
  #source: EventSource | undefined;
  #seq: string | undefined;
  /** Given back before anything was heard, so what happened meanwhile cannot be asked for. */
  #isBlind = false;
  #givingBack: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(realmURL: string, beginning: number | undefined) {
    this.#url = `${realmURL}_events`;
    if (beginning !== undefined) this.#seq = String(beginning);
  }

  add(listener: Listener, seq: number | undefined): void {
    this.#listeners.add(listener);
    if (this.#listeners.size > 1) return;
    // Cards that an earlier page left may still be shown, so what it heard last counts if it is older.
    if (seq !== undefined && (this.#seq === undefined || seq < Number(this.#seq))) {
      this.#seq = String(seq);
      this.#isBlind = false;
    }
    document.addEventListener("visibilitychange", this.#minds);
    this.#open();
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    document.removeEventListener("visibilitychange", this.#minds);
    clearTimeout(this.#givingBack);
    this.#close();
  }

  #minds = (): void => {
    clearTimeout(this.#givingBack);
    if (document.hidden) {
      this.#givingBack = setTimeout(() => this.#close(), HIDDEN_PATIENCE_MS);
    } else if (!this.#source) {
      this.#open();
    }
  };

  #open(): void {
    clearTimeout(this.#retry);
    const from = this.#seq === undefined ? "" : `?lastEventId=${this.#seq}`;
    const source = new EventSource(this.#url + from);
    let wasOpen = false;
    source.addEventListener("open", () => {
      if (this.#isBlind) this.#tell({ kind: "missed" });
      this.#isBlind = false;
      wasOpen = true;
      this.#tell({ kind: "connection", isOpen: true });
    });
    source.addEventListener("error", () => {
      if (wasOpen) this.#tell({ kind: "connection", isOpen: false });
      // The browser tries again by itself unless the server refused outright.
      if (source.readyState === EventSource.CLOSED) {
        this.#close();
        this.#retry = setTimeout(() => this.#open(), RETRY_MS);
      }
    });
    source.addEventListener("index", (message) => {
      this.#seq = message.lastEventId;
      const { indexType, invalidations } = JSON.parse(message.data) as WireIndexEvent;
      this.#tell({
        kind: "indexed",
        isFull: indexType === "full",
        invalidations: invalidations ?? [],
      });
    });
    source.addEventListener("progress", (message) => {
      const { done, total } = JSON.parse(message.data) as { done: number; total: number };
      this.#tell({ kind: "progress", done, total });
    });
    source.addEventListener("reset", (message) => {
      this.#seq = message.lastEventId;
      this.#tell({ kind: "missed" });
    });
    this.#source = source;
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#isBlind ||= this.#source !== undefined && this.#seq === undefined;
    this.#source?.close();
    this.#source = undefined;
  }

  #tell(event: RealmEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

interface WireIndexEvent {
  indexType: "incremental" | "full";
  invalidations?: string[];
}
