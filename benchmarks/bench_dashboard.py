"""The insurance dashboard of pull request #4934, rendered and opened in four ways.

About 900 cards; the dashboard has five query-backed fields, policies lie under each
customer and claims under each policy. *Expanded* sends no prerender header, so every
search brings all it leads to. *One GET per id* is the pull request's design: results
are named, and each is fetched by itself. *Batched* is ours: what is wanted in one turn
travels in one multi-get. *Live* is the page people open, until the live card stands in
the place of the prerendered one. All four run on the same server and the same browser,
one after the other; the prerender page has the modules already, as the indexer's have.
Beside them stands the limit, *at hand*: batched, with answers that the page has kept, so that
nothing is left but its own work. No way to load is faster than that.

`REALMKIT_BENCH_KEEP=FOLDER` keeps the index there, which otherwise takes a minute to make.
"""

import asyncio
import os
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from realmkit.app import App
from realmkit.cli import mounts
from realmkit.cli.running import running
from realmkit.config import Realm, find_chromium
from serving import INSURANCE, ROOT, Figures, settings_for

DASHBOARD = "Dashboard/office"
ROUNDS = 8
SCREENSHOT = ROOT / "build" / "dashboard.png"

# What goes over the wire is counted below the page's own wrapper of `fetch`, so it is
# what the server was really asked. `mode` changes it there, and nowhere in the host.
COUNTING = """
globalThis.__boxelRenderContext = true;
globalThis.wire = { mode: "batched", asked: [], kept: new Map() };
const send = globalThis.fetch;
const CARD = "application/vnd.card+json";
const atHand = async (request) => {
  const key = request.url + await request.clone().text();
  if (!wire.kept.has(key)) wire.kept.set(key, await (await send(request)).arrayBuffer());
  return new Response(wire.kept.get(key), { headers: { "content-type": CARD } });
};
const note = async (kind, request) => {
  const answer = await send(request);
  const body = await answer.arrayBuffer();
  wire.asked.push([kind, body.byteLength]);
  return new Response(body, { status: answer.status, headers: answer.headers });
};
globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const kind = /_search/.test(request.url) ? "search" : /_cards/.test(request.url) ? "multi-get" : "other";
  if (wire.mode === "at hand") return atHand(request);
  if (wire.mode === "expanded") request.headers.delete("x-boxel-during-prerender");
  if (wire.mode !== "batched" && kind === "search") {
    const { fields, ...query } = await request.json();
    return note(kind, new Request(request, { body: JSON.stringify(query) }));
  }
  if (wire.mode !== "one by one" || kind !== "multi-get") return note(kind, request);
  const { ids } = await request.json();
  const headers = { Accept: CARD, "x-boxel-during-prerender": "1" };
  const answers = await Promise.all(ids.map(async (id) => {
    const answer = await note("GET", new Request(id, { headers }));
    return answer.ok ? (await answer.json()).data : null;
  }));
  return Response.json({ data: answers.filter(Boolean), meta: { missing: [] } });
};
"""

VISIT = """async ([mode, request]) => {
  Object.assign(wire, { mode, asked: [] });
  const html = document.documentElement;
  const started = performance.now();
  let ready_ms;
  const watcher = new MutationObserver(() => {
    if (html.dataset.prerenderStatus === "ready") ready_ms ??= performance.now() - started;
  });
  watcher.observe(html, { attributes: true });
  const { results: [result] } = await __realmkit.visit(request);
  watcher.disconnect();
  return { result, asked: wire.asked, ready_ms: ready_ms ?? performance.now() - started };
}"""


@dataclass
class Rendered:
    """One render of the dashboard: what was asked of the server, and when it was ready."""

    ready_ms: float
    asked: list[tuple[str, int]]
    statements: int
    html: str

    @property
    def requests(self) -> str:
        kinds = Counter(kind for kind, _ in self.asked)
        return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))

    @property
    def search_bytes(self) -> int:
        return sum(size for kind, size in self.asked if kind == "search")


