"""Index every artefact of `examples/insurance`, against the renders alone.

The limit is the same renders in one warm page with no server: the page has rendered
every card once, and what it asked realms for is answered from its own memory. What
lies between that and our rate is the price of files, the database and the wire; two
pages on two cores may go past it.
"""

import asyncio
import sys
import time
from typing import Any

import msgspec
import orjson

from realmkit.app import App
from realmkit.config import Realm, find_chromium
from realmkit.prerender import Prerenderer
from realmkit.prerender.page import Page
from realmkit.prerender.visit import VISIT
from serving import INSURANCE, Figures, served

CARDS_PER_CALL = 16

# Answers of realms are kept by what was asked. The replay must not ask anything new. Which
# cards share a request is a matter of time, so those are kept card by card.
REMEMBER_ANSWERS = """() => {
  const send = globalThis.fetch, answers = new Map(), cards = new Map();
  const alone = async (request, key, ids) => {
    if (!ids.every((id) => cards.has(id))) {
      globalThis.asked.push(key);
      const { data, meta } = await (await send(request)).json();
      for (const each of data) cards.set(each.id, { data: [each], missing: [] });
      for (const each of meta?.missing ?? []) cards.set(each.id, { data: [], missing: [each] });
    }
    const found = ids.flatMap((id) => cards.get(id) ?? []);
    return Response.json({
      data: found.flatMap(({ data }) => data),
      meta: { missing: found.flatMap(({ missing }) => missing) },
    });
  };
  globalThis.asked = [];
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const body = request.method === "GET" ? "" : await request.clone().text();
    const key = `${request.method} ${request.url} ${body}`;
    if (request.url.endsWith("/_cards")) return alone(request, key, JSON.parse(body).ids);
    if (!answers.has(key)) {
      globalThis.asked.push(key);
      const answer = await send(request);
      answers.set(key, { body: await answer.text(), status: answer.status, headers: [...answer.headers] });
    }
    const { body: text, status, headers } = answers.get(key);
    return new Response(text, { status, headers });
  };
}"""


async def main() -> int:
    figures = Figures("Index all artefacts of examples/insurance, two cores")
    async with served(INSURANCE) as app:
        realm = next(realm for realm in app.settings.realms if realm.name == "insurance")
        started = time.perf_counter()
        await app.indexer.drain(realm.url)
        indexed_s = time.perf_counter() - started
        counts = await app.stations.index.counts(realm.url)
        rate = counts.instances / indexed_s
        rendered_s = await render_alone(app, realm)
    limit = counts.instances / rendered_s
    figures.line("cards indexed", f"{counts.instances}")
    figures.line("cards in error", f"{counts.errors}", target="none", met=counts.errors == 0)
    figures.line("indexing, from an empty state", f"{indexed_s:.1f} s")
    figures.line("rate", f"{rate:.1f} cards/s", target="at least 15", met=rate >= 15)
    figures.line("limit: the same renders in one warm page", f"{limit:.1f} cards/s")
    figures.line("ratio to that limit", f"{rate / limit:.2f}")
    return figures.exit_code()


async def render_alone(app: App, realm: Realm) -> float:
    """Seconds one warm page takes to render every card, its questions answered from memory."""
    store = app.stations.mounted[realm.name].files
    paths = [found.path for found in await store.walk() if "/" in found.path]
    sources = {path: (await store.read(path)).text() for path in sorted(paths)}
    cards = [{"url": realm.url_of(path), "source": text} for path, text in sources.items()]
    prerenderer = Prerenderer(realm.url.rsplit("/", 2)[0], find_chromium(), page_limit=1)
    try:
        async with prerenderer.pool.lease() as page:
            await page.call(REMEMBER_ANSWERS, None, patience_s=30)
            await render_all(page, cards)
            before = await page.call("() => globalThis.asked", None, patience_s=30)
            started = time.perf_counter()
            await render_all(page, cards)
            took_s = time.perf_counter() - started
            after = await page.call("() => globalThis.asked", None, patience_s=30)
            if before != after:
                asked = "\n".join(orjson.loads(after)[len(orjson.loads(before)) :])
                raise RuntimeError(f"the warm page asked the server for something:\n{asked}")
            return took_s
    finally:
        await prerenderer.stop()


async def render_all(page: Page, cards: list[dict[str, Any]]) -> None:
    for start in range(0, len(cards), CARDS_PER_CALL):
        batch = cards[start : start + CARDS_PER_CALL]
        # One epoch throughout: the manifests do not change under this.
        request = {"cards": batch, "epoch": "benchmark", "jobId": "0.0", "formats": None}
        answer = msgspec.json.decode(await page.call(VISIT, request, patience_s=60))
        if answer["unusable"]:
            raise RuntimeError(f"the page became unusable: {answer['unusable']}")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
