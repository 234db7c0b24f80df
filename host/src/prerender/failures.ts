/**
 * What went wrong in a page, told so that a card's author can mend it.
 *
 * Errors that nothing catches reach the window; they are kept here until the
 * visit under way asks. Console errors are kept too and told only beside a
 * failure.
 */

import { setOnerror } from "@ember/-internals/error-handling";
import { messageOf } from "../loader/loader.ts";
import type { VisitError } from "./visit-contract.ts";

const ADDITIONAL_LIMIT = 50;
const STACK_LIMIT = 8_000;

let windowErrors: unknown[] = [];
let alsoSaid: string[] = [];

/** Hear of everything that goes wrong in `page` from now on. */
export function listenForErrors(page: Window & typeof globalThis): void {
  page.addEventListener("error", (event) => {
    if (event.error) windowErrors.push(event.error);
    else if (!/ResizeObserver/.test(event.message)) windowErrors.push(new Error(event.message));
  });
  // What Glimmer throws while it renders again has no caller to catch it.
  setOnerror((error: unknown) => windowErrors.push(error));
  // A promise that card code dropped says nothing about the HTML, so it fails no card.
  page.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    say(`unhandled rejection: ${messageOf(event.reason)}`);
  });
  const { error } = page.console;
  page.console.error = (...args: unknown[]) => {
    say(args.map(messageOf).join(" "));
    error.apply(page.console, args);
  };
}

/** The errors nothing caught since this was last asked. */
export function takeWindowErrors(): unknown[] {
  const taken = windowErrors;
  windowErrors = [];
  return taken;
}

/** Forget what was said before: a new card begins. */
export function beginListening(): void {
  windowErrors = [];
  alsoSaid = [];
}

/** An error as the visit's answer tells it. */
export function failureOf(error: unknown, timersStarted = 0): VisitError {
  const { status, title, stack, cause } = (error ?? {}) as any;
  const additional = [...alsoSaid];
  if (timersStarted > 0) {
    additional.push(`${timersStarted} timers were started; timers do not run while indexing`);
  }
  const trace = (cause?.stack ?? stack) as string | undefined;
  return {
    status: Number(status) || 500,
    title: title ?? "Card does not render",
    message: messageOf(error) || "An error without a message was thrown.",
    ...(trace && { stack: trace.slice(0, STACK_LIMIT) }),
    ...(additional.length > 0 && { additional }),
  };
}

function say(text: string): void {
  if (alsoSaid.length < ADDITIONAL_LIMIT) alsoSaid.push(text);
}
