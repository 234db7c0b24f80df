/**
 * How texts are folded for `contains`, and the form in which a search doc has dates and
 * addresses: what the server does in `query/forms.py` and `query/search_rows.py`.
 */

import type { ValueType } from "../card-api/definitions.ts";

export type Form = "date" | "datetime" | "email" | "phone-number";

const FORMS: readonly (ValueType | null)[] = ["date", "datetime", "email", "phone-number"];
const MOMENT =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|([+-])(\d\d):?([0-5]\d))?)?)?)?$/;

export function isForm(type: ValueType | null): type is Form {
  return FORMS.includes(type);
}

/** `text` as the search doc has it; null where that is null, or for what is no date. */
export function inForm(text: string, form: Form): string | null {
  switch (form) {
    case "date":
      return moment(text)?.local.toISOString().slice(0, 10) ?? null;
    case "datetime":
      return minuteOf(text);
    case "email":
      return text.trim().toLowerCase() || null;
    case "phone-number":
      return text.replace(/[^0-9+]/g, "") || null;
  }
}

/** The minute in UTC; a moment without a zone is in UTC already. */
function minuteOf(text: string): string | null {
  const found = moment(text);
  if (!found || Math.abs(found.offset) >= 24 * 60) return null;
  const utc = new Date(found.local.getTime() - found.offset * 60_000);
  return isOfFourDigits(utc.getUTCFullYear()) ? utc.toISOString().slice(0, 16) : null;
}

/** What a text says, without its seconds, and how many minutes its zone is ahead of UTC. */
function moment(text: string): { local: Date; offset: number } | undefined {
  const match = MOMENT.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute] = match
    .slice(1, 6)
    .map((part, at) => Number(part ?? (at < 3 ? 1 : 0))) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  // A day or an hour that is none moves on to the next.
  const isDay = local.getUTCMonth() === month - 1 && local.getUTCDate() === day;
  if (!isDay || !isOfFourDigits(year) || hour > 23 || minute > 59) return undefined;
  local.setUTCHours(hour, minute);
  const offset = Number(match[7] ?? 0) * 60 + Number(match[8] ?? 0);
  return { local, offset: match[6] === "-" ? -offset : offset };
}

function isOfFourDigits(year: number): boolean {
  return year >= 1 && year <= 9999;
}

/** Unicode's full case folding, as Python's `casefold`. */
export function fold(text: string): string {
  return Array.from(text, foldCharacter).join("");
}

function foldCharacter(character: string): string {
  if (character === "\u0131") return character;
  if (character === "\u1e9e") return "ss";
  const upper = character.toUpperCase();
  // Cherokee had capitals only for so long that they are what it folds to.
  return CHEROKEE.test(character) ? upper : upper.toLowerCase();
}

const CHEROKEE = /^[\u13a0-\u13fd\uab70-\uabbf]$/;
