/**
 * A link whose card is not here: not loaded yet, not found, or failed.
 *
 * All three read as `undefined`. Reading one that is not loaded asks the store
 * for it, once; a failed one stays failed until its reference changes.
 */

import type { BaseDef } from "../defs/base-def.ts";
import { instanceOf } from "../identity.ts";
import { holderOf, isFilled, stateOf } from "../state.ts";
import type { Reading } from "../store-seam.ts";
import type { Field } from "./field.ts";
import { noteWaiting } from "./waiting.ts";

export type LinkKind = "not-loaded" | "link-not-found" | "link-error";

export interface LinkFailure {
  status: number;
  title: string;
  message: string;
}

export class LinkSentinel {
  readonly type: LinkKind;
  /** The absolute id of the linked card. */
  readonly reference: string;
  readonly failure: LinkFailure | undefined;
  isAskedFor = false;

  constructor(type: LinkKind, reference: string, failure?: LinkFailure) {
    this.type = type;
    this.reference = reference;
    this.failure = failure;
  }

  get isTerminal(): boolean {
    return this.type !== "not-loaded";
  }
}

export function isSentinel(value: unknown): value is LinkSentinel {
  return value instanceof LinkSentinel;
}

/**
 * What `link` refers to, if it is here. If it is not, it is loaded, and the card, or the
 * failed link, is handed to `replace`.
 */
export function follow(
  instance: BaseDef,
  field: Field,
  link: LinkSentinel,
  replace: (value: BaseDef | LinkSentinel) => void,
): BaseDef | undefined {
  const { store } = stateOf(instance);
  if (link.isTerminal) return undefined;
  // Whoever read the link before waits for `replace`.
  const here = link.isAskedFor ? undefined : store?.peek(link.reference);
  if (here && isFilled(here) && instanceOf(here, field.card)) {
    noteRead(instance, field, here);
    return here;
  }
  noteWaiting();
  if (link.isAskedFor || !store) return undefined;
  link.isAskedFor = true;
  store.track(
    store.load(link.reference, readingOf(instance, field)).then(
      (card) => replace(instanceOf(card, field.card) ? card : wrongKind(link, field, card)),
      (error) => replace(failedLink(link.reference, error)),
    ),
  );
  return undefined;
}

/** Say that the card a link leads to was read; only a page that notes what it needs listens. */
export function noteRead(instance: BaseDef, field: Field, card: BaseDef): void {
  const { store } = stateOf(instance);
  if (store?.touched) store.touched(card, readingOf(instance, field));
}

function readingOf(instance: BaseDef, field: Field): Reading {
  return { owner: holderOf(instance), isQuery: field.query !== undefined };
}

export function failedLink(reference: string, error: unknown): LinkSentinel {
  const { status = 500, title = "Link error", message = String(error) } = (error ?? {}) as any;
  const isMissing = Number(status) === 404 || /not found/i.test(message);
  return new LinkSentinel(isMissing ? "link-not-found" : "link-error", reference, {
    status: Number(status),
    title,
    message,
  });
}

function wrongKind(link: LinkSentinel, field: Field, card: BaseDef): LinkSentinel {
  const message = `${link.reference} is a ${card.constructor.name}, but field \`${field.name}\` of ${field.owner.name} links to a ${field.card.name}`;
  return new LinkSentinel("link-error", link.reference, {
    status: 422,
    title: "Wrong card definition",
    message,
  });
}
