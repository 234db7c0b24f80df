"""Serving linked documents, on SQLite and on PostgreSQL, with 10,000 cards in the realm.

Server time is taken inside the process, from the ASGI call to the last byte of the
answer: no socket and no client in between. The peer of each figure is the same rows
read by hand-written SQL and written by orjson, on the same database in the same run.
The payload of a dashboard's search is measured on `examples/insurance`, rendered for real.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from serving import INSURANCE, ROOT, Figures, served, settings_for

sys.path.insert(0, str(ROOT))
from tests.support.postgres import running_postgres

from realmkit.app import App
from realmkit.cli import mounts
from realmkit.cli.running import running
from realmkit.index import Batch, NewEntry

CARDS = 10_000
A_BATCH = 1_000
HITS = 20
RUNS = 200
CARD = "application/vnd.card+json"
TEXT = {"module": "@cardstack/base/string", "name": "default"}


async def main() -> int:
    figures = Figures(f"Linked documents ({CARDS} cards)")
    with tempfile.TemporaryDirectory(prefix="realmkit-bench-") as folder:
        await measure(figures, "sqlite", Path(folder), None)
    with (
        tempfile.TemporaryDirectory(prefix="realmkit-bench-") as folder,
        running_postgres() as server,
    ):
        await measure(figures, "postgres", Path(folder), await server.new_database())
    if "--no-dashboard" not in sys.argv:
        await measure_dashboard(figures)
    return figures.exit_code()


async def measure(figures: Figures, name: str, folder: Path, database: str | None) -> None:
    async with seeded(folder, database) as app:
        asking = Asking(app)
        for what, id, limit_ms in (
            ("no links", "plain", 1.5),
            ("four links", "linked", 3.0),
            (f"a query-backed field of {HITS} hits", "asking-0", 6.0),
        ):
            ours = await p50_ms(lambda id=id: asking.get(id))
            peer = await p50_ms(lambda id=id: asking.by_hand(id))
            figures.line(
                f"{name}: GET, {what}",
                f"{ours:.2f} ms",
                target=f"under {limit_ms} ms",
                met=ours < limit_ms,
            )
            figures.line(f"{name}:   the same rows by hand", f"{peer:.2f} ms")
            figures.line(f"{name}:   ratio", f"{ours / peer:.1f}")
        kind = {"filter": {"on": asking.ref("Asking"), "eq": {"kind": "asking"}}}
        statements = await asking.statements(kind)
        ours = await p50_ms(lambda: asking.search(kind), runs=30)
        figures.line(
            f"{name}: 20 cards, a field of {HITS} hits each",
            f"{ours:.1f} ms",
            target="under 20 ms",
            met=ours < 20,
        )
        figures.line(
            f"{name}:   statements", str(statements), target="at most 6", met=statements <= 6
        )
        linked = {"filter": {"on": asking.ref("Linked"), "eq": {"kind": "fan"}}}
        statements = await asking.statements(linked)
        figures.line(
            f"{name}: 50 cards with 5 links: statements",
            str(statements),
            target="at most 3",
            met=statements <= 3,
        )


async def measure_dashboard(figures: Figures) -> None:
    async with served(INSURANCE) as app:
        await app.indexer.settle()
        realm_url = next(realm.url for realm in app.settings.realms if realm.is_writable)
        asking = Asking(app)
        customers = {
            "filter": {"type": {"module": f"{realm_url}customer", "name": "Customer"}},
        }
        path = f"{realm_url.removeprefix(app.settings.public_url)}_search"
        sizes = [
            len(await asking.ask("QUERY", path, orjson.dumps(customers), headers))
            for headers in ({}, {"x-boxel-during-prerender": "1"})
        ]
    ratio = sizes[0] / sizes[1]
    figures.line("dashboard's customers: expanded", f"{sizes[0] / 1e6:.2f} MB")
    figures.line("dashboard's customers: skipped", f"{sizes[1] / 1e6:.2f} MB")
    figures.line("ratio, asked without fields", f"{ratio:.1f}")


class Asking:
    """Requests to the app of this process, and their peers."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.realm_url = app.settings.realms[0].url
        self.db = app.stations.search._db  # pyright: ignore[reportPrivateUsage]

    def ref(self, name: str) -> dict[str, str]:
        return {"module": f"{self.realm_url}bench", "name": name}

    async def get(self, id: str) -> None:
        path = f"{self.realm_url.removeprefix(self.app.settings.public_url)}{id}"
        await self.ask("GET", path, b"", {"accept": CARD})

    async def search(self, body: dict[str, Any]) -> None:
        path = f"{self.realm_url.removeprefix(self.app.settings.public_url)}_search"
        await self.ask("QUERY", path, orjson.dumps(body), {})

    async def statements(self, body: dict[str, Any]) -> int:
        await self.search(body)
        before = self.db.statements
        await self.search(body)
        return self.db.statements - before

    async def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        host = self.app.settings.public_url.partition("://")[2]
        sent = {"host": host, **headers}
        answer: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] != 200:
                raise AssertionError(f"{method} {path} was answered with {message['status']}")
            answer.append(message.get("body", b""))

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "http_version": "1.1",
            "server": tuple(host.split(":")),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        }
        await self.app.asgi(scope, receive, send)
        return b"".join(answer)

    async def by_hand(self, id: str) -> None:
        """The card's row and the rows it leads to, read and written with nothing in between."""
        sql = "SELECT pristine_doc FROM entries WHERE url = $1 AND type = 'instance'"
        row = await self.db.read_one(sql, (f"{self.realm_url}{id}.json",))
        assert row is not None
        data = orjson.loads(row[0])
        rows: list[Any] = []
        if id == "linked":
            listed = ", ".join(f"'{self.realm_url}card-{at}.json'" for at in range(4))
            rows = await self.db.read(f"SELECT pristine_doc FROM entries WHERE url IN ({listed})")
        elif id.startswith("asking"):
            listed = ", ".join(f"'{self.realm_url}card-{at}.json'" for at in range(HITS))
            rows = await self.db.read(f"SELECT pristine_doc FROM entries WHERE url IN ({listed})")
        orjson.dumps({"data": data, "included": [orjson.loads(one[0]) for one in rows]})


