/**
 * A card, first as the server drew it, then alive.
 *
 * The prerendered HTML stays until the live card has rendered and come to rest
 * behind it; then the two change places. When the card cannot come alive (its
 * definition is broken, say), the HTML stays with a notice, and the next change
 * in the realm is another chance. View, edit, formats and source are modes of
 * one page and share its address but for `?show=`.
 */

import { beginAt, follow, type RealmEvent } from "../store/realm-events.ts";
import { confirmDeletion } from "./deletion.ts";
import {
  announce,
  build,
  type CardData,
  hook,
  marked,
  maybeHook,
  replaceParts,
  type View,
} from "./hooks.ts";
import type { LiveCard, LiveEvent } from "./live-card.ts";
import { askAgain, go } from "./navigation.ts";
import { showNoSaving, showSaving } from "./saving.ts";
import { SourceView } from "./source-view.ts";

type Mode = "view" | "edit" | "formats" | "source";

const SETTLING_MS = 200;

export function mountCard(main: HTMLElement, data: CardData): View {
  return new CardPage(main, data);
}

class CardPage implements View {
  readonly #data: CardData;
  readonly #card: HTMLElement;
  readonly #panels = new Map<Mode, HTMLElement>();
  /** Those whose panels say why they cannot be shown. */
  readonly #failed = new Set<Mode>();
  readonly #endings = new AbortController();
  #mode: Mode = "view";
  #waking: Promise<void> = Promise.resolve();
  #opening: Promise<LiveCard> | undefined;
  /** Counts the definitions this page has seen; a card loaded under another is of no use. */
  #edition = 0;
  #live: LiveCard | undefined;
  #source: SourceView | undefined;
  /** The card is not in the realm: what is shown is how it looked. */
  #isRemoved = false;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #unwatch: (() => void) | undefined;

