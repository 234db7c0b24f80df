/**
 * A search's results with the edits of this page that its answer cannot know.
 *
 * The server decides about every card but those edited here: such a card is added when
 * it is a definite match, and left out when it is definitely none. Where only the server
 * can say, its answer stands. The order is the server's too; an edited card goes where the
 * query's sort has it, among the values that are known here.
 */

import { type BaseDef, getCardMeta } from "../card-api/index.ts";
import { matches, sortsBy } from "./live-matching.ts";
import { type Key, order } from "./matcher.ts";

interface Sort {
  by: string;
  on?: unknown;
  direction?: "asc" | "desc";
}

/** Members of a resource's meta that searches can sort by. */
const MOMENTS: Record<string, string> = {
  lastModified: "lastModified",
  createdAt: "resourceCreatedAt",
};

/** All matches, those of `edited` as they are here; `found` are all that the server has. */
export function withEdits(
  found: BaseDef[],
  edited: BaseDef[],
  query: Record<string, unknown>,
): BaseDef[] {
  const results = [...found];
  const filter = (query.filter ?? {}) as Record<string, unknown>;
  const sort = (query.sort ?? []) as Sort[];
  for (const card of edited) {
    const isMatch = matches(card, filter);
    if (isMatch === undefined) continue;
    const at = results.indexOf(card);
    if (isMatch && at !== -1 && isInPlace(results, at, sort)) continue;
    if (at !== -1) results.splice(at, 1);
    if (isMatch) results.splice(placeFor(card, results, sort), 0, card);
  }
  return results;
}

/** What is in no known order to its neighbours stays. */
function isInPlace(results: BaseDef[], at: number, sort: Sort[]): boolean {
  const [before, card, after] = [results[at - 1], results[at]!, results[at + 1]];
  if (sort.length === 0) return true;
  if (before && (compare(before, card, sort) ?? 0) > 0) return false;
  return !after || (compare(card, after, sort) ?? 0) <= 0;
}

/** Before the first that it is known to come before; halving, so that few cards are looked into. */
function placeFor(card: BaseDef, results: BaseDef[], sort: Sort[]): number {
  let [low, high] = [0, results.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((compare(card, results[middle]!, sort) ?? 1) < 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Nulls come last in both directions; what is equal goes by id. */
function compare(one: BaseDef, other: BaseDef, sort: Sort[]): number | undefined {
  for (const key of sort) {
    const [a, b] = [sortedBy(one, key), sortedBy(other, key)];
    if (a === undefined || b === undefined) return undefined;
    if (a === null && b === null) continue;
    if (a === null || b === null) return a === null ? 1 : -1;
    const found = order(a, b);
    if (found) return key.direction === "desc" ? -found : found;
  }
  return one.id < other.id ? -1 : Number(one.id > other.id);
}

function sortedBy(card: BaseDef, { by, on, direction }: Sort): Key | null | undefined {
  if (by === "cardURL") return { kind: "text", text: card.id };
  const moment = MOMENTS[by];
  if (!moment) return sortsBy(card, by, { on, isDescending: direction === "desc" });
  const at = getCardMeta(card, moment);
  return typeof at === "number" ? { kind: "number", number: at, whole: null } : undefined;
}
