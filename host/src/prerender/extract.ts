/**
 * Files as their definitions see them: search doc and types, by running the definition.
 *
 * The server knows a file's facts; a definition may read more out of the bytes with a
 * static `extractAttributes`. One that finds other bytes than it is for says so with a
 * FileContentMismatchError, and the file falls back to the definition above it. Every
 * extract rests on `file-api`, whatever this page has imported or not.
 */

import { FileContentMismatchError, FileDef, isFileDef } from "../card-api/index.ts";
import { BASE_PREFIX } from "../loader/addresses.ts";
import { identify } from "../loader/code-refs.ts";
import { loader, messageOf } from "../loader/loader.ts";
import { Documents } from "../store/documents.ts";
import { Searches } from "../store/searches.ts";
import { describeType, walkedSearchDoc } from "./artefacts.ts";
import { beginListening, failureOf } from "./failures.ts";
import { begin, end, msSince } from "./status.ts";
import type { ExtractRequest, FileExtract, FileToExtract } from "./visit-contract.ts";
import { VisitStore } from "./visit-store.ts";

export const FILE_API = `${BASE_PREFIX}file-api`;

export async function extract(request: ExtractRequest): Promise<FileExtract[]> {
  loader.setEpoch(request.epoch);
  const searches = new Searches({ isVisit: true });
  const documents = new Documents({ keepFailures: true, after: () => searches.settled() });
  const extracts: FileExtract[] = [];
  for (const file of request.files) {
    begin("file-extract", file.url, request);
    beginListening();
    const made = await extractOne(file, new VisitStore(documents, searches));
    end(made.status);
    extracts.push(made);
  }
  return extracts;
}

async function extractOne(file: FileToExtract, store: VisitStore): Promise<FileExtract> {
  const started = performance.now();
  store.dependencies.stamp(FILE_API);
  const made: Omit<FileExtract, "dependencies" | "ms"> = {
    url: file.url,
    status: "ready",
    resource: null,
    searchDoc: null,
    types: [],
    displayNames: [],
    error: null,
  };
  try {
    const asked = await store.loadClass(file.definition, file.url);
    if (!isFileDef(asked)) throw new NotAFileDefinition(file);
    const { cls, attributes } = await attributesBy(asked as typeof FileDef, file);
    const resource = {
      type: "file-meta",
      id: file.url,
      attributes,
      meta: { adoptsFrom: identify(cls) ?? file.definition },
    };
    const instance = await store.adopt(resource);
    describeType(instance, made);
    made.searchDoc = await walkedSearchDoc(instance, store);
    made.resource = resource;
  } catch (error) {
    made.status = "error";
    made.error = failureOf(error);
  }
  const dependencies = store.dependencies.of(file.url);
  if (made.error) made.error.dependencies = dependencies.modules;
  return { ...made, dependencies, ms: msSince(started) };
}

// What a definition reads out of the bytes comes before what the server knows.
async function attributesBy(
  asked: typeof FileDef,
  file: FileToExtract,
): Promise<{ cls: typeof FileDef; attributes: Record<string, unknown> }> {
  const { contentHash, contentSize } = file.attributes as Record<string, any>;
  let extractionError: string | undefined;
  for (let cls = asked; ; cls = Object.getPrototypeOf(cls)) {
    try {
      const read = await cls.extractAttributes(file.url, () => bytesOf(file.url), {
        contentHash,
        contentSize,
      });
      const attributes = { ...file.attributes, ...read };
      return { cls, attributes: extractionError ? { ...attributes, extractionError } : attributes };
    } catch (error) {
      if (!(error instanceof FileContentMismatchError) || cls === FileDef) throw error;
      extractionError ??= messageOf(error);
    }
  }
}

async function bytesOf(url: string): Promise<ReadableStream<Uint8Array>> {
  const answer = await fetch(url, { headers: { Accept: "application/vnd.card+source" } });
  if (!answer.ok || !answer.body) throw new Error(`${url} answered ${answer.status}.`);
  return answer.body;
}

class NotAFileDefinition extends Error {
  override name = "NotAFileDefinition";
  readonly status = 422;
  readonly title = "Not a file definition";

  constructor({ url, definition }: FileToExtract) {
    super(`${url} cannot be a ${definition.name} of ${definition.module}: that is no FileDef.`);
  }
}
