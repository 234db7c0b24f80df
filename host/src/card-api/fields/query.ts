/**
 * The value of a query-backed field: search results, kept per instance.
 *
 * A seed from a document comes first, in this order: the cards it brought, the ids
 * it named, its search. In a page that renders for the index a seed is final: ids
 * whose cards did not come along are loaded through the store, and nothing is
 * searched. In a page that lives, a seed is shown at once and counts as the answer
 * to its own question; a field whose values or realms ask another one searches,
 * and an announcement of the realm makes every answer an old one. Edits of this page
 * that an answer cannot know add to it and take from it where it is whole, because of
 * a page of many nobody here can tell what comes next. Results replace each other in
 * one array.
 */

import { cardIdentity, realmOf } from "../../loader/addresses.ts";
import { isRenderContext } from "../../loader/render-context.ts";
import type { BaseDef } from "../defs/base-def.ts";
import { IncludedCards } from "../documents/included.ts";
import { fieldSource } from "../documents/source.ts";
import { consume, hasState, holderOf, stateOf, touch, touchThisTurn } from "../state.ts";
import type { Asked, RealmError, Resource } from "../store-seam.ts";
import { rawOf } from "./contains-many.ts";
import { fieldsOf } from "./declare.ts";
import type { Field } from "./field.ts";
import { follow, isSentinel, type LinkSentinel, noteRead } from "./links.ts";
import { captureQueryFieldSeedData, type Item, QuerySeed, signatureOf } from "./query-seed.ts";
import { fillIn } from "./query-tokens.ts";
import { noteWaiting } from "./waiting.ts";

/** The server lists no more where a query names no page. */
const MOST_RESULTS = 500;

let isAddingEdits = false;

class QueryResults {
  readonly view: BaseDef[] = [];
  items: Item[] = [];
  /** Every match the server knows, not only those on this page of results. */
  found = 0;
  /** The same with the edits of this page. */
  total = 0;
  /** The question that the items answer, once it is known to be this field's. */
  answered: Asked | undefined;
  /** The store's age when it was asked. */
  age = 0;
  /** Whether the items are all there is. */
  isWhole = false;
  isLoading = false;
  /** Why the last search failed. */
  error: unknown;
  /** Realms that could not be asked; the others' results are here. */
  realmErrors: RealmError[] = [];
  /** What the items answer. */
  signature: string | undefined;
  /** The search under way whose answer counts; those before it are about older questions. */
  asking: object | undefined;
  /** What the document said, where it is still believed. */
  seed: QuerySeed | undefined;
  realms: string[] = [];
  /** The realms that the store was told of. */
  watched: string[] | undefined;
}

/** How a query-backed field stands: for placeholders, spinners and reports. */
export type QueryState = Readonly<
  Pick<QueryResults, "isLoading" | "error" | "realmErrors" | "total" | "seed" | "realms">
>;

export function isQuerySeed(value: unknown): value is QuerySeed {
  return value instanceof QuerySeed;
}

export function seedQuery(instance: BaseDef, field: Field, seed: QuerySeed): void {
  const results = resultsOf(instance, field);
  const { items, errors } = seed;
  const { number, size = MOST_RESULTS } = pageOf(field);
  // A document does not say what lies beyond its page.
  const isWhole = !number && items.length < size;
  const { age } = stateOf(instance).store ?? {};
  settle(results, { items, found: items.length, realmErrors: errors, isWhole, age });
  results.realms = seed.realms;
  results.seed = seed;
  results.signature = seed.signature(field);
}

/** The cards the field shows now. Starts the search, or the loads, that are due. */
export function readQuery(instance: BaseDef, field: Field): BaseDef[] {
  const results = resultsOf(instance, field);
  if (!(results.seed && isRenderContext())) ask(instance, field, results);
  watch(instance, results);
  if (results.isLoading) noteWaiting();
  const shown: BaseDef[] = [];
  for (const [at, item] of results.items.entries()) {
    if (isSentinel(item)) {
      const here = load(instance, field, results, item);
      if (!here) continue;
      results.items[at] = here;
      shown.push(here);
    } else {
      noteRead(instance, field, item);
      shown.push(item);
    }
  }
  if (isAddingEdits) {
    // Whether an edited card belongs here is being asked, and it reads what is here.
    noteWaiting();
    return shown;
  }
  const all = withEdits(instance, results, shown);
  results.total = results.found + all.length - shown.length;
  results.view.splice(0, results.view.length, ...all.slice(0, pageOf(field).size));
  return results.view;
}

/** Every answer of the instance, and of the values it contains, is an old one by now. */
export function refreshQueries(instance: BaseDef): void {
  for (const { holder } of holdersIn(instance)) {
    const { queries } = stateOf(holder);
    if (queries.size === 0) continue;
    for (const results of queries.values() as Iterable<QueryResults>) {
      results.seed = undefined;
      results.signature = undefined;
    }
    touch(holder);
  }
}

/** The realms whose cards the instance's query-backed fields show. */
export function queriedRealms(instance: BaseDef): Set<string> {
  const realms = new Set<string>();
  for (const { holder } of holdersIn(instance)) {
    for (const results of stateOf(holder).queries.values() as Iterable<QueryResults>) {
      for (const realm of results.realms) realms.add(realm);
    }
  }
  return realms;
}

