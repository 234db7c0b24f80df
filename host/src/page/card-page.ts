/**
 * A card, first as the server drew it, then alive.
 *
 * The prerendered HTML stays until the live card has rendered and come to rest
 * behind it; then the two change places. When the card cannot come alive (its
 * definition is broken, say), the HTML stays with a notice, and the next change
 * in the realm is another chance. View, edit, formats and source are modes of
 * one page and share its address but for `?show=`.
 */

import { confirmDeletion } from "./deletion.ts";
import {
  announce,
  build,
  type CardData,
  hook,
  maybeHook,
  replaceParts,
  type View,
} from "./hooks.ts";
import type { LiveCard, LiveEvent } from "./live-card.ts";
import { askAgain, go } from "./navigation.ts";
import { follow, type RealmEvent } from "./realm-events.ts";
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
  readonly #endings = new AbortController();
  #mode: Mode = "view";
  #live: LiveCard | undefined;
  #waking: Promise<void> | undefined;
  #source: SourceView | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(main: HTMLElement, data: CardData) {
    this.#data = data;
    this.#card = hook("card", main);
    this.#panels.set("view", hook("sheet", main));
    const { signal } = this.#endings;
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    addEventListener("beforeunload", (event) => this.#closing(event), { signal });
    const unfollow = follow(data.realmURL, (event) => this.#realmChanged(event));
    signal.addEventListener("abort", unfollow);
    this.#waking = this.#wake();
    void this.#show(modeOf(new URL(location.href)));
  }

  accept(url: URL): boolean {
    if (url.origin + url.pathname !== this.#data.id) return false;
    void this.#show(modeOf(url));
    return true;
  }

  leave(): void {
    clearTimeout(this.#settling);
    this.#endings.abort();
    this.#live?.leave();
  }

  /** Load the card and put its live rendering in the place of the prerendered one. */
  async #wake(): Promise<void> {
    try {
      const { LiveCard } = await import("./live-card.ts");
      const live = await LiveCard.open(this.#data.id, this.#data.realmURL);
      if (this.#endings.signal.aborted) return live.leave();
      const sheet = this.#panels.get("view")!;
      const rendering = await live.render("isolated", sheet);
      if (this.#endings.signal.aborted) return live.leave();
      this.#live?.leave();
      this.#live = live;
      rendering.takePlace();
      sheet.dataset.realmkitLive = "";
      live.subscribe((event) => this.#heard(event));
    } catch (error) {
      if (this.#endings.signal.aborted) return;
      delete this.#panels.get("view")!.dataset.realmkitLive;
      this.#explain(error as Error);
    } finally {
      this.#waking = undefined;
    }
  }

  // The server's own notice says more (file, line); this one is for what only the browser knows.
  #explain(error: Error): void {
    if (maybeHook("problem")) return;
    const notice = build(
      "div",
      { class: "rk-notice", data: { realmkitProblem: "" } },
      build("p", { class: "rk-notice-title", text: "This card is shown as it last rendered" }),
      build("p", { class: "rk-notice-detail", text: error.message }),
    );
    notice.setAttribute("role", "alert");
    document.querySelector('[data-realmkit-part="problem"]')?.replaceChildren(notice);
  }

  async #show(mode: Mode): Promise<void> {
    this.#mode = mode === "edit" && !this.#data.isWritable ? "view" : mode;
    for (const link of document.querySelectorAll<HTMLElement>("[data-realmkit-mode]")) {
      link.ariaCurrent = link.dataset.realmkitMode === this.#mode ? "true" : null;
    }
    if (this.#mode === "edit" || this.#mode === "formats") await this.#waking;
    if (mode !== this.#mode && mode !== "edit") return;
    const panel = this.#panels.get(this.#mode) ?? (await this.#makePanel(this.#mode));
    this.#panels.set(this.#mode, panel);
    for (const [name, other] of this.#panels) other.hidden = name !== this.#mode;
  }

  async #makePanel(mode: Mode): Promise<HTMLElement> {
    if (mode === "source") {
      this.#source = new SourceView(this.#data);
      this.#card.append(this.#source.element);
      return this.#source.element;
    }
    const panel = build("div", { data: { realmkitSheet: mode } });
    this.#card.append(panel);
    if (!this.#live) {
      panel.className = "rk-sheet rk-paper";
      panel.append(
        build("p", {
          class: "rk-empty rk-empty-page",
          text: "This card cannot be shown this way until it is mended. Its source can still be read.",
        }),
      );
      return panel;
    }
    if (mode === "formats") {
      panel.className = "rk-panel";
      await this.#live.renderFormats(panel);
    } else {
      await this.#makeForm(panel, this.#live);
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
        this.#rewake();
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
    const isBroken = maybeHook("problem") !== null;
    if (this.#live && !isBroken) return;
    const fresh = page.querySelector("[data-realmkit-static]");
    const shown = maybeHook("static", this.#panels.get("view")!);
    if (fresh && shown) shown.replaceChildren(...document.importNode(fresh, true).childNodes);
    if (!isBroken) this.#rewake();
  }

  #rewake(): void {
    this.#waking ??= this.#wake().then(() => this.#remakePanels());
  }

  // Forms and previews were made of the old definition.
  async #remakePanels(): Promise<void> {
    for (const mode of ["edit", "formats"] as const) {
      this.#panels.get(mode)?.remove();
      this.#panels.delete(mode);
    }
    this.#waking = undefined;
    if (this.#mode === "edit" || this.#mode === "formats") await this.#show(this.#mode);
  }

  #sayRemoved(): void {
    showNoSaving();
    const notice = build(
      "div",
      { class: "rk-notice", data: { realmkitProblem: "" } },
      build("p", { class: "rk-notice-title", text: "This card was deleted" }),
      build("p", { class: "rk-notice-detail", text: "What you see is how it looked." }),
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
