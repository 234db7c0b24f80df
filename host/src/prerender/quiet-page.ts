/**
 * A page in which rendering has no effects beyond its HTML.
 *
 * Timers that card code starts are counted and never fire, writes are refused
 * here with words for whoever wrote the card (what goes round this, in a frame or
 * a worker, the server refuses), and what card code asks of a realm says which job
 * asks, like the host's own questions. The host itself paces on message channels and needs none of what is
 * taken away here.
 */

import { stamp } from "../loader/render-context.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS", "QUERY"]);

let timersStarted = 0;

/** How many timers were started since the last time this was asked. */
export function takeTimerCount(): number {
  const taken = timersStarted;
  timersStarted = 0;
  return taken;
}

/** Take timers and writes away, for as long as the page lives. */
export function quieten(page: Window & typeof globalThis): void {
  const ignoreTimer = (): number => ++timersStarted;
  page.setTimeout = ignoreTimer as unknown as typeof setTimeout;
  page.setInterval = ignoreTimer as unknown as typeof setInterval;
  page.navigator.sendBeacon = () => false;

  const send = page.fetch.bind(page);
  page.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (!SAFE_METHODS.has(methodOf(request))) throw refusal(request.method, request.url);
    stamp(request.url, request.headers);
    return send(request);
  };
  const open = page.XMLHttpRequest.prototype.open;
  page.XMLHttpRequest.prototype.open = function (this: XMLHttpRequest, ...args: any[]) {
    const [method, url] = args;
    if (!SAFE_METHODS.has(String(method).toUpperCase())) throw refusal(method, url);
    return (open as any).apply(this, args);
  };
}

/** What the server takes a request for: it turns a POST into a QUERY and nothing else. */
function methodOf({ method, headers }: Request): string {
  const isQuery = method === "POST" && headers.get("x-http-method-override") === "QUERY";
  return isQuery ? "QUERY" : method;
}

function refusal(method: string, url: string | URL): Error {
  return new Error(`Rendering writes nothing: ${method} ${url} was not sent.`);
}