  constructor(main: HTMLElement, data: CardData) {
    this.#data = data;
    this.#card = hook("card", main);
    this.#panels.set("view", hook("sheet", main));
    const { signal } = this.#endings;
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    addEventListener("beforeunload", (event) => this.#closing(event), { signal });
    beginAt(data.seqs);
    const seq = data.seqs[data.realmURL];
    const unfollow = follow(data.realmURL, (event) => this.#realmChanged(event), seq);
    signal.addEventListener("abort", unfollow);
    void this.#show(modeOf(new URL(location.href)));
    void this.#wake();
  }

  accept(url: URL): boolean {
    if (url.origin + url.pathname !== this.#data.id) return false;
    void this.#show(modeOf(url));
    return true;
  }

  leave(): void {
    clearTimeout(this.#settling);
    this.#endings.abort();
    this.#unwatch?.();
    this.#live?.leave();
  }

  /** Put the card's live rendering in the place of the prerendered one. */
  #wake(): Promise<void> {
    // One after the other: two renderings that change places with each other leave nothing.
    this.#waking = this.#waking.then(() => this.#wakeOnce());
    return this.#waking;
  }

  async #wakeOnce(): Promise<void> {
    const sheet = this.#panels.get("view")!;
    // What did not render for the index will not render here; the last good HTML stays.
    if ("realmkitLive" in sheet.dataset || maybeHook("problem")) return;
    try {
      const live = await this.#open();
      // Where there is nothing to read yet, a card still at work is better than none.
      const isBare = maybeHook("bare", sheet) !== null;
      const rendering = await live.render("isolated", sheet, isBare ? 0 : undefined);
      if (live !== this.#live) return;
      rendering.takePlace();
      sheet.dataset.realmkitLive = "";
      // What could not be shown while the definition was broken can be by now.
      if (this.#forget(this.#failed)) void this.#show(this.#mode);
    } catch (error) {
      if (this.#endings.signal.aborted) return;
      delete sheet.dataset.realmkitLive;
      this.#explain(error as Error);
    }
  }

  /** The loaded card. Rejects when it or its definition cannot be had. */
  #open(): Promise<LiveCard> {
    this.#opening ??= this.#load(this.#edition);
    return this.#opening;
  }

  async #load(edition: number): Promise<LiveCard> {
    try {
      const { LiveCard, watchCard } = await import("./live-card.ts");
      this.#endings.signal.throwIfAborted();
      this.#unwatch ??= watchCard(this.#data, (event) => this.#heard(event));
      const live = await LiveCard.open(this.#data);
      this.#endings.signal.throwIfAborted();
      // The definition changed while the card was loading: this one is of the old.
      if (edition !== this.#edition) return await this.#open();
      this.#live = live;
      return live;
    } catch (error) {
      if (edition === this.#edition) this.#opening = undefined;
      throw error;
    }
  }

  // The server's own notice says more (file, line); this one is for what only the browser knows.
  #explain(error: Error): void {
    if (maybeHook("problem")) return;
    const notice = build(
      "div",
      { class: "rk-notice", data: { realmkitExplained: "" } },
      build("p", { class: "rk-notice-title", text: "This card is shown as it last rendered" }),
      build("p", { class: "rk-notice-detail" }, ...marked(error.message)),
    );
    notice.setAttribute("role", "alert");
    document.querySelector('[data-realmkit-part="problem"]')?.replaceChildren(notice);
  }

  async #show(asked: Mode): Promise<void> {
    const mode = asked === "edit" && !this.#data.isWritable ? "view" : asked;
    this.#mode = mode;
    for (const link of document.querySelectorAll<HTMLElement>("[data-realmkit-mode]")) {
      link.ariaCurrent = link.dataset.realmkitMode === mode ? "true" : null;
    }
    const panel = this.#panels.get(mode) ?? (await this.#makePanel(mode));
    // Someone may have gone on to another mode, or made the same panel, meanwhile.
    if (this.#panels.has(mode) && this.#panels.get(mode) !== panel) panel.remove();
    else this.#panels.set(mode, panel);
    for (const [name, other] of this.#panels) other.hidden = name !== this.#mode;
  }

  async #makePanel(mode: Mode): Promise<HTMLElement> {
    if (mode === "source") {
      this.#source = new SourceView(this.#data);
      this.#card.append(this.#source.element);
      return this.#source.element;
    }
    const panel = build("div", { data: { realmkitSheet: mode } });
    panel.hidden = true;
    this.#card.append(panel);
    try {
      const live = await this.#open();
      if (mode === "formats") {
        panel.className = "rk-panel";
        await live.renderFormats(panel);
      } else {
        await this.#makeForm(panel, live);
      }
    } catch (error) {
      this.#failed.add(mode);
      panel.className = "rk-sheet rk-paper";
      panel.replaceChildren(
        build(
          "p",
          { class: "rk-empty rk-empty-page" },
          ...marked(`This card cannot be shown this way yet. ${(error as Error).message}`),
        ),
      );
    }
    return panel;
  }

  async #makeForm(panel: HTMLElement, live: LiveCard): Promise<void> {
    const sheet = build("div", { class: "rk-sheet rk-paper" });
    const remove = build("button", {
      class: "rk-button",
      text: "Delete this card…",
      data: { kind: "quiet", size: "small" },
    });
    remove.addEventListener("click", () => confirmDeletion(this.#data));
    const foot = build(
      "div",
      { class: "rk-edit-foot rk-panel" },
      build("span", { text: "Changes are saved as you type." }),
      remove,
    );
    panel.append(sheet, foot);
    (await live.render("edit", sheet)).takePlace();
  }

  #heard(event: LiveEvent): void {
    switch (event.kind) {
      case "save-state":
        showSaving(event.state, {
          keepMine: () => this.#live!.keepMine(),
          takeTheirs: () => this.#live!.takeTheirs(),
        });
        break;
      case "removed":
        this.#sayRemoved();
        break;
      case "definitions-changed":
        void this.#reopen();
        break;
    }
  }

  /** The index may have a new word on this card: show it, and the card if it is not alive. */
  #realmChanged(event: RealmEvent): void {
    const isNews =
      event.kind === "missed" ||
      (event.kind === "indexed" && (event.isFull || event.invalidations.includes(this.#data.id)));
    if (!isNews) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#lookAgain(), SETTLING_MS);
  }

  async #lookAgain(): Promise<void> {
    const page = await askAgain(this.#endings.signal).catch(() => null);
    if (!page || this.#endings.signal.aborted) return;
    void this.#source?.refresh();
    if (!page.querySelector("[data-realmkit-card]")) {
      this.#sayRemoved();
      return;
    }
    replaceParts(page, ["problem", "trail"]);
    document.title = page.title;
    if (this.#isRemoved) await this.#comeBack();
    const isAlive = "realmkitLive" in this.#panels.get("view")!.dataset;
    if (isAlive) return;
    const fresh = page.querySelector("[data-realmkit-static]");
    const shown = maybeHook("static", this.#panels.get("view")!);
    if (fresh && shown) shown.replaceChildren(...document.importNode(fresh, true).childNodes);
    await this.#wake();
  }

  /** A definition changed: load the card anew, and make again what was made of the old one. */
  async #reopen(): Promise<void> {
    this.#freeze();
    this.#live?.leave();
    this.#live = this.#opening = undefined;
    this.#edition += 1;
    maybeHook("explained")?.remove();
    this.#forget(["edit", "formats"]);
    await Promise.all([this.#wake(), this.#show(this.#mode)]);
  }

  /** Take these panels away, so that they are made again; false when there are none. */
  #forget(modes: Iterable<Mode>): boolean {
    const forgotten = [...modes].filter((mode) => this.#panels.has(mode));
    for (const mode of forgotten) {
      this.#panels.get(mode)!.remove();
      this.#panels.delete(mode);
      this.#failed.delete(mode);
    }
    return forgotten.length > 0;
  }

  /** The card is there again: save what was typed meanwhile, and show what there is. */
  async #comeBack(): Promise<void> {
    this.#isRemoved = false;
    if (this.#live?.isUnsaved) await this.#live.flush();
    if (!this.#live?.isUnsaved) await this.#reopen();
  }

  /** Keep what the view shows as plain HTML while there is no live card behind it. */
  #freeze(): void {
    const sheet = this.#panels.get("view")!;
    if (!("realmkitLive" in sheet.dataset)) return;
    delete sheet.dataset.realmkitLive;
    const shown = sheet.lastElementChild!.cloneNode(true) as HTMLElement;
    shown.dataset.realmkitStatic = "";
    sheet.prepend(shown);
  }

  #sayRemoved(): void {
    this.#isRemoved = true;
    if (!this.#live?.isUnsaved) showNoSaving();
    const notice = build(
      "div",
      { class: "rk-notice", data: { realmkitProblem: "" } },
      build("p", { class: "rk-notice-title", text: "This card was deleted" }),
      build("p", {
        class: "rk-notice-detail",
        text: "What you see is how it looked. What you type is saved only if it comes back.",
      }),
    );
    notice.setAttribute("role", "alert");
    document.querySelector('[data-realmkit-part="problem"]')?.replaceChildren(notice);
    announce("This card was deleted.");
  }

  #pressed(event: KeyboardEvent): void {
    const isWriting = (event.target as HTMLElement).matches(
      "input, textarea, select, [contenteditable]",
    );
    if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
    if (
      event.key === "Escape" &&
      this.#mode !== "view" &&
      !document.querySelector("dialog[open]")
    ) {
      void go(this.#data.id);
    } else if (event.key === "e" && !isWriting && this.#mode === "view" && this.#data.isWritable) {
      event.preventDefault();
      void go(`${this.#data.id}?show=edit`);
    } else if (event.key === "/" && !isWriting) {
      event.preventDefault();
      void go(this.#data.realmURL);
    }
  }

  #closing(event: BeforeUnloadEvent): void {
    if (!this.#live?.isUnsaved) return;
    void this.#live.flush();
    event.preventDefault();
  }
}

function modeOf(url: URL): Mode {
  const asked = url.searchParams.get("show");
  return asked === "edit" || asked === "formats" || asked === "source" ? asked : "view";
}
