/**
 * The files behind a card: its document and the source of its definition.
 */

import { highlight } from "./highlight.ts";
import { build, type CardData } from "./hooks.ts";
import { ask, SOURCE } from "./requests.ts";

interface SourceFile {
  name: string;
  url: string;
}

export class SourceView {
  readonly element: HTMLElement;
  readonly #tabs: HTMLElement;
  readonly #code = build("code");
  readonly #files: SourceFile[];
  #shown: SourceFile;

  constructor(card: CardData) {
    this.#files = filesOf(card);
    this.#shown = this.#files[0]!;
    this.#tabs = build("div", { class: "rk-source-tabs" });
    this.#tabs.setAttribute("role", "tablist");
    const pre = build("pre", { class: "rk-code" }, this.#code);
    pre.tabIndex = 0;
    this.element = build("div", { class: "rk-source" }, this.#tabs, pre);
    for (const file of this.#files) {
      const tab = build("button", { text: file.name });
      tab.setAttribute("role", "tab");
      tab.addEventListener("click", () => void this.#choose(file));
      this.#tabs.append(tab);
    }
    void this.#choose(this.#shown);
  }

  /** Read the shown file again, because it has changed. */
  async refresh(): Promise<void> {
    await this.#choose(this.#shown);
  }

  async #choose(file: SourceFile): Promise<void> {
    this.#shown = file;
    this.#files.forEach((other, index) => {
      this.#tabs.children[index]!.ariaSelected = String(other === file);
    });
    try {
      const response = await ask(file.url, { headers: { Accept: SOURCE }, cache: "no-cache" });
      const text = await response.text();
      if (this.#shown !== file) return;
      this.#code.replaceChildren(...highlight(text, file.name));
    } catch (error) {
      this.#code.textContent = (error as Error).message;
    }
  }
}

function filesOf(card: CardData): SourceFile[] {
  const document = { name: nameIn(card.realmURL, `${card.id}.json`), url: `${card.id}.json` };
  const path = card.definitionPath;
  if (path) return [document, { name: path, url: card.realmURL + path }];
  const module = card.typeKey.slice(0, card.typeKey.lastIndexOf("/"));
  if (!module) return [document];
  // The server finds the extension; the base realm lies beside the others.
  const url = module.replace(/^@cardstack\/base\//, new URL("/base/", card.realmURL).href);
  return [document, { name: `${nameIn(card.realmURL, url)}.gts`, url }];
}

function nameIn(realmURL: string, url: string): string {
  return url.startsWith(realmURL) ? url.slice(realmURL.length) : new URL(url).pathname.slice(1);
}
