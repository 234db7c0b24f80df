/**
 * The value of a query-backed field: search results, kept per instance.
 *
 * A document that carries the results (`links.search`) is believed: its cards
 * are shown in order, those not included are loaded, and nothing is searched.
 * Otherwise the first read searches, and a later read searches again if the
 * values in the query have changed. Results replace each other in one array.
 */

import { cardIdentity, realmOf } from "../../loader/addresses.ts";
import type { BaseDef } from "../defs/base-def.ts";
import { linkFrom, slots } from "../documents/linked.ts";
import type { FieldSource } from "../documents/source.ts";
import { consume, stateOf, touch } from "../state.ts";
import type { Field } from "./field.ts";
import { follow, isSentinel, type LinkSentinel } from "./links.ts";
import { fillIn } from "./query-tokens.ts";

type Item = BaseDef | LinkSentinel;

class QueryResults {
  readonly view: BaseDef[] = [];
  items: Item[] = [];
  /** What the results answer; a seed answers whatever is asked. */
  signature: string | undefined;
  isSeeded = false;
  isLoading = false;
  error: unknown;
}

/** Results that came with a document. */
class QuerySeed {
  readonly items: Item[];
  constructor(items: Item[]) {
    this.items = items;
  }
}

export function isQuerySeed(value: unknown): value is QuerySeed {
  return value instanceof QuerySeed;
}

export async function seedFrom(field: Field, source: FieldSource): Promise<QuerySeed | undefined> {
  const relationship = source.relationships.get("");
  const hasFailedRealms = (relationship?.meta?.errors?.length ?? 0) > 0;
  if (!relationship?.links?.search || hasFailedRealms) return undefined;
  const data = relationship.data ?? [];
  const links = Array.isArray(data) ? (slots(source) ?? []) : [relationship];
  const items = await Promise.all(links.map((link) => linkFrom(link, field, source, undefined)));
  return new QuerySeed(items.filter((item) => item !== null));
}

export function seedQuery(instance: BaseDef, field: Field, seed: QuerySeed): void {
  const results = resultsOf(instance, field);
  results.items = seed.items;
  results.isSeeded = true;
}

/** The cards the field shows now. Starts the search, or the loads, that are due. */
export function readQuery(instance: BaseDef, field: Field): BaseDef[] {
  const results = resultsOf(instance, field);
  if (!results.isSeeded) search(instance, field, results);
  const shown = results.items.filter((item) => !isSentinel(item)) as BaseDef[];
  for (const item of results.items) if (isSentinel(item)) load(instance, field, results, item);
  results.view.splice(0, results.view.length, ...shown);
  return results.view;
}

/** Search again at the next read: the realm's cards have changed. */
export function refreshQueries(instance: BaseDef): void {
  const { queries } = stateOf(instance);
  if (queries.size === 0) return;
  for (const results of queries.values() as Iterable<QueryResults>) {
    results.isSeeded = false;
    results.signature = undefined;
  }
  touch(instance);
}

/** How a query-backed field stands: for placeholders, spinners and reports. */
export function queryStateOf(
  instance: BaseDef,
  name: string,
): { isLoading: boolean; error: unknown } | undefined {
  return consume(instance).queries.get(name) as QueryResults | undefined;
}

function search(instance: BaseDef, field: Field, results: QueryResults): void {
  const wanted = fillIn(field, instance, realmFor(instance));
  const signature = wanted ? JSON.stringify(wanted) : "nothing";
  if (results.signature === signature) return;
  const { store } = stateOf(instance);
  results.signature = signature;
  results.error = undefined;
  if (!wanted || !store) {
    results.items = [];
    return;
  }
  results.isLoading = true;
  const settle = (items: BaseDef[], error: unknown) => {
    // A newer question was asked meanwhile; this is not its answer.
    if (results.signature !== signature) return;
    results.items = items;
    results.error = error;
    results.isLoading = false;
    touch(instance);
  };
  store.track(
    store.search(instance, field.name, wanted.query, wanted.realms).then(
      (cards) => settle(field.fieldType === "linksTo" ? cards.slice(0, 1) : cards, undefined),
      (error) => settle([], error),
    ),
  );
}

function load(instance: BaseDef, field: Field, results: QueryResults, link: LinkSentinel): void {
  follow(instance, field, link, (found) => {
    if (isSentinel(found)) console.warn(`${link.reference}: ${found.failure?.message}`);
    results.items = results.items.map((item) => (item === link ? found : item));
    touch(instance);
  });
}

function resultsOf(instance: BaseDef, field: Field): QueryResults {
  const { queries } = stateOf(instance);
  const results = (queries.get(field.name) as QueryResults | undefined) ?? new QueryResults();
  queries.set(field.name, results);
  return results;
}

/** The realm of the card that holds this instance, however deep. */
function realmFor(instance: BaseDef): string | undefined {
  const { containers, meta, relativeTo, values } = stateOf(instance);
  const [container] = containers.keys();
  if (container) return realmFor(container);
  if (meta?.realmURL) return meta.realmURL;
  const id = (values.get("id") as string | undefined) ?? relativeTo;
  return id === undefined ? undefined : realmOf(cardIdentity(id));
}
