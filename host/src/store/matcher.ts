/**
 * Matching one live instance against a filter, as the server's searches would.
 *
 * There are three answers: a page that shows search results may drop a card that is a
 * definite no-match, and must ask the server about one that is unresolvable. Full text is
 * the server's, and so is what lies behind a link that is not loaded. The table in
 * `tests/query/cases.json` is asked of this, of both databases and of plain Python.
 */

import type { ValueType } from "../card-api/definitions.ts";
import { fold, inForm, isForm } from "./query-forms.ts";

export type Verdict = "match" | "no-match" | "unresolvable";

/** What a path can go through: the fields of a definition. */
export interface Shape {
  isCard: boolean;
  field(name: string): FieldShape | undefined;
}

export interface FieldShape {
  isPlural: boolean;
  isLink: boolean;
  /** Null for composites and links. */
  valueType: ValueType | null;
  shape(): Shape | undefined;
}

/**
 * An instance: its search doc, the type keys of its definition and of those above it.
 * What the doc lacks is null; what it has as `undefined` is not known.
 */
export interface Subject {
  doc: Record<string, unknown>;
  types: string[];
}

export interface Definitions {
  /** The type key of a code ref as a filter spells it; undefined when it cannot be resolved. */
  typeKeyOf(ref: unknown): string | undefined;
  /** What a field of code refs holds for one: the ref as it stands, whatever it leads to. */
  valueOf(ref: unknown): string | undefined;
  shape(typeKey: string): Shape | undefined;
}

const CARD_DEF = "@cardstack/base/card-api/CardDef";
const SYNTHETIC: Record<string, ValueType> = {
  _cardType: "string",
  _title: "string",
  _isCardInstanceFile: "boolean",
};
const KEPT_CHARACTERS = 128;
const EXACT_BELOW = 2n ** 53n;
const MAX_DIGITS = 300;
const WHOLE = /^[+-]?[0-9]+$/;
const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const GREAT_NUMBER = /^-?[1-9][0-9]{15,98}$/;

/** Null is one value among others; `undefined` stands for what is not known here. */
type Value = unknown;
type Truth = boolean | undefined;
type Node = Record<string, any>;

/** Whether `subject` is among the results of `filter`. */
export function matchFilter(filter: Node, subject: Subject, definitions: Definitions): Verdict {
  const truth = new Matcher(subject.types, definitions).filter(filter, {
    shape: definitions.shape(CARD_DEF),
    doc: subject.doc,
  });
  if (truth === undefined) return "unresolvable";
  return truth ? "match" : "no-match";
}

/**
 * What `subject` is put in order by: the least of the values at `path`, or the greatest. Null
 * when it has none of the kind that the field sorts as, `undefined` when that is not known.
 */
export function sortKey(
  path: string,
  { doc }: Subject,
  shape: Shape | undefined,
  isDescending: boolean,
): Key | null | undefined {
  const reached = reach(path, { shape, doc });
  if (!reached || reached.values.includes(undefined)) return undefined;
  const { valueType } = reached;
  const kind = valueType === "number" || valueType === "boolean" ? valueType : "text";
  const keys = reached.values
    .map((value) => (kind === "number" ? valueKey(value, ZERO) : plainKey(value)))
    .filter((key): key is Key => key?.kind === kind)
    .sort((one, other) => order(one, other) ?? 0);
  return keys.at(isDescending ? -1 : 0) ?? null;
}

/** What paths begin at: the card, or, inside `item`, one of its elements. */
interface Ground {
  shape: Shape | undefined;
  doc: Value;
  /** A card that a link leads to: what its doc does not say may not be loaded. */
  isLinked?: boolean;
}

class Matcher {
  readonly #types: string[];
  readonly #definitions: Definitions;

  constructor(types: string[], definitions: Definitions) {
    this.#types = types;
    this.#definitions = definitions;
  }

  filter(filter: Node, ground: Ground): Truth {
    const ref = filter.on ?? filter.type;
    if (ref === undefined) return this.#operator(filter, ground);
    const key = this.#definitions.typeKeyOf(ref);
    if (key === undefined) return undefined;
    const isType = this.#types.includes(key);
    const { on: _on, type: _type, ...rest } = filter;
    if (!isType || Object.keys(rest).length === 0) return isType;
    return this.#operator(rest, { shape: this.#definitions.shape(key), doc: ground.doc });
  }