async def main() -> int:
    figures = Figures("The dashboard of about 900 cards, rendered and opened, two cores")
    async with indexed_insurance() as app, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(find_chromium()), args=["--no-sandbox"]
        )
        modes = {
            mode: await best_render(app, browser, mode)
            for mode in ("expanded", "one by one", "batched")
        }
        at_hand = await best_render(app, browser, "at hand")
        live = await open_live(app, browser)
        await browser.close()
    for mode, rendered in modes.items():
        figures.line(f"{mode}: requests", rendered.requests)
        figures.line(f"{mode}: SQL statements", f"{rendered.statements}")
        figures.line(f"{mode}: bytes", f"{sum(size for _, size in rendered.asked):,}")
        figures.line(f"{mode}: ready", f"{rendered.ready_ms / 1000:.2f} s")
    batched, slow = modes["batched"], modes["one by one"]
    figures.line(
        "batched: requests",
        f"{len(batched.asked)}",
        target="at most 12",
        met=len(batched.asked) <= 12,
    )
    figures.line(
        "batched: SQL statements",
        f"{batched.statements}",
        target="at most 40",
        met=batched.statements <= 40,
    )
    figures.line(
        "batched: ready",
        f"{batched.ready_ms / 1000:.2f} s",
        target="under 3 s",
        met=batched.ready_ms < 3_000,
    )
    faster = slow.ready_ms / batched.ready_ms
    figures.line(
        "batched against one GET per id", f"{faster:.1f} x", target="at least 5", met=faster >= 5
    )
    figures.line("limit: the page's own work, answers at hand", f"{at_hand.ready_ms / 1000:.2f} s")
    figures.line(
        "limit: the same against one GET per id", f"{slow.ready_ms / at_hand.ready_ms:.1f} x"
    )
    smaller = modes["expanded"].search_bytes / batched.search_bytes
    figures.line(
        "search payload, expanded to skipped",
        f"{smaller:.1f} x",
        target="at least 10",
        met=smaller >= 10,
    )
    figures.line("live: requests", live.requests)
    figures.line("live: SQL statements", f"{live.statements}")
    figures.line("live: bytes", f"{live.bytes:,}")
    figures.line(
        "live: complete paint",
        f"{live.painted_ms / 1000:.2f} s",
        target="under 3 s",
        met=live.painted_ms < 3_000,
    )
    return figures.exit_code()


@asynccontextmanager
async def indexed_insurance() -> AsyncGenerator[App]:
    with tempfile.TemporaryDirectory(prefix="realmkit-bench-") as folder:
        kept = os.environ.get("REALMKIT_BENCH_KEEP")
        if kept:
            # Rendering everything again for a newer host would run beside what is measured.
            (Path(kept) / "rendered-with").unlink(missing_ok=True)
        # A kept index is of cards at one address.
        listener = mounts.listen("127.0.0.1", 47311 if kept else 0)
        settings = settings_for(INSURANCE, Path(kept or folder), listener, watch=False)
        async with running(settings, listener) as app:
            await app.indexer.drain(insurance(app).url)
            yield app


def insurance(app: App) -> Realm:
    return next(realm for realm in app.settings.realms if realm.name == "insurance")


async def best_render(app: App, browser: Browser, mode: str) -> Rendered:
    """The quickest of a few renders in one warm page; they must all show the same."""
    realm = insurance(app)
    file = await app.stations.mounted[realm.name].files.read(f"{DASHBOARD}.json")
    card = {"url": realm.url_of(f"{DASHBOARD}.json"), "source": file.text()}
    request: dict[str, Any] = {"cards": [card], "epoch": "1", "formats": ["isolated"]}
    page = await browser.new_page()
    await page.add_init_script(COUNTING)
    await page.goto(f"{app.settings.public_url}/_host/prerender")
    await page.locator("html[data-realmkit='ready']").wait_for(state="attached")
    modules = [realm.url_of(name) for name in ("dashboard", "policy", "claim", "customer")]
    await page.evaluate(
        "request => __realmkit.describe(request)", {"modules": modules, "epoch": "1"}
    )
    renders = [await render(app, page, mode, request) for _ in range(ROUNDS)]
    await page.close()
    if any(rendered.html != renders[0].html for rendered in renders):
        raise RuntimeError(f"{mode}: two renders of one card differ")
    return min(renders, key=lambda rendered: rendered.ready_ms)


async def render(app: App, page: Page, mode: str, request: dict[str, Any]) -> Rendered:
    database = app.stations.index._db
    before = database.statements
    answer = await page.evaluate(VISIT, [mode, request])
    result = answer["result"]
    if result["error"]:
        raise RuntimeError(f"{mode}: {result['error']['message']}")
    asked = [(kind, size) for kind, size in answer["asked"]]
    return Rendered(
        answer["ready_ms"], asked, database.statements - before, result["html"]["isolated"]
    )


@dataclass
class Opened:
    """The live dashboard, painted where the prerendered one was. `bytes` are decoded ones."""

    painted_ms: float
    requests: str
    statements: int
    bytes: int


async def open_live(app: App, browser: Browser) -> Opened:
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    kinds: Counter[str] = Counter()
    page.on("request", lambda request: kinds.update([request.resource_type]))
    sizes: list[int] = []
    network = await page.context.new_cdp_session(page)
    network.on("Network.dataReceived", lambda received: sizes.append(received["dataLength"]))
    await network.send("Network.enable")
    database = app.stations.index._db
    before = database.statements
    await page.goto(insurance(app).url_of(DASHBOARD), wait_until="commit")
    painted_ms = await page.evaluate(
        """() => new Promise((painted) => {
          const look = () => document.querySelector("[data-realmkit-live]")
            ? requestAnimationFrame(() => requestAnimationFrame(() => painted(performance.now())))
            : setTimeout(look, 5);
          look();
        })"""
    )
    opened = Opened(
        painted_ms,
        ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
        database.statements - before,
        sum(sizes),
    )
    SCREENSHOT.parent.mkdir(exist_ok=True)
    await page.screenshot(path=SCREENSHOT)
    await page.close()
    return opened


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
