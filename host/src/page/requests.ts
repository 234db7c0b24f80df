/**
 * What the page asks of the server, and how a refusal reads.
 *
 * Every refusal is a JSON:API error document; it becomes a `Refusal` whose
 * message is the detail, ready to be shown.
 */

import { reached } from "../loader/reached.ts";

export const CARD = "application/vnd.card+json";
export const SOURCE = "application/vnd.card+source";
export const API = "application/vnd.api+json";

export class Refusal extends Error {
  override name = "Refusal";
  readonly status: number;
  readonly title: string;
  readonly pointer: string | undefined;

  constructor(status: number, title: string, detail: string, pointer?: string) {
    super(detail);
    this.status = status;
    this.title = title;
    this.pointer = pointer;
  }
}

/** Fetch and return an answer that succeeded. Throws Refusal, or an error when nobody answers. */
export async function ask(url: string, init: RequestInit): Promise<Response> {
  const response = await reached(fetch(url, init));
  if (!response.ok) throw await refusalOf(response);
  return response;
}

/** The HTML of a page, whatever its status; null when the address answers with something else. */
export async function askForPage(url: string, signal?: AbortSignal): Promise<Document | null> {
  const response = await reached(fetch(url, { headers: { Accept: "text/html" }, signal }));
  if (!response.headers.get("Content-Type")?.startsWith("text/html")) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

async function refusalOf(response: Response): Promise<Refusal> {
  try {
    const { errors } = (await response.json()) as { errors: ErrorObject[] };
    const first = errors[0]!;
    return new Refusal(response.status, first.title, first.detail, first.source?.pointer);
  } catch {
    return new Refusal(
      response.status,
      response.statusText,
      `The server answered ${response.status}.`,
    );
  }
}

interface ErrorObject {
  title: string;
  detail: string;
  source?: { pointer?: string };
}
