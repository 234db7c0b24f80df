/**
 * The hooks the server leaves in its HTML, and what it tells the script.
 *
 * The server's templates are the only place where a page's structure is
 * written. The script finds its way through `data-realmkit-*` attributes and
 * never builds again what the server has already sent.
 */

export interface HomeData {
  kind: "home";
  realms: { url: string; seq: number | null }[];
}

export interface RealmData {
  kind: "realm";
  realmURL: string;
  /** The realm's log just before the page was made: events after it are news. */
  seq: number | null;
  isWritable: boolean;
  search: string;
  typeKey: string;
  /** The `_search` body of the unfiltered listing. */
  query: SearchBody;
  total: number;
  /** What to say where no tiles are. */
  whyEmpty: Record<"unmatched" | "unmatchedYet" | "indexing" | "idle", string>;
}

export interface CardData {
  kind: "card";
  id: string;
  realmURL: string;
  /** The logs of this server's realms just before the page was made. */
  seqs: Record<string, number>;
  title: string;
  typeKey: string;
  isWritable: boolean;
  /** Realm-relative path of the definition's source, if the server knows it. */
  definitionPath: string | null;
  /** URL of the card or module in error, if the card is. */
  problem: string | null;
}

export interface ErrorData {
  kind: "error";
  realmURL: string | null;
}

export type PageData = HomeData | RealmData | CardData | ErrorData;

export interface SearchBody {
  filter?: unknown;
  sort?: unknown[];
  page: { number: number; size: number };
  html: { format: string };
}

/** What takes over one page. `leave` is called before the next page is shown. */
export interface View {
  /** True when this view shows `url` itself, without a new page from the server. */
  accept?(url: URL): boolean;
  leave(): void;
}

export function readData(root: ParentNode): PageData {
  const element = root.querySelector("script[data-realmkit-data]");
  return JSON.parse(element?.textContent ?? '{"kind":"error","realmURL":null}') as PageData;
}

/** The element marked `data-realmkit-<name>`, which the server's template always has. */
export function hook<T extends HTMLElement = HTMLElement>(
  name: string,
  root: ParentNode = document,
): T {
  const element = maybeHook<T>(name, root);
  if (!element) throw new Error(`The page has no data-realmkit-${name}.`);
  return element;
}

export function maybeHook<T extends HTMLElement = HTMLElement>(
  name: string,
  root: ParentNode = document,
): T | null {
  return root.querySelector<T>(`[data-realmkit-${name}]`);
}

/** Replace the parts of the page that `next` has in another version, such as counts. */
export function replaceParts(next: ParentNode, names: string[]): void {
  for (const name of names) {
    const selector = `[data-realmkit-part="${name}"]`;
    const [old, fresh] = [document.querySelector(selector), next.querySelector(selector)];
    if (old && fresh && old.innerHTML !== fresh.innerHTML) {
      old.replaceChildren(...document.importNode(fresh, true).childNodes);
    }
  }
}

/**
 * Say something to people who cannot see the change, and show it for a moment, unless
 * whoever sees the page sees it anyway.
 */
export function announce(message: string, { isPlain = false } = {}): void {
  const element = hook("announcer");
  element.classList.toggle("rk-hidden", isPlain);
  element.textContent = message;
  setTimeout(() => {
    if (element.textContent === message) element.textContent = "";
  }, 4000);
}

/** A message's words, with what stands between backticks as code. */
export function marked(message: string): Node[] {
  const pieces = message.split("`");
  if (pieces.length % 2 === 0) return [new Text(message)];
  return pieces.map((piece, index) =>
    index % 2 ? build("code", { text: piece }) : new Text(piece),
  );
}

export function build<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: { class?: string; text?: string; data?: Record<string, string> } = {},
  ...children: Node[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (properties.class) element.className = properties.class;
  if (properties.text !== undefined) element.textContent = properties.text;
  Object.assign(element.dataset, properties.data);
  element.append(...children);
  return element;
}
