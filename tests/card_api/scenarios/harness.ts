// What scenarios use: a store that keeps documents in memory, a place to render, assertions.
import {
  CardLoadError,
  createFromSerialized,
  identifyCard,
  renderCard,
} from '@realmkit/card-api';

export const REALM = 'http://cards.test/zoo/';

// The store of a page without a server. `documents` are what could be loaded; `loads` what was.
export class MemoryStore {
  documents: Record<string, any> = {};
  failures: Record<string, { status: number; title: string; message: string }> = {};
  results: any[] = [];
  loads: string[] = [];
  tracked = 0;
  watched: string[][] = [];
  total: number | undefined;
  errors: any[] = [];
  searches: { field: string; query: any; realms: string[] | undefined }[] = [];
  cards = new Map<string, any>();
  #work = new Set<Promise<unknown>>();
  #classes = new Map<string, any>();

  constructor(...classes: any[]) {
    for (let cls of classes) {
      let { module, name } = identifyCard(cls)!;
      this.#classes.set(`${module}/${name}`, cls);
    }
  }

  peek(id: string) {
    return this.cards.get(id);
  }

  remember(id: string, card: any) {
    this.cards.set(id, card);
  }

  async load(id: string) {
    this.loads.push(id);
    let { failures, documents } = this;
    if (failures[id]) throw new CardLoadError({ id, ...failures[id] });
    let resource = documents[id];
    if (!resource) {
      throw new CardLoadError({ id, status: 404, title: 'Not Found', message: `${id} was not found.` });
    }
    return createFromSerialized(resource, undefined, id, { store: this });
  }

  track(work: Promise<unknown>) {
    this.tracked++;
    let done = () => this.#work.delete(work);
    this.#work.add(work);
    work.then(done, done);
  }

  async search(_owner: any, field: string, query: any, realms: string[] | undefined) {
    this.searches.push({ field, query, realms });
    return { cards: this.results, total: this.total ?? this.results.length, errors: this.errors };
  }

  watch(_owner: any, realms: string[]) {
    this.watched.push(realms);
  }

  async loadClass(ref: { module: string; name: string }) {
    let cls = this.#classes.get(`${ref.module}/${ref.name}`);
    if (!cls) throw new Error(`no class ${ref.name}`);
    return cls;
  }

  async settled() {
    while (this.#work.size > 0) await Promise.allSettled([...this.#work]);
    await rendered();
  }

  // The instance of a resource whose class is `cls`.
  async card(cls: any, parts: Record<string, any> = {}, included: any[] = []): Promise<any> {
    let data = resource(cls, parts);
    return createFromSerialized(data, { data, included }, REALM, { store: this });
  }
}

export function resource(cls: any, { id, attributes, relationships, fields }: Record<string, any>): any {
  return {
    type: 'card',
    ...(id ? { id } : {}),
    attributes: attributes ?? {},
    relationships: relationships ?? {},
    meta: { adoptsFrom: identifyCard(cls), ...(fields ? { fields } : {}) },
  };
}

// A `links.search` as the server writes it: members sorted, everything encoded.
export function searchURL(query: any, ...realms: string[]) {
  let text = JSON.stringify(sorted(query));
  return `${realms[0]}_search?realms=${realms.join(',')}&query=${encodeURIComponent(text)}`;
}

function sorted(node: any): any {
  if (Array.isArray(node)) return node.map(sorted);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.keys(node).sort().map((key) => [key, sorted(node[key])]));
}

// As in a prerender page, from here to the end of the scenario.
export function prerender() {
  globalThis.__boxelRenderContext = true;
}

// What `console.warn` was told meanwhile.
export function warnings(): string[] {
  let heard: string[] = [];
  console.warn = (...args) => heard.push(args.join(' '));
  return heard;
}

export function link(self: string | null) {
  return { links: { self } };
}

export function at(path: string) {
  return `${REALM}${path}`;
}

const WRITER = { permissions: { canRead: true, canWrite: true } };

// Render and answer the element; `writable` gives it a permissions provider.
export function show(card: any, format: any, { writable = false } = {}): any {
  let element: any = document.createElement('div');
  document.body.append(element);
  element.rendering = renderCard(card, { format, element, ...(writable ? WRITER : {}) });
  return element;
}

// Whatever was changed is on screen after this.
export async function rendered() {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

export function type(input: HTMLInputElement, text: string) {
  input.value = text;
  input.dispatchEvent(new InputEvent('input', { bubbles: true }));
}

export function text(element: Element): string {
  return element.textContent!.replace(/\s+/g, ' ').trim();
}

export function equal(actual: unknown, expected: unknown, what = 'value') {
  let [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

export function same(actual: unknown, expected: unknown, what = 'object') {
  if (actual !== expected) throw new Error(`${what} is not the same: ${String(actual)}, ${String(expected)}`);
}

export function ok(value: unknown, what: string) {
  if (!value) throw new Error(`not true: ${what}`);
}

export async function throws(work: () => unknown, ...words: string[]) {
  try {
    await work();
  } catch (error: any) {
    for (let word of words) {
      if (!error.message.includes(word)) throw new Error(`"${error.message}" does not say "${word}"`);
    }
    return;
  }
  throw new Error(`nothing was thrown (${words.join(', ')})`);
}
