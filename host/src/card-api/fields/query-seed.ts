/**
 * What a document already says about a query-backed field.
 *
 * `links.search` marks an answer of the server: the ids beside it are the results, and
 * an empty list of them is as good an authority as a full one. So does the mark of a
 * search result, where ids stand alone. An author's file carries neither, so what
 * stands there instead is nobody's answer.
 * A seed names every result; those that came along in the document are here, the
 * others are links to load. (`captureQueryFieldSeedData` is the peer's name for this.)
 */

import { moduleIdentity, realmOf, realURL } from "../../loader/addresses.ts";
import type { BaseDef } from "../defs/base-def.ts";
import { linkFrom, slots } from "../documents/linked.ts";
import type { FieldSource } from "../documents/source.ts";
import type { Asked, RealmError } from "../store-seam.ts";
import { moduleOf } from "../unexported.ts";
import type { Field } from "./field.ts";
import { isSentinel, type LinkSentinel } from "./links.ts";

export type Item = BaseDef | LinkSentinel;

export class QuerySeed {
  /** Every result in order: a card that came along, or a link to load. */
  readonly items: Item[];
  /** The ids the server named; undefined where it named none, which is not an empty list. */
  readonly cardURLs: string[] | undefined;
  /** Undefined in a search result that names ids alone. */
  readonly searchURL: string | undefined;
  /** The realms that were asked, other servers' included. */
  readonly realms: string[];
  /** Realms that could not be asked. */
  readonly errors: RealmError[];

  constructor(
    items: Item[],
    said: {
      cardURLs: string[] | undefined;
      searchURL: string | undefined;
      realms: string[];
      errors: RealmError[];
    },
  ) {
    this.items = items;
    this.cardURLs = said.cardURLs;
    this.searchURL = said.searchURL;
    this.realms = said.realms;
    this.errors = said.errors;
  }

  /** The results that came along. */
  get cards(): BaseDef[] {
    return this.items.filter((item) => !isSentinel(item)) as BaseDef[];
  }

  /** What the ids answer; undefined when there is no whole answer to rely on. */
  signature(field: Field): string | undefined {
    const asked = this.searchURL === undefined ? undefined : askedBy(this.searchURL);
    const isWhole = asked && this.cardURLs && this.errors.length === 0;
    return isWhole ? signatureOf(asked, field) : undefined;
  }
}

export async function captureQueryFieldSeedData(
  field: Field,
  source: FieldSource,
): Promise<QuerySeed | undefined> {
  const relationship = source.relationships.get("");
  const searchURL = relationship?.links?.search;
  const { isSearchResult, relativeTo } = source.resource;
  if (!searchURL && !(isSearchResult && Array.isArray(relationship?.data))) return undefined;
  const errors = relationship!.meta?.errors ?? [];
  const { data } = relationship!;
  const links = Array.isArray(data) ? (slots(source) ?? []) : [relationship!];
  const items = (
    await Promise.all(links.map((link) => linkFrom(link, field, source, undefined)))
  ).filter((item) => item !== null);
  const cardURLs = data === undefined ? undefined : items.map(idOf);
  const own = relativeTo === undefined ? [] : [realmOf(relativeTo)];
  const realms = searchURL ? (askedBy(searchURL)?.realms ?? []) : own;
  return new QuerySeed(items, { cardURLs, searchURL: searchURL || undefined, realms, errors });
}

/** One text for all spellings of one question. `eq` and its like stay exactly as written. */
export function signatureOf({ query, realms }: Asked, field: Field): string {
  const module = moduleOf(field.owner);
  const ordered = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(ordered);
    if (typeof node !== "object" || node === null) return node;
    const { module: named, name } = node as { module?: unknown; name?: unknown };
    if (typeof named === "string" && typeof name === "string") {
      return `${moduleIdentity(named, module)}#${name}`;
    }
    return Object.entries(node)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, ordered(value)]);
  };
  return JSON.stringify([ordered(query), realms.map((realm) => realURL(realm))]);
}

/** The question a `links.search` stands for; undefined when it cannot be read. */
function askedBy(searchURL: string): Asked | undefined {
  const members = new Map(
    searchURL
      .slice(searchURL.indexOf("?") + 1)
      .split("&")
      .map((member) => member.split("=", 2) as [string, string]),
  );
  try {
    const query = JSON.parse(decodeURIComponent(members.get("query") ?? ""));
    // Split before decoding: a comma inside a URL is encoded, one between two is not.
    const realms = (members.get("realms") ?? "").split(",").filter(Boolean);
    return { query, realms: realms.map(decodeURIComponent) };
  } catch {
    return undefined;
  }
}

function idOf(item: Item): string {
  return isSentinel(item) ? item.reference : item.id;
}