/** Take the answers that a newer document of the instance carries; search for the others. */
export async function reseedQueries(instance: BaseDef, resource: Resource): Promise<void> {
  const { store } = stateOf(instance);
  if (!store) return;
  const document = new IncludedCards({ data: resource }, store);
  const source = { relativeTo: instance.id, document, store, authoredReferences: new Map() };
  const relationships = new Map(Object.entries(resource.relationships ?? {}));
  const seeds = [...holdersIn(instance)].flatMap(({ holder, prefix }) =>
    [...stateOf(holder).queries.keys()].map(async (name) => {
      const field = fieldsOf(holder.constructor as typeof BaseDef).get(name)!;
      const part = fieldSource(source, `${prefix}${name}`, undefined, relationships, undefined);
      return { holder, field, seed: await captureQueryFieldSeedData(field, part) };
    }),
  );
  const captured = await Promise.all(seeds);
  // All at once, so that nothing is rendered, and searched, in between.
  refreshQueries(instance);
  for (const { holder, field, seed } of captured) if (seed) seedQuery(holder, field, seed);
}

export function queryStateOf(instance: BaseDef, name: string): QueryState | undefined {
  return consume(instance).queries.get(name) as QueryResults | undefined;
}

type Answer = Pick<
  QueryResults,
  "items" | "found" | "error" | "realmErrors" | "answered" | "age" | "isWhole"
>;

/** Take an answer, whatever is still under way. */
function settle(results: QueryResults, answer: Partial<Answer>): void {
  const nothing: Answer = {
    items: [],
    found: 0,
    error: undefined,
    realmErrors: [],
    answered: undefined,
    age: 0,
    isWhole: false,
  };
  Object.assign(results, nothing, answer, { isLoading: false, asking: undefined });
  results.total = results.found;
}

function ask(instance: BaseDef, field: Field, results: QueryResults): void {
  const { store } = stateOf(instance);
  const filled = fillIn(field, instance, realmFor(instance));
  const asked = filled && { query: filled.query, realms: filled.realms ?? [] };
  const signature = asked ? signatureOf(asked, field) : "nothing";
  if (results.signature === signature) {
    // A seed says so in its own spelling.
    if (results.seed) results.answered = asked;
    return;
  }
  results.signature = signature;
  if (!asked || !store) return settle(results, {});
  const asking = {};
  Object.assign(results, { realms: asked.realms, error: undefined, isLoading: true, asking });
  const { age } = store;
  const answered = (answer: Partial<Answer>) => {
    if (results.asking !== asking) return;
    settle(results, answer);
    touchThisTurn(instance);
  };
  const owner = holderOf(instance);
  store.track(
    store.search(owner, field.name, asked.query, filled.realms).then(
      ({ cards, total, errors }) => {
        const items = field.fieldType === "linksTo" ? cards.slice(0, 1) : cards;
        const isWhole = items.length === total && !pageOf(field).number;
        answered({ items, found: total, realmErrors: errors, answered: asked, age, isWhole });
      },
      (error) => answered({ error }),
    ),
  );
}

/** Never where a page renders for the index: there the server's answer stands. */
function withEdits(instance: BaseDef, results: QueryResults, found: BaseDef[]): BaseDef[] {
  const { store } = stateOf(instance);
  const { answered, age, isWhole } = results;
  if (!store?.withEdits || !answered || !isWhole || isRenderContext()) return found;
  isAddingEdits = true;
  try {
    return store.withEdits(found, answered, age);
  } finally {
    isAddingEdits = false;
  }
}

function pageOf(field: Field): { number?: number; size?: number } {
  return field.fieldType === "linksTo" ? { size: 1 } : ((field.query as any).page ?? {});
}

function watch(instance: BaseDef, results: QueryResults): void {
  if (results.watched === results.realms) return;
  results.watched = results.realms;
  stateOf(instance).store?.watch?.(holderOf(instance), results.realms);
}

function load(
  instance: BaseDef,
  field: Field,
  results: QueryResults,
  link: LinkSentinel,
): BaseDef | undefined {
  return follow(instance, field, link, (found) => {
    if (isSentinel(found)) {
      const why = found.failure?.message ?? found.type;
      console.warn(`${link.reference}, found by query field "${field.name}", is left out: ${why}`);
    }
    const at = results.items.indexOf(link);
    if (at !== -1) results.items[at] = found;
    touchThisTurn(instance);
  });
}

function resultsOf(instance: BaseDef, field: Field): QueryResults {
  const { queries } = stateOf(instance);
  const results = (queries.get(field.name) as QueryResults | undefined) ?? new QueryResults();
  queries.set(field.name, results);
  return results;
}

/** An instance and every value it contains, however deep; a prefix leads to it: `visits.0.`. */
function* holdersIn(
  instance: BaseDef,
  prefix = "",
): Generator<{ holder: BaseDef; prefix: string }> {
  yield { holder: instance, prefix };
  const { values } = stateOf(instance);
  for (const field of fieldsOf(instance.constructor as typeof BaseDef).values()) {
    if (field.isLink || field.isComputed) continue;
    const held = values.get(field.name);
    const at = `${prefix}${field.name}.`;
    if (!field.isPlural && hasState(held)) yield* holdersIn(held, at);
    for (const [i, value] of rawOf(held).entries()) {
      if (hasState(value)) yield* holdersIn(value, `${at}${i}.`);
    }
  }
}

/** The realm of the card that holds this instance, however deep. */
function realmFor(instance: BaseDef): string | undefined {
  const { meta, relativeTo, values } = stateOf(holderOf(instance));
  if (meta?.realmURL) return meta.realmURL;
  const id = (values.get("id") as string | undefined) ?? relativeTo;
  return id === undefined ? undefined : realmOf(cardIdentity(id));
}
