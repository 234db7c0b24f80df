/**
 * The value of a query-backed field: search results, kept per instance.
 *
 * A seed from a document comes first, in this order: the cards it brought, the ids
 * it named, its search. In a page that renders for the index a seed is final: ids
 * whose cards did not come along are loaded through the store, and nothing is
 * searched. In a page that lives, a seed is shown at once and counts as the answer
 * to its own question; a field whose values or realms ask another one searches,
 * and an announcement of the realm makes every answer an old one. Results replace
 * each other in one array.
 */

import { cardIdentity, realmOf } from "../../loader/addresses.ts";
import { isRenderContext } from "../../loader/render-context.ts";
import type { BaseDef } from "../defs/base-def.ts";
import { IncludedCards } from "../documents/included.ts";
import { fieldSource } from "../documents/source.ts";
import { consume, hasState, holderOf, stateOf, touch, touchThisTurn } from "../state.ts";
import type { RealmError, Resource } from "../store-seam.ts";
import { rawOf } from "./contains-many.ts";
import { fieldsOf } from "./declare.ts";
import type { Field } from "./field.ts";
import { follow, isSentinel, type LinkSentinel, noteRead } from "./links.ts";
import { captureQueryFieldSeedData, type Item, QuerySeed, signatureOf } from "./query-seed.ts";
import { fillIn } from "./query-tokens.ts";
import { noteWaiting } from "./waiting.ts";

class QueryResults {
  readonly view: BaseDef[] = [];
  items: Item[] = [];
  /** Every match there is, not only those on this page of results. */
  total = 0;
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
  settle(results, { items: seed.items, total: seed.items.length, realmErrors: seed.errors });
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
  for (const item of results.items) {
    if (isSentinel(item)) load(instance, field, results, item);
    else {
      noteRead(instance, field, item);
      shown.push(item);
    }
  }
  results.view.splice(0, results.view.length, ...shown);
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

/** Take an answer, whatever is still under way. */
function settle(
  results: QueryResults,
  answer: Partial<Pick<QueryResults, "items" | "total" | "error" | "realmErrors">>,
): void {
  const nothing = { items: [], total: 0, error: undefined, realmErrors: [] };
  Object.assign(results, nothing, answer, { isLoading: false, asking: undefined });
}

function ask(instance: BaseDef, field: Field, results: QueryResults): void {
  const { store } = stateOf(instance);
  const filled = fillIn(field, instance, realmFor(instance));
  const asked = filled && { query: filled.query, realms: filled.realms ?? [] };
  const signature = asked ? signatureOf(asked, field) : "nothing";
  if (results.signature === signature) return;
  results.signature = signature;
  if (!asked || !store) return settle(results, {});
  const asking = {};
  Object.assign(results, { realms: asked.realms, error: undefined, isLoading: true, asking });
  const answered = (answer: Parameters<typeof settle>[1]) => {
    if (results.asking !== asking) return;
    settle(results, answer);
    touch(instance);
  };
  const owner = holderOf(instance);
  store.track(
    store.search(owner, field.name, asked.query, filled.realms).then(
      ({ cards, total, errors }) => {
        const items = field.fieldType === "linksTo" ? cards.slice(0, 1) : cards;
        answered({ items, total, realmErrors: errors });
      },
      (error) => answered({ error }),
    ),
  );
}

function watch(instance: BaseDef, results: QueryResults): void {
  if (results.watched === results.realms) return;
  results.watched = results.realms;
  stateOf(instance).store?.watch?.(holderOf(instance), results.realms);
}

function load(instance: BaseDef, field: Field, results: QueryResults, link: LinkSentinel): void {
  follow(instance, field, link, (found) => {
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
