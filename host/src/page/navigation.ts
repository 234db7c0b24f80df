/**
 * Following links in place.
 *
 * A link within this server is fetched as HTML and its main part put into this
 * document, so the script, its connection and the loaded definitions stay. An
 * address that answers with something other than a page is left to the browser,
 * and so is every click that asks for another tab. History, focus and scroll
 * behave as they would have.
 */

import { announce, hook, type PageData, readData, replaceParts, type View } from "./hooks.ts";
import { askForPage } from "./requests.ts";
import { stylesheetsOf, useStylesheets } from "./stylesheets.ts";

type Mount = (main: HTMLElement, data: PageData) => View;

/** How long a page may take before the reader is told to wait. */
const WAIT_NOTICE_MS = 150;

let mount: Mount;
let view: View;
let visit: AbortController | undefined;

/** Take over the page the server sent, and every link from it. */
export function start(mountPage: Mount): void {
  mount = mountPage;
  history.scrollRestoration = "manual";
  view = mount(hook("main"), readData(document));
  restoreScroll();
  document.addEventListener("click", follow);
  addEventListener("popstate", () => void arrive(new URL(location.href), { isReturn: true }));
  addEventListener("pagehide", rememberScroll);
}

/** Show `url`, as a click on a link to it would. */
export async function go(url: string | URL, { replace = false } = {}): Promise<void> {
  const target = new URL(url, location.href);
  rememberScroll();
  const change = replace || target.href === location.href ? "replaceState" : "pushState";
  history[change]({}, "", target);
  const isShown = await arrive(target, { isReturn: false });
  // The address is that of what one sees.
  if (!isShown && change === "pushState" && location.href === target.href) history.back();
}

/** Change the address without showing anything else. */
export function retitle(url: URL): void {
  history.replaceState(history.state, "", url);
}

/** Fetch the page that is shown once more; the caller takes what it needs of it. */
export async function askAgain(signal?: AbortSignal): Promise<Document | null> {
  const page = await askForPage(location.href, signal);
  if (page) await useStylesheets(stylesheetsOf(page));
  return page;
}

/** Mount the shown address afresh from `page`, as after a card was deleted or mended. */
function replacePage(page: Document): void {
  view.leave();
  const main = hook("main");
  const next = document.importNode(hook("main", page), true);
  main.replaceChildren(...next.childNodes);
  replaceParts(page, ["trail", "tools"]);
  document.title = page.title;
  view = mount(main, readData(main));
}

function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
  if (!link || (link.target && link.target !== "_self") || link.hasAttribute("download")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname.startsWith("/_")) return;
  const isOnThisPage = url.pathname === location.pathname && url.search === location.search;
  if (isOnThisPage && url.hash) return;
  event.preventDefault();
  void go(url);
}

/** Show `url`; false when it could not be had, and what was shown before still is. */
async function arrive(url: URL, { isReturn }: { isReturn: boolean }): Promise<boolean> {
  visit?.abort();
  if (view.accept?.(url)) return true;
  visit = new AbortController();
  const { signal } = visit;
  const waiting = setTimeout(() => {
    document.documentElement.dataset.waiting = "";
  }, WAIT_NOTICE_MS);
  try {
    const page = await askForPage(url.href, signal);
    if (!page?.querySelector("[data-realmkit-main]")) {
      location.assign(url);
      return true;
    }
    await useStylesheets(stylesheetsOf(page));
    if (signal.aborted) return true;
    replacePage(page);
    if (isReturn) restoreScroll();
    else scrollToStart(url);
    announce(document.title, { isPlain: true });
    return true;
  } catch (error) {
    if (signal.aborted) return true;
    announce(`${url.pathname} could not be opened: ${(error as Error).message}`);
    return false;
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) delete document.documentElement.dataset.waiting;
  }
}

function scrollToStart(url: URL): void {
  const main = hook("main");
  main.focus({ preventScroll: true });
  const anchor = url.hash ? document.getElementById(decodeURIComponent(url.hash.slice(1))) : null;
  if (anchor) anchor.scrollIntoView();
  else scrollTo(0, 0);
}

function rememberScroll(): void {
  history.replaceState({ ...(history.state as object | null), scrollY }, "");
}

function restoreScroll(): void {
  const { scrollY: top } = (history.state ?? {}) as { scrollY?: number };
  if (top !== undefined) scrollTo(0, top);
}
