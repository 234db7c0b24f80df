/**
 * A realm's cards: searched as you type, filtered by type, paged, kept current.
 *
 * The address always names what is shown (`?q=`, `?type=`), so a reload, a
 * shared link and the back button show it again. One question is under way at a
 * time: a newer one cancels it, and an answer nobody waits for is never shown.
 */

import { follow, type RealmEvent } from "../store/realm-events.ts";
import {
  announce,
  hook,
  maybeHook,
  type RealmData,
  replaceParts,
  type SearchBody,
  type View,
} from "./hooks.ts";
import { askAgain, retitle } from "./navigation.ts";
import { chooseNewCard } from "./new-card.ts";
import { RealmStatus } from "./realm-status.ts";
import { API, ask, CARD } from "./requests.ts";
import { type FoundCard, Tiles } from "./tiles.ts";

const TYPING_PAUSE_MS = 150;
const SETTLING_MS = 250;
/** Of what people type, this much is looked for in texts. */
const MOST_CHARACTERS_ASKED = 200;
/** The most cards one look again asks for; further ones load as they are scrolled to. */
const MOST_REFRESHED = 480;

export function mountRealm(main: HTMLElement, data: RealmData): View {
  return new RealmPage(main, data);
}

class RealmPage implements View {
  readonly #data: RealmData;
  readonly #tiles: Tiles;
  readonly #input: HTMLInputElement;
  readonly #status: RealmStatus;
  readonly #endings = new AbortController();
  readonly #scrolled: IntersectionObserver;
  #search: string;
  #typeKey: string;
  #total: number;
  #question: AbortController | undefined;
  /** The last question failed: what is shown may answer an older one. */
  #isUnanswered = false;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(main: HTMLElement, data: RealmData) {
    this.#data = data;
    this.#search = data.search;
    this.#typeKey = data.typeKey;
    this.#total = data.total;
    this.#tiles = new Tiles(hook("tiles", main));
    this.#status = new RealmStatus(data.realmURL);
    const form = hook<HTMLFormElement>("search", main);
    this.#input = form.elements.namedItem("q") as HTMLInputElement;
    const { signal } = this.#endings;
    this.#input.addEventListener("input", () => this.#typed(), { signal });
    form.addEventListener("submit", (event) => this.#submitted(event), { signal });
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    main.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.#scrolled = new IntersectionObserver(
      (seen) => {
        if (seen.some((entry) => entry.isIntersecting)) void this.#more();
      },
      { rootMargin: "600px" },
    );
    this.#watchMore();
    const unfollow = follow(data.realmURL, (event) => this.#heard(event), data.seq);
    signal.addEventListener("abort", unfollow);
  }

