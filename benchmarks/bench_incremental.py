"""One edited leaf among 10,000 cards: from the change to the index, in time and in statements.

The other cards are rows like those a run leaves, seeded without rendering. Beside the
figure stands the limit: the same card rendered alone in a warm page, and the same edit
in a realm of a hundred cards. Statements are all there are: those of the write, of the
indexer, and of the requests that its page makes.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from realmkit.app import App
from realmkit.cli import mounts
from realmkit.cli.running import running
from realmkit.config import Settings, find_chromium
from realmkit.files import FileWrite
from realmkit.index import Batch, Dependency, NewEntry
from realmkit.prerender import CardSource, Prerenderer
from serving import Figures

DEFINITION = """\
import { CardDef, field, contains, linksTo } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
export class Leaf extends CardDef {
  @field title = contains(StringField);
  @field next = linksTo(() => Leaf);
}
"""
LEAF = (
    '{"data": {"type": "card", "attributes": {"title": "%s"},'
    ' "meta": {"adoptsFrom": {"module": "./leaf", "name": "Leaf"}}}}'
)
EDITS = 15
SIZES = (100, 10_000)
# `REALMKIT_BENCH_DATABASE` names an empty PostgreSQL to use instead of SQLite.
DATABASE = os.environ.get("REALMKIT_BENCH_DATABASE")


async def main() -> int:
    figures = Figures("Edit one leaf: changed to indexed")
    with tempfile.TemporaryDirectory(prefix="realmkit-bench-") as folder:
        root = Path(folder) / "leaves"
        root.mkdir()
        (root / "leaf.gts").write_text(DEFINITION)
        for number in range(41):
            (root / f"leaf{number}.json").write_text(LEAF % "first")
        listener = mounts.listen("127.0.0.1", 0)
        url = mounts.address_of(listener, "127.0.0.1")
        settings = Settings(
            realms=mounts.realms_at(url, mounts.parse_mounts([str(root)])),
            port=listener.getsockname()[1],
            public_url=url,
            state_dir=Path(folder) / "state",
            database_url=DATABASE,
            watch=False,
        )
        async with running(settings, listener) as app:
            await measure(app, f"{url}/leaves/", figures)
    return figures.exit_code()


async def measure(app: App, realm_url: str, figures: Figures) -> None:
    await app.indexer.settle()
    took: dict[int, float] = {}
    statements: dict[int, int] = {}
    seeded = 0
    for size in SIZES:
        await seed(app, realm_url, seeded, size)
        seeded = size
        await edit(app, realm_url, 1, "warm")
        found = [await edit(app, realm_url, 1, f"{size} {n}") for n in range(EDITS)]
        took[size] = statistics.median(each[0] for each in found)
        statements[size] = min(each[1] for each in found)
        figures.line(f"{size:,} cards: changed to indexed, p50", f"{took[size] * 1000:.0f} ms")
        figures.line(f"{size:,} cards: statements, the write included", f"{statements[size]}")
    few = statements[SIZES[-1]]
    figures.line(
        "one edit of one card: statements", f"{few}", target="under 5 a visited card", met=few < 5
    )
    many = [await edit(app, realm_url, 41, f"many {n}") for n in range(5)]
    each = (min(found[1] for found in many) - statements[SIZES[-1]]) / 40
    errors = (await app.stations.index.counts(realm_url)).errors
    figures.line("cards in error", f"{errors}", target="none", met=errors == 0)
    alone = await render_alone(app, realm_url)
    figures.line("limit: the same card rendered alone, warm page", f"{alone * 1000:.0f} ms")
    figures.line("ratio to that limit", f"{took[SIZES[-1]] / alone:.1f}")
    growth = statements[SIZES[-1]] - statements[SIZES[0]]
    figures.line("statements more in the large realm", f"{growth}", target="none", met=growth <= 0)
    figures.line("time in the large realm to the small", f"{took[SIZES[-1]] / took[SIZES[0]]:.2f}")
    figures.line(
        "statements for each further card of an edit", f"{each:.1f}", target="under 5", met=each < 5
    )


async def edit(app: App, realm_url: str, count: int, title: str) -> tuple[float, int]:
    """Seconds and statements from the change of so many leaves to the end of their run, the write included."""
    store = app.stations.mounted["leaves"].files
    writes = [(f"leaf{number}.json", (LEAF % title).encode()) for number in range(count)]
    before = app.database.statements
    result = await store.write_many([FileWrite(path, content) for path, content in writes])
    started = time.perf_counter()
    await app.stations.index.wait_indexed(realm_url, result.seq)
    seconds = time.perf_counter() - started
    await app.indexer.drain(realm_url)
    return seconds, app.database.statements - before


async def seed(app: App, realm_url: str, first: int, last: int) -> None:
    """Rows of cards with thirty fields, as a run would leave them."""
    fields = {f"field{number}": f"value {number}" for number in range(30)}
    for start in range(first, last, 500):
        entries = [
            NewEntry(
                f"{realm_url}seed{number}.json",
                "instance",
                pristine_doc={"id": f"{realm_url}seed{number}", "attributes": fields},
                search_doc={"id": f"{realm_url}seed{number}", **fields},
                types=[f"{realm_url}leaf/Leaf", "@cardstack/base/card-api/CardDef"],
                display_names=["Leaf", "Card"],
                html={"isolated": "<p>seed</p>"},
                dependencies=[Dependency(f"{realm_url}leaf", "module")],
                content_hash="seed",
            )
            for number in range(start, min(start + 500, last))
        ]
        await app.stations.index.commit(Batch(realm_url, entries))


async def render_alone(app: App, realm_url: str) -> float:
    """Seconds that one warm page takes for one leaf."""
    source = CardSource(f"{realm_url}leaf0.json", LEAF % "alone", 0)
    prerenderer = Prerenderer(app.settings.public_url, find_chromium(), page_limit=1)
    times: list[float] = []
    try:
        for _ in range(EDITS):
            started = time.perf_counter()
            await prerenderer.visit([source], epoch="alone", job_id="1.1")
            times.append(time.perf_counter() - started)
    finally:
        await prerenderer.stop()
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
