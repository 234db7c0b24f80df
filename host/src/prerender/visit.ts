/**
 * Visiting cards: run each one, render every format, collect what it leaves.
 *
 * Cards of a batch are visited one after the other, so that a card that never
 * ends can be named. A card that fails is an error result and the next card
 * goes on, unless the failure may have spoilt the page's renderer.
 */

import type { Resource } from "../card-api/store-seam.ts";
import { cardIdentity } from "../loader/addresses.ts";
import { loader, messageOf } from "../loader/loader.ts";
import { askFor } from "../loader/render-context.ts";
import { dropRenderer } from "../runtime/renderer.ts";
import { Documents } from "../store/documents.ts";
import { Searches } from "../store/searches.ts";
import { collectArtefacts } from "./artefacts.ts";
import { type CardFile, linkedIds, readCard } from "./card-source.ts";
import { beginListening, failureOf, takeWindowErrors } from "./failures.ts";
import { takeTimerCount } from "./quiet-page.ts";
import { RenderFailure, recover } from "./render.ts";
import { begin, end, msSince } from "./status.ts";
import type { Format, VisitAnswer, VisitRequest, VisitResult } from "./visit-contract.ts";
import { VisitStore } from "./visit-store.ts";

/** What the cards of one request share. */
interface Batch {
  resources: Map<string, Resource | Error>;
  documents: Documents;
  searches: Searches;
  formats: readonly Format[];
}

const ALL_FORMATS: readonly Format[] = ["isolated", "embedded", "fitted", "atom", "head", "edit"];

export async function visit(request: VisitRequest): Promise<VisitAnswer> {
  loader.setEpoch(request.epoch);
  const batch = prepare(request);
  const results: VisitResult[] = [];
  for (const card of request.cards) {
    // A renderer keeps every component it ever resolved, and each card has its own.
    dropRenderer();
    begin("render", card.url, request);
    progress(card.url, "start");
    const { result, spoilt } = await visitOne(card, batch);
    end(spoilt ? "unusable" : result.status);
    progress(card.url, "done");
    results.push(result);
    if (spoilt) return { results, unusable: spoilt };
  }
  return { results, unusable: null };
}

// The sources are read first: cards of one batch often link to each other, and
// what they link to outside of it is fetched in one request.
function prepare(request: VisitRequest): Batch {
  const searches = new Searches({ isVisit: true });
  const documents = new Documents({ keepFailures: true, after: () => searches.settled() });
  const resources = new Map<string, Resource | Error>();
  const linked = new Set<string>();
  for (const card of request.cards) {
    try {
      const resource = readCard(card);
      resources.set(card.url, resource);
      documents.know(resource.id!, resource);
      for (const id of linkedIds(resource)) linked.add(id);
    } catch (error) {
      resources.set(card.url, error as Error);
    }
  }
  if (request.cards[0]) askFor(request.cards[0].url, request);
  documents.expect([...linked].filter((id) => !documents.knows(id)));
  return {
    resources,
    documents,
    searches,
    formats: request.formats ?? ALL_FORMATS,
  };
}

async function visitOne(
  { url }: CardFile,
  batch: Batch,
): Promise<{ result: VisitResult; spoilt: string | null }> {
  const started = performance.now();
  const id = cardIdentity(url);
  const store = new VisitStore(batch.documents, batch.searches);
  const result = emptyResult(url, id);
  let spoilt: string | null = null;
  beginListening();
  takeTimerCount();
  try {
    const resource = batch.resources.get(url);
    if (resource instanceof Error) throw resource;
    await collectArtefacts(resource!, store, batch.formats, result);
    const [uncaught] = takeWindowErrors();
    if (uncaught) throw new RenderFailure("to the end", uncaught);
  } catch (error) {
    result.status = "error";
    result.error = failureOf(error, takeTimerCount());
    if (error instanceof RenderFailure && !(await recover())) {
      spoilt = `nothing renders any more since ${url} threw: ${messageOf(error.cause)}`;
    }
  }
  result.dependencies = store.dependencies.of(id);
  if (result.error) result.error.dependencies = dependenciesOf(result);
  result.queries = store.queries;
  result.ms = msSince(started);
  return { result, spoilt };
}

function dependenciesOf({ dependencies: { modules, instances, files } }: VisitResult): string[] {
  return [...modules, ...instances, ...files];
}

function emptyResult(url: string, id: string): VisitResult {
  return {
    url,
    id,
    status: "ready",
    resource: null,
    searchDoc: null,
    types: [],
    displayNames: [],
    iconHTML: null,
    html: {},
    styles: {},
    dependencies: {
      modules: [],
      instances: [],
      files: [],
      queryOnly: { modules: [], instances: [], files: [] },
    },
    queries: [],
    brokenLinks: [],
    error: null,
    ms: 0,
  };
}

function progress(url: string, stage: "start" | "done"): void {
  (globalThis as any).__realmkitProgress?.(JSON.stringify({ url, stage }));
}
