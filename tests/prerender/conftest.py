"""A small web server on loopback whose page speaks the prerender page's language.

Each card's source is one word that says how the card behaves.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from realmkit.config import find_chromium
from realmkit.prerender import CardSource, Prerenderer

PAGE = """<!doctype html><html><body><script>
const behaviours = {
  good: () => {},
  loop: () => { for (;;) {} },
  never: () => new Promise(() => {}),
  alert: () => alert("hello"),
  leave: () => { location.href = "/elsewhere"; return new Promise(() => {}); },
  "throw-later": () => new Promise((done) => setTimeout(() => { done(); throw Error("late"); })),
  shout: () => console.error("shouted"),
  "odd-text": () => {},
  "reject-all": () => { throw Error("the visit itself fails"); },
  "spoil": () => {},
  "wait-for-go": () => fetch("/gate"),
};
globalThis.__realmkit = {
  async visit({ cards, epoch, jobId, jobPriority }) {
    const results = [];
    for (const { url, source } of cards) {
      __realmkitProgress(JSON.stringify({ url, stage: "start" }));
      if (source === "wrong-shape") {
        results.push({ url, id: 5 });
        __realmkitProgress(JSON.stringify({ url, stage: "done" }));
        continue;
      }
      await behaviours[source]();
      results.push({
        url,
        id: url.replace(/\\.json$/, ""),
        status: "ready",
        resource: { context: globalThis.__boxelRenderContext, epoch, jobId, jobPriority },
        html: { isolated: source === "odd-text" ? "a\\ud800b\\0c" : `<p>${source}</p>` },
      });
      __realmkitProgress(JSON.stringify({ url, stage: "done" }));
      if (source === "spoil") return { results, unusable: "spoilt on purpose" };
    }
    return { results, unusable: null };
  },
  async describe({ modules }) {
    return modules.map((url) => ({ url, exports: ["default"], definitions: {}, error: null,
      dependencies: [] }));
  },
  async extract({ files }) {
    return files.map(({ url, definition, attributes }) => ({ url, status: "ready",
      searchDoc: attributes, types: [definition.name] }));
  },
  async run({ url, command, input, jobPriority }) {
    await behaviours[command.name]();
    return [{ url, status: "ready", result: { input, jobPriority }, error: null }];
  },
};
document.documentElement.dataset.realmkit = "ready";
</script></body></html>"""


@dataclass
class Site:
    """What the loopback server answers, and what it was asked."""

    origin: str = ""
    page: str = PAGE
    status: int = 200
    boots: int = 0
    at_gate: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    hold_boot: bool = False

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            body = ""
            if path == "/_host/prerender":
                self.boots += 1
                if self.hold_boot:
                    await self.gate.wait()
                body = self.page
            elif path == "/gate":
                self.at_gate.set()
                await self.gate.wait()
            data = body.encode()
            writer.write(
                f"HTTP/1.1 {self.status} X\r\ncontent-type: text/html\r\nconnection: close\r\n"
                f"content-length: {len(data)}\r\n\r\n".encode()
            )
            writer.write(data)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield site
    site.gate.set()
    server.close()


@pytest.fixture
async def prerenderer(site: Site) -> AsyncIterator[Prerenderer]:
    prerenderer = Prerenderer(site.origin, find_chromium(), page_limit=2, render_timeout_s=1.0)
    yield prerenderer
    await prerenderer.stop()


def cards(*behaviours: str) -> list[CardSource]:
    """Cards named by number and behaviour: `http://r/0-good.json`."""
    return [
        CardSource(f"http://r/{number}-{behaviour}.json", behaviour)
        for number, behaviour in enumerate(behaviours)
    ]