  #operator(filter: Node, ground: Ground): Truth {
    const entries = Object.entries(filter);
    if (entries.length !== 1) return undefined;
    const [operator, operand] = entries[0]!;
    switch (operator) {
      case "every":
        return every(operand, (one: Node) => this.filter(one, ground));
      case "any":
        return not(every(operand, (one: Node) => not(this.filter(one, ground))));
      case "not":
        return not(this.filter(operand, ground));
      case "item":
        return this.#item(operand, ground);
      case "eq":
      case "in":
      case "contains":
      case "range":
        return every(Object.entries(operand), ([path, limit]) =>
          this.#field(operator, path, limit, ground),
        );
      default:
        return undefined;
    }
  }

  #item({ path, ...filter }: Node, ground: Ground): Truth {
    const reached = reach(path, ground);
    if (!reached) return undefined;
    return some(reached.values, (element) =>
      element === null
        ? false
        : this.filter(filter, { shape: reached.shape, doc: element, isLinked: reached.isLink }),
    );
  }

  #field(operator: string, path: string, limit: any, ground: Ground): Truth {
    const reached = reach(path, ground);
    if (!reached) return undefined;
    const { values, valueType } = reached;
    if (operator === "eq") return this.#isOneOf([limit], values, valueType, path);
    if (operator === "in") return this.#isOneOf(limit, values, valueType, path);
    if (operator === "range") return some(values, (value) => isWithin(value, limit, valueType));
    if (limit === null) return some(values, (value) => value === null);
    const sought = valueType === "phone-number" ? inForm(limit, valueType) : null;
    const folded = fold(sought ?? limit);
    return some(values, (value) => typeof value === "string" && fold(value).includes(folded));
  }

  #isOneOf(limits: unknown[], values: Value[], type: ValueType | null, path: string): Truth {
    const isFlag = path.split(".").at(-1) === "_isCardInstanceFile";
    return some(limits, (limit) => {
      // The flag is there or it is not.
      if (isFlag && limit === false) return not(some(values, (value) => value === true));
      if (limit === null) return some(values, (value) => value === null);
      const wanted = typeof limit === "object" ? this.#definitions.valueOf(limit) : limit;
      if (wanted === undefined) return undefined;
      const key = operandKey(wanted, type);
      if (key === null) return some(values, (value) => value === null);
      return some(values, (value) => key !== undefined && isSame(valueKey(value, key), key));
    });
  }
}

// Truth of several things, of which some may not be known.

function every<T>(members: T[], truth: (member: T) => Truth): Truth {
  let found: Truth = true;
  for (const member of members) {
    const one = truth(member);
    if (one === false) return false;
    if (one === undefined) found = undefined;
  }
  return found;
}

function some(values: Value[], truth: (value: Value) => Truth): Truth {
  return not(every(values, (value) => (value === undefined ? undefined : not(truth(value)))));
}

function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

// Paths.

interface Reached {
  values: Value[];
  valueType: ValueType | null;
  isLink: boolean;
  /** What the values are, when they are composites or cards. */
  shape: Shape | undefined;
}

/** Every value at a path; an empty plural, like an absent value, is one null. */
function reach(path: string, ground: Ground): Reached | undefined {
  let { shape } = ground;
  let values: Value[] = [ground.doc];
  let isBehindLink = ground.isLinked ?? false;
  const names = path.split(".");
  for (const [position, name] of names.entries()) {
    const isLast = position === names.length - 1;
    const synthetic = SYNTHETIC[name];
    if (isLast && (synthetic || (name === "id" && shape?.isCard))) {
      return {
        values: members(values, name, false),
        valueType: synthetic ?? "string",
        isLink: false,
        shape: undefined,
      };
    }
    const field = shape?.field(name);
    if (!field) return undefined;
    values = members(values, name, isBehindLink);
    if (field.isPlural) values = values.flatMap(elements);
    if (isLast) {
      return { values, valueType: field.valueType, isLink: field.isLink, shape: field.shape() };
    }
    isBehindLink = field.isLink;
    shape = field.shape();
  }
  return undefined;
}

function members(holders: Value[], name: string, isBehindLink: boolean): Value[] {
  return holders.map((holder) => {
    if (holder === undefined) return undefined;
    if (holder === null || typeof holder !== "object" || Array.isArray(holder)) return null;
    const value = (holder as Node)[name];
    // Nothing but its id is known of a card that a link leads to and that is not loaded.
    const isUnknown = isBehindLink || Object.hasOwn(holder, name);
    return value === undefined && isUnknown ? undefined : (value ?? null);
  });
}

function elements(value: Value): Value[] {
  if (value === undefined) return [undefined];
  return Array.isArray(value) && value.length > 0 ? value.map((one) => one ?? null) : [null];
}

// Values.

/** Texts, numbers and booleans never mix. A number is whole, or lies between whole ones. */
export type Key =
  | { kind: "text"; text: string }
  | { kind: "number"; number: number; whole: bigint | null }
  | { kind: "boolean"; is: boolean };

const ZERO: Key = { kind: "number", number: 0, whole: 0n };

