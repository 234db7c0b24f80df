/** From the text of a card's file to the resource it holds. */

import type { Resource } from "../card-api/store-seam.ts";
import { cardIdentity, realmOf, realURL } from "../loader/addresses.ts";
import { messageOf } from "../loader/loader.ts";

/** What is wrong with a card's file; the author's to mend. */
export class SourceError extends Error {
  override name = "SourceError";
  readonly status = 422;
  readonly title = "Not a card document";
}

export interface CardFile {
  url: string;
  source: string;
  lastModified?: number;
}

/** The resource in a card's file, with the id and meta the server would add. Throws SourceError. */
export function readCard({ url, source, lastModified }: CardFile): Resource {
  const { data } = parse(url, source);
  const ref = data?.meta?.adoptsFrom;
  if (typeof ref?.module !== "string" || typeof ref?.name !== "string") {
    throw new SourceError(
      `${url} does not say which definition it adopts: \`data.meta.adoptsFrom\` needs a \`module\` and a \`name\`.`,
    );
  }
  return {
    ...data,
    id: cardIdentity(url),
    meta: { ...data.meta, realmURL: realmOf(url), ...(lastModified && { lastModified }) },
  };
}

/** The ids a resource links to, as far as its own document tells. */
export function linkedIds(resource: Resource): string[] {
  return Object.values(resource.relationships ?? {}).flatMap(({ links }) => {
    if (!links?.self || links.search) return [];
    try {
      return [cardIdentity(realURL(links.self, resource.id))];
    } catch {
      // A reference that is no URL is a broken link, reported when it is read.
      return [];
    }
  });
}

function parse(url: string, source: string): { data?: any } {
  try {
    const document = JSON.parse(source);
    if (typeof document === "object" && document !== null) return document;
  } catch (error) {
    throw new SourceError(`${url} is not JSON: ${messageOf(error)}.`);
  }
  throw new SourceError(`${url} holds no JSON object.`);
}
