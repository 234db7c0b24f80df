/**
 * Whether this page renders for the index, and on whose behalf it asks.
 *
 * One flag says it: `__boxelRenderContext === true`, nothing else that is truthy.
 * The server sets it before any script of a prerender page runs, every kind of
 * visit sets it again, and nothing clears it: a pooled page is still a prerender
 * page between two visits. The headers of requests to realms, the priority they
 * claim and what a query-backed field does with its seed all read it here.
 */

import { publicURL, realmOf } from "./addresses.ts";

/** The job that a visit belongs to. */
export interface Job {
  jobId?: string;
  jobPriority?: number;
}

declare global {
  /** True in a prerender page. */
  var __boxelRenderContext: unknown;
  var __boxelConsumingRealm: string | undefined;
  var __boxelJobId: string | undefined;
  var __boxelJobPriority: number | undefined;
}

/** What a person at a page waits for comes before any job's work. */
const PRIORITY_OF_PEOPLE = 10;
const ASKED = /\/_(?:search|cards|federated-search)(?:\?|$)/;
const CARD_HTML = "application/vnd.card+html";

/** Read at every use: it is another page's business when it was set. */
export function isRenderContext(): boolean {
  return globalThis.__boxelRenderContext === true;
}

export function enterRenderContext(): void {
  globalThis.__boxelRenderContext = true;
}

/** Say on whose behalf the page asks from now on. */
export function askFor(cardURL: string, { jobId, jobPriority }: Job): void {
  globalThis.__boxelConsumingRealm = realmOf(cardURL);
  globalThis.__boxelJobId = jobId;
  globalThis.__boxelJobPriority = jobPriority;
}

/**
 * Say who asks, where a realm of this server is asked for cards it must find:
 * searches, the multi-get, rendered HTML. Other requests, and other servers,
 * are told nothing.
 */
export function stamp(url: string, headers: Headers): void {
  const isAsked = ASKED.test(url) || headers.get("accept") === CARD_HTML;
  if (!isAsked || !url.startsWith(publicURL())) return;
  headers.set("x-boxel-job-priority", String(priority()));
  if (globalThis.__boxelConsumingRealm) {
    headers.set("x-boxel-consuming-realm", globalThis.__boxelConsumingRealm);
  }
  if (globalThis.__boxelJobId) headers.set("x-boxel-job-id", globalThis.__boxelJobId);
  if (!isRenderContext()) return;
  headers.set("x-boxel-during-prerender", "1");
  headers.set("x-boxel-logging-correlation-id", crypto.randomUUID());
}

function priority(): number {
  const given = globalThis.__boxelJobPriority;
  if (Number.isInteger(given) && given! >= 0) return given!;
  return isRenderContext() ? 0 : PRIORITY_OF_PEOPLE;
}