/** What an operand compares as; null for one that means null, undefined for what cannot be there. */
function operandKey(operand: unknown, type: ValueType | null): Key | null | undefined {
  if (type === "number" && typeof operand === "string") return numberIn(operand);
  if (isForm(type)) {
    if (typeof operand !== "string") return undefined;
    const text = inForm(operand, type);
    if (text !== null) return { kind: "text", text };
    // An empty address is null, as it is in the search doc.
    return type.startsWith("date") || operand.trim() ? undefined : null;
  }
  if (type === "boolean" && (operand === "true" || operand === "false")) {
    return { kind: "boolean", is: operand === "true" };
  }
  // Who asks for a code of digits may well write a number; the server reads 64 bits of one.
  if (isText(type) && Number.isInteger(operand) && Math.abs(operand as number) < 2 ** 63) {
    return { kind: "text", text: String(operand) };
  }
  const key = plainKey(operand);
  if (isText(type)) return key?.kind === "text" ? key : undefined;
  if (type === "number" || type === "boolean") return key?.kind === type ? key : undefined;
  return key;
}

function isText(type: ValueType | null): boolean {
  return type === "string" || type === "code-ref";
}

/** A number written out: digits of ASCII, a point and an exponent if need be, and nothing else. */
function numberIn(operand: string): Key | undefined {
  const text = operand.trim();
  if (!NUMBER.test(text) || text.length > MAX_DIGITS) return undefined;
  if (WHOLE.test(text)) return wholeKey(BigInt(text.replace(/^\+/, "")));
  const number = Number(text);
  return Number.isFinite(number) ? numberKey(number) : undefined;
}

function plainKey(value: unknown): Key | undefined {
  if (typeof value === "string") return { kind: "text", text: value };
  if (typeof value === "boolean") return { kind: "boolean", is: value };
  return typeof value === "number" && Number.isFinite(value) ? numberKey(value) : undefined;
}

/** A value of a search doc as it compares with `limit`: digits may be a number too great for JSON. */
function valueKey(value: Value, limit: Key): Key | undefined {
  if (limit.kind === "number" && typeof value === "string" && GREAT_NUMBER.test(value)) {
    const whole = BigInt(value);
    return magnitude(whole) >= EXACT_BELOW ? wholeKey(whole) : undefined;
  }
  return plainKey(value);
}

function numberKey(number: number): Key {
  return { kind: "number", number, whole: Number.isInteger(number) ? BigInt(number) : null };
}

function wholeKey(whole: bigint): Key {
  return { kind: "number", number: Number(whole), whole };
}

function magnitude(whole: bigint): bigint {
  return whole < 0n ? -whole : whole;
}

function isSame(key: Key | undefined, limit: Key): boolean {
  if (key?.kind === "text" && limit.kind === "text") return key.text === limit.text;
  return order(key, limit) === 0;
}

function isWithin(value: Value, bounds: Node, type: ValueType | null): boolean {
  return Object.entries(bounds).every(([bound, operand]) => {
    // A number orders no texts.
    const isNone = isText(type) && typeof operand !== "string";
    const limit = isNone ? undefined : operandKey(operand, type);
    const found = limit ? order(valueKey(value, limit), limit) : undefined;
    if (found === undefined) return false;
    if (bound === "gt") return found > 0;
    if (bound === "gte") return found >= 0;
    return bound === "lt" ? found < 0 : found <= 0;
  });
}

/** Below zero, zero or above; undefined for values of different kinds. */
export function order(key: Key | undefined, limit: Key): number | undefined {
  if (key?.kind === "number" && limit.kind === "number") {
    if (key.number !== limit.number || key.whole === null || limit.whole === null) {
      return Math.sign(key.number - limit.number);
    }
    return key.whole < limit.whole ? -1 : key.whole > limit.whole ? 1 : 0;
  }
  if (key?.kind === "boolean" && limit.kind === "boolean") return Number(key.is) - Number(limit.is);
  return key?.kind === "text" && limit.kind === "text"
    ? orderOfTexts(key.text, limit.text)
    : undefined;
}

/** By code points, as databases order bytes of UTF-8; only the beginning of a text counts. */
function orderOfTexts(one: string, other: string): number {
  const [mine, theirs] = [Array.from(one), Array.from(other)];
  for (let at = 0; at < KEPT_CHARACTERS; at++) {
    const [a, b] = [mine[at], theirs[at]];
    if (a === b && a === undefined) return 0;
    if (a !== b) return (a?.codePointAt(0) ?? -1) - (b?.codePointAt(0) ?? -1);
  }
  return Math.sign(Number(mine.length > KEPT_CHARACTERS) - Number(theirs.length > KEPT_CHARACTERS));
}