async def p50_ms(work: Callable[[], Awaitable[None]], *, runs: int = RUNS) -> float:
    await work()
    taken: list[float] = []
    for _ in range(runs):
        started = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1_000


@asynccontextmanager
async def seeded(folder: Path, database: str | None) -> AsyncGenerator[App]:
    """An app whose index holds cards that nobody had to render."""
    root = folder / "bench"
    root.mkdir()
    listener = mounts.listen("127.0.0.1", 0)
    settings = settings_for(root, folder / "state", listener, watch=False, database_url=database)
    async with running(settings, listener) as app:
        await app.indexer.settle()
        realm_url = app.settings.realms[0].url
        await app.stations.index.commit(
            Batch(realm_url, definitions={f"{realm_url}bench": definitions(realm_url)})
        )
        entries = cards(realm_url)
        for start in range(0, len(entries), A_BATCH):
            await app.stations.index.commit(
                Batch(realm_url, entries=entries[start : start + A_BATCH])
            )
        yield app


def definitions(realm_url: str) -> dict[str, Any]:
    text = {"type": "contains", "card": TEXT, "isPrimitive": True, "valueType": "string"}
    plain = {"name": text, "kind": text, "group": text}
    target = {"module": f"{realm_url}bench", "name": "Linked"}
    query = {"filter": {"eq": {"group": "$this.group"}}, "page": {"size": HITS}}
    fields = {
        "Plain": plain,
        "Linked": {**plain, "links": {"type": "linksToMany", "card": target}},
        "Asking": {**plain, "found": {"type": "linksToMany", "card": target, "query": query}},
    }
    return {
        name: {
            "type": "card-def",
            "codeRef": {"module": f"{realm_url}bench", "name": name},
            "displayName": name,
            "types": [f"{realm_url}bench/{name}"],
            "fields": described,
        }
        for name, described in fields.items()
    }


def cards(realm_url: str) -> list[NewEntry]:
    def card(name: str, type: str, kind: str, group: str, links: list[str]) -> NewEntry:
        id = f"{realm_url}{name}"
        attributes = {"name": name, "kind": kind, "group": group, "text": "lorem ipsum " * 20}
        return NewEntry(
            url=f"{id}.json",
            type="instance",
            pristine_doc={
                "type": "card",
                "id": id,
                "attributes": attributes,
                "relationships": {
                    f"links.{at}": {"links": {"self": f"./{link}"}} for at, link in enumerate(links)
                },
                "meta": {"adoptsFrom": {"module": f"{realm_url}bench", "name": type}},
            },
            search_doc={**attributes, "id": id},
            types=[f"{realm_url}bench/{type}"],
            display_names=[type],
            last_modified=1_700_000_000,
        )

    def leaves(first: int, count: int) -> list[str]:
        return [f"card-{at}" for at in range(first, first + count)]

    return [
        card("plain", "Plain", "plain", "none", []),
        card("linked", "Linked", "linked", "none", leaves(0, 4)),
        *(card(f"asking-{at}", "Asking", "asking", f"g{at}", []) for at in range(20)),
        *(card(f"fan-{at}", "Linked", "fan", "none", leaves(5 * at, 5)) for at in range(50)),
        *(card(f"card-{at}", "Linked", "leaf", f"g{at // HITS}", []) for at in range(CARDS - 72)),
    ]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
