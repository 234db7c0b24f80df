/**
 * Tiles of prerendered fitted HTML, made from search results.
 *
 * A tile that is still wanted and looks the same keeps its element, so nothing
 * flickers, focus stays where it is, and only what changed is marked as fresh.
 */

import { hook } from "./hooks.ts";
import { useStylesheets } from "./stylesheets.ts";

/** A card in the answer to a search that asked for `html`. */
export interface FoundCard {
  id: string;
  attributes?: Record<string, unknown>;
  meta: {
    html: string | null;
    styles?: string[];
    displayName?: string;
    error?: { title?: string; detail?: string; message?: string };
  };
}

export class Tiles {
  readonly #list: HTMLElement;
  readonly #shown = new Map<string, string>();

  constructor(list: HTMLElement) {
    this.#list = list;
    for (const tile of this.#all()) this.#shown.set(tile.dataset.realmkitTile!, "");
  }

  get count(): number {
    return this.#shown.size;
  }

  /** Show exactly these cards, in this order. */
  async show(cards: FoundCard[], { isUpdate = false } = {}): Promise<void> {
    await useStylesheets(cards.flatMap((card) => card.meta.styles ?? []));
    const old = new Map(this.#all().map((tile) => [tile.dataset.realmkitTile!, tile]));
    const wanted = cards.map((card) => this.#tileFor(card, old.get(card.id), isUpdate));
    const keep = new Set(wanted);
    for (const tile of old.values()) if (!keep.has(tile)) tile.remove();
    wanted.forEach((tile, index) => {
      if (this.#list.children[index] !== tile) {
        this.#list.insertBefore(tile, this.#list.children[index] ?? null);
      }
    });
    this.#shown.clear();
    for (const card of cards) this.#shown.set(card.id, lookOf(card));
  }

  /** Show more cards after the ones there are. */
  async append(cards: FoundCard[]): Promise<void> {
    await useStylesheets(cards.flatMap((card) => card.meta.styles ?? []));
    for (const card of cards) {
      if (this.#shown.has(card.id)) continue;
      this.#list.append(this.#tileFor(card, undefined, false));
      this.#shown.set(card.id, lookOf(card));
    }
  }

  #tileFor(card: FoundCard, old: HTMLElement | undefined, isUpdate: boolean): HTMLElement {
    const look = lookOf(card);
    if (!old) return freshTile(card, isUpdate);
    const known = this.#shown.get(card.id);
    // Tiles the server drew are compared by what they show.
    const isSame = known ? known === look : faceOf(old) === faceOf(freshTile(card, false));
    if (isSame) return old;
    const fresh = freshTile(card, isUpdate);
    if (old.contains(document.activeElement)) {
      queueMicrotask(() => fresh.querySelector<HTMLElement>(".rk-tile-link")?.focus());
    }
    return fresh;
  }

  #all(): HTMLElement[] {
    return Array.from(this.#list.querySelectorAll<HTMLElement>(":scope > [data-realmkit-tile]"));
  }
}

/** The title a card is listed under. */
export function titleOf(card: FoundCard): string {
  const title = card.attributes?.cardTitle ?? card.attributes?.title;
  return typeof title === "string" && title ? title : (card.id.split("/").at(-1) ?? card.id);
}

function freshTile(card: FoundCard, isUpdate: boolean): HTMLElement {
  const template = hook<HTMLTemplateElement>("tile-template");
  const tile = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
  const link = tile.querySelector<HTMLAnchorElement>(".rk-tile-link")!;
  const face = tile.querySelector<HTMLElement>(".rk-tile-face")!;
  const [title, typeName, error] = [titleOf(card), card.meta.displayName ?? "", card.meta.error];
  tile.dataset.realmkitTile = card.id;
  if (isUpdate) tile.dataset.fresh = "";
  link.href = new URL(card.id).pathname;
  link.firstElementChild!.textContent = `${title}, ${typeName}${error ? `, in error: ${reasonOf(error)}` : ""}`;
  if (card.meta.html) {
    face.classList.add("rk-paper");
    face.innerHTML = card.meta.html;
  } else {
    face.classList.add("rk-tile-bare");
    face.append(line("rk-tile-type", typeName), line("rk-tile-title", title));
  }
  if (error) {
    tile.dataset.error = "";
    const notice = document.createElement("p");
    notice.className = "rk-tile-error";
    notice.textContent = "In error";
    notice.title = reasonOf(error);
    notice.ariaHidden = "true";
    tile.append(notice);
  }
  return tile;
}

function line(className: string, text: string): HTMLElement {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

function reasonOf(error: NonNullable<FoundCard["meta"]["error"]>): string {
  return error.detail ?? error.message ?? error.title ?? "the server does not say why";
}

function lookOf(card: FoundCard): string {
  return JSON.stringify([card.meta.html, card.meta.error, titleOf(card)]);
}

function faceOf(tile: HTMLElement): string {
  return (
    (tile.textContent ?? "").replace(/\s+/g, " ") +
    (tile.querySelector(".rk-tile-face")?.innerHTML ?? "")
  );
}