  accept(url: URL): boolean {
    if (url.origin + url.pathname !== this.#data.realmURL) return false;
    this.#search = url.searchParams.get("q") ?? "";
    this.#typeKey = url.searchParams.get("type") ?? "";
    if (document.activeElement !== this.#input) this.#input.value = this.#search;
    this.#markType();
    void this.#answer();
    return true;
  }

  leave(): void {
    clearTimeout(this.#typing);
    clearTimeout(this.#settling);
    this.#question?.abort();
    this.#scrolled.disconnect();
    this.#endings.abort();
  }

  #typed(): void {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#searchFor(this.#input.value), TYPING_PAUSE_MS);
  }

  #submitted(event: Event): void {
    event.preventDefault();
    clearTimeout(this.#typing);
    this.#searchFor(this.#input.value);
  }

  #searchFor(words: string): void {
    if (words.trim() === this.#search && !this.#isUnanswered) return;
    this.#search = words.trim();
    retitle(this.#address());
    void this.#answer();
  }

  #address(): URL {
    const url = new URL(this.#data.realmURL);
    if (this.#search) url.searchParams.set("q", this.#search);
    if (this.#typeKey) url.searchParams.set("type", this.#typeKey);
    return url;
  }

  #pressed(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const isWriting = target.matches("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !isWriting && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      this.#input.select();
    } else if (event.key === "Escape" && target === this.#input) {
      if (this.#input.value) {
        this.#input.value = "";
        clearTimeout(this.#typing);
        this.#searchFor("");
      } else {
        this.#input.blur();
      }
    } else if (event.key.startsWith("Arrow") && moveAmongTiles(target, event.key)) {
      event.preventDefault();
    }
  }

  #clicked(event: MouseEvent): void {
    const target = event.target as Element;
    if (target.closest("[data-realmkit-more]")) {
      event.preventDefault();
      void this.#more();
    } else if (target.closest("[data-realmkit-new]")) {
      chooseNewCard(this.#data.realmURL);
    }
  }

  /** Show the first page of what is asked for. */
  async #answer(): Promise<void> {
    const list = hook("tiles");
    list.ariaBusy = "true";
    const found = await this.#ask(0, this.#data.query.page.size);
    if (!found) {
      if (this.#isUnanswered) this.#tellFailure();
      return;
    }
    await this.#tiles.show(found);
    list.ariaBusy = null;
    this.#tell();
  }

  async #more(): Promise<void> {
    if (this.#tiles.count >= this.#total || this.#question) return;
    const { size } = this.#data.query.page;
    const found = await this.#ask(Math.floor(this.#tiles.count / size), size);
    if (!found) return;
    await this.#tiles.append(found);
    this.#tell();
  }

  /** Look again at all that is shown: something in the realm has changed. */
  async #lookAgain(): Promise<void> {
    const { size } = this.#data.query.page;
    const wanted = Math.min(Math.max(this.#tiles.count, size), MOST_REFRESHED);
    const [found, page] = await Promise.all([
      this.#ask(0, Math.ceil(wanted / size) * size),
      askAgain(this.#endings.signal).catch(() => null),
    ]);
    if (page) {
      replaceParts(page, ["meta", "problems", "types", "files"]);
      this.#markType();
    }
    if (!found) return;
    await this.#tiles.show(found, { isUpdate: true });
    this.#tell();
  }

  /** The cards asked for; null when a newer question made this one pointless. */
  async #ask(number: number, size: number): Promise<FoundCard[] | null> {
    this.#question?.abort();
    const question = new AbortController();
    this.#question = question;
    const body = {
      ...this.#data.query,
      ...filterFor(this.#search, this.#typeKey),
      page: { number, size },
    };
    try {
      const response = await ask(`${this.#data.realmURL}_search`, {
        method: "QUERY",
        headers: { Accept: CARD, "Content-Type": API },
        body: JSON.stringify(body),
        signal: question.signal,
      });
      const answer = (await response.json()) as {
        data: FoundCard[];
        meta: { page: { total: number } };
      };
      if (question.signal.aborted) return null;
      this.#total = answer.meta.page.total;
      this.#isUnanswered = false;
      return answer.data;
    } catch (error) {
      if (question.signal.aborted) return null;
      this.#isUnanswered = true;
      announce(`The search failed: ${(error as Error).message}`);
      return null;
    } finally {
      if (this.#question === question) this.#question = undefined;
    }
  }

  #tell(): void {
    const isFiltered = Boolean(this.#search || this.#typeKey);
    const cards = this.#total === 1 ? "1 card" : `${this.#total.toLocaleString("en")} cards`;
    const words = this.#search ? ` with “${this.#search}”` : "";
    hook("count").textContent = isFiltered ? cards + words : "";
    const empty = hook("empty");
    empty.hidden = this.#total > 0;
    const { isIndexing } = this.#status;
    const unmatched = isIndexing ? "unmatchedYet" : "unmatched";
    empty.textContent =
      this.#data.whyEmpty[isFiltered ? unmatched : isIndexing ? "indexing" : "idle"];
    this.#watchMore();
  }

  /** What is shown answers an older question. */
  #tellFailure(): void {
    hook("tiles").ariaBusy = null;
    hook("empty").hidden = true;
    hook("count").textContent = this.#search
      ? `The search for “${this.#search}” failed.`
      : "The search failed.";
  }

  #watchMore(): void {
    const more = maybeHook("more");
    if (!more) return;
    more.hidden = this.#tiles.count >= this.#total;
    // Watching anew makes the observer speak even when the button has not moved.
    this.#scrolled.disconnect();
    if (!more.hidden) this.#scrolled.observe(more);
  }

  #markType(): void {
    for (const link of document.querySelectorAll<HTMLAnchorElement>("[data-realmkit-type]")) {
      const isChosen = link.dataset.realmkitType === this.#typeKey;
      link.ariaCurrent = isChosen ? "true" : null;
      const url = new URL(link.href);
      if (this.#search) url.searchParams.set("q", this.#search);
      else url.searchParams.delete("q");
      link.href = url.href;
    }
  }

  #heard(event: RealmEvent): void {
    this.#status.hear(event);
    if (event.kind === "connection" && event.isOpen && this.#isUnanswered) void this.#answer();
    if (event.kind !== "indexed" && event.kind !== "missed") return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#lookAgain(), SETTLING_MS);
  }
}

/** The `filter` member for some words and a type; nothing when neither narrows. */
function filterFor(words: string, typeKey: string): Pick<SearchBody, "filter"> {
  const conditions: unknown[] = [];
  if (typeKey) {
    const slash = typeKey.lastIndexOf("/");
    conditions.push({ type: { module: typeKey.slice(0, slash), name: typeKey.slice(slash + 1) } });
  }
  // Whoever types has not finished the last word.
  const asked = `${words.slice(0, MOST_CHARACTERS_ASKED)}*`;
  if (words) conditions.push({ any: [{ contains: { _title: words } }, { matches: asked }] });
  if (conditions.length === 0) return {};
  return { filter: conditions.length === 1 ? conditions[0] : { every: conditions } };
}

/** Move focus from tile to tile as the arrows point; false when there is nowhere to go. */
function moveAmongTiles(from: HTMLElement, key: string): boolean {
  const tile = from.closest<HTMLElement>("[data-realmkit-tile]");
  if (!tile) return false;
  const all = Array.from(tile.parentElement!.querySelectorAll<HTMLElement>("[data-realmkit-tile]"));
  const columns = all.filter((other) => other.offsetTop === all[0]!.offsetTop).length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  const next = step === undefined ? undefined : all[all.indexOf(tile) + step];
  next?.querySelector<HTMLElement>(".rk-tile-link")?.focus();
  return next !== undefined;
}
