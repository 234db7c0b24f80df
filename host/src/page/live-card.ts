/**
 * One card, loaded and rendered by the card engine.
 *
 * The only part of the page that knows the engine and the store; it is imported
 * when a card's page wakes.
 */

import "../runtime/main.ts";
import { type BaseDef, type Rendering, renderCard } from "../card-api/index.ts";
import { liveStore } from "../store/live-store.ts";
import type { SaveState, StoreEvent } from "../store/store.ts";
import { build, type CardData } from "./hooks.ts";
import { go } from "./navigation.ts";

export type LiveEvent =
  | { kind: "save-state"; state: SaveState }
  | { kind: "removed" }
  | { kind: "definitions-changed" };

type Format = "isolated" | "edit" | "embedded" | "fitted" | "atom";

/** Long enough for what a card loads, short enough that a slow one is seen at work. */
const REST_PATIENCE_MS = 4000;
const IMAGE_PATIENCE_MS = 800;

const FITTED_SIZES: [string, number, number][] = [
  ["Tall tile", 170, 250],
  ["Tile", 250, 170],
  ["Badge", 150, 105],
  ["Strip", 400, 65],
];

// A render that throws leaves Glimmer half-way through its work, and no later one
// in this document can be relied on. What is on screen stays; the next card to be
// opened gets a new document.
let isSpoilt = false;

export class LiveCard {
  readonly #id: string;
  readonly #isWritable: boolean;
  readonly #instance: BaseDef;
  readonly #renderings = new Set<{ rendering: Rendering; element: HTMLElement }>();

  private constructor(card: CardData, instance: BaseDef) {
    this.#id = card.id;
    this.#isWritable = card.isWritable;
    this.#instance = instance;
  }

  /** Load a card. Rejects when it or its definition cannot be had. */
  static async open(card: CardData): Promise<LiveCard> {
    if (isSpoilt) location.reload();
    return new LiveCard(card, await liveStore().load(card.id));
  }

  get isUnsaved(): boolean {
    return liveStore().saveState(this.#id).status !== "saved";
  }

  /** Render in `place`, unseen until it is at rest and `takePlace` is called. */
  async render(
    format: Format,
    place: HTMLElement,
    patience = REST_PATIENCE_MS,
  ): Promise<{ takePlace(): void }> {
    const element = build("div", { class: "rk-waiting-card" });
    place.append(element);
    try {
      this.#draw(format, element);
      await Promise.race([liveStore().settled(), pause(patience)]);
      await Promise.race([imagesOf(element), pause(Math.min(patience, IMAGE_PATIENCE_MS))]);
    } catch (error) {
      element.remove();
      throw error;
    }
    return { takePlace: () => takePlace(element, place) };
  }

  /** Every other format of the card, at the sizes cards are commonly fitted to. */
  async renderFormats(place: HTMLElement): Promise<void> {
    const fits = build("div", { class: "rk-fits" });
    place.append(build("h2", { text: "Fitted" }), fits);
    for (const [name, width, height] of FITTED_SIZES) {
      const fit = build("div", { class: "rk-fit rk-paper" });
      fit.title = `${name}, ${width} × ${height}`;
      fit.style.cssText = `width:${width}px;height:${height}px`;
      fits.append(fit);
      this.#draw("fitted", fit);
    }
    for (const [format, title] of [
      ["embedded", "Embedded"],
      ["atom", "Atom"],
    ] as const) {
      const fit = build("div", { class: "rk-fit-free rk-paper" });
      if (format === "atom") fit.classList.add("rk-fit-line");
      place.append(build("h2", { text: title }), fit);
      this.#draw(format, fit);
    }
    await liveStore().settled();
  }

  keepMine(): Promise<void> {
    return liveStore().keepMine(this.#id);
  }

  takeTheirs(): Promise<void> {
    return liveStore().takeTheirs(this.#id);
  }

  flush(): Promise<void> {
    return liveStore().flush(this.#id);
  }

  /** Save what is unsaved and take down every rendering. */
  leave(): void {
    if (this.isUnsaved) void this.flush();
    for (const { rendering, element } of this.#renderings) {
      rendering.destroy();
      element.remove();
    }
    this.#renderings.clear();
  }

  #draw(format: Format, element: HTMLElement): void {
    try {
      const rendering = renderCard(this.#instance, {
        format,
        element,
        permissions: { canRead: true, canWrite: this.#isWritable },
        crud: {
          viewCard: (card: BaseDef | URL | string) => go(addressOf(card)),
          editCard: (card: BaseDef | URL | string) => go(`${addressOf(card)}?show=edit`),
          saveCard: () => this.flush(),
        },
      });
      this.#renderings.add({ rendering, element });
    } catch (error) {
      isSpoilt = true;
      throw error;
    }
  }
}

/** Hear what the store learns of a card, loaded or not, until the returned function is called. */
export function watchCard(card: CardData, listener: (event: LiveEvent) => void): () => void {
  const stops = [
    liveStore().follow(card.realmURL),
    liveStore().subscribe((event) => {
      const news = newsOf(card.id, event);
      if (news) listener(news);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function newsOf(id: string, event: StoreEvent): LiveEvent | null {
  switch (event.kind) {
    case "save-state":
      return event.id === id ? { kind: "save-state", state: event.state } : null;
    case "removed":
      return event.ids.includes(id) ? { kind: "removed" } : null;
    case "definitions-changed":
      return { kind: "definitions-changed" };
    default:
      return null;
  }
}

function addressOf(card: BaseDef | URL | string): string {
  return typeof card === "string" ? card : card instanceof URL ? card.href : card.id;
}

/** Show `element` and take away what was there, keeping focus on the same link. */
function takePlace(element: HTMLElement, place: HTMLElement): void {
  const focused = [...place.children]
    .filter((child) => child !== element)
    .flatMap((child) => [...child.querySelectorAll("a[href], button, input")])
    .indexOf(document.activeElement!);
  for (const child of [...place.children]) if (child !== element) child.remove();
  element.classList.remove("rk-waiting-card");
  if (focused >= 0) {
    element
      .querySelectorAll<HTMLElement>("a[href], button, input")
      [focused]?.focus({ preventScroll: true });
  }
}

async function imagesOf(element: HTMLElement): Promise<void> {
  const images = Array.from(element.querySelectorAll("img"));
  await Promise.allSettled(images.map((image) => image.decode()));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
