/** How the store asks realms: every question says who asks. */

import { stamp } from "../loader/render-context.ts";

const MEDIA_TYPE = "application/vnd.card+json";

/** Ask `url` the JSON `question`; QUERY is a GET with a body. */
export function ask(url: string, question: object): Promise<Response> {
  const headers = new Headers({ Accept: MEDIA_TYPE, "Content-Type": "application/json" });
  stamp(url, headers);
  return fetch(url, { method: "QUERY", headers, body: JSON.stringify(question) });
}
