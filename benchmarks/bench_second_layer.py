"""A hit in the second layer, against one SELECT by primary key and one reading of the file.

On both databases, in this process. What a hit does besides: it compares the hash of what
it read with the row's, and decodes the payload.
"""

import asyncio
import hashlib
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from realmkit.coalesce import GenerationTable, LayeredCache
from realmkit.config import static_dir
from realmkit.db import Database, open_database
from realmkit.modules.compiled import Compiled, decode, encode
from realmkit.modules.transpiler import TranspilerPool
from serving import INSURANCE, Figures, postgres

REALM = "http://127.0.0.1:4201/insurance/"
FILE = INSURANCE / "policy.gts"
HITS = 400
SELECT = (
    "select body, source_hash, transpiler_version, generation from module_transpile_cache "
    "where realm_url = $1 and canonical_path = $2"
)


@dataclass(frozen=True)
class Source:
    text: str
    hash: str


async def main() -> int:
    figures = Figures("A hit in the second layer")
    pool = TranspilerPool(static_dir() / "transpiler" / "transpiler.mjs", size=1)
    compiled = await pool.transpile(FILE.name, FILE.read_text())
    await pool.stop()
    with tempfile.TemporaryDirectory(prefix="realmkit-bench-") as name, postgres() as url:
        for database in (f"sqlite://{name}/realmkit.db", url):
            db = await open_database(database)
            await measure(figures, db, compiled)
            await db.close()
    return figures.exit_code()


async def measure(figures: Figures, db: Database, compiled: Compiled) -> None:
    async def read() -> Source:
        content = await asyncio.to_thread(FILE.read_bytes)
        return Source(content.decode(), hashlib.sha256(content).hexdigest())

    async def make(_: Source) -> Compiled:
        return compiled

    cache = LayeredCache(
        "transpile", GenerationTable(db, "module_transpile_cache"), encode=encode, decode=decode
    )

    async def hit() -> None:
        cache.invalidate(REALM, FILE.name)
        await cache.get(REALM, FILE.name, "t1", read=read, make=make)

    async def select_and_read() -> None:
        await db.read_one(SELECT, [REALM, FILE.name])
        await asyncio.to_thread(FILE.read_bytes)

    await hit()
    # By turns, so that what else the machine does falls on both.
    rounds = [(await timed(hit), await timed(select_and_read)) for _ in range(5)]
    if cache.stats.made != 1:
        raise RuntimeError("the second layer had it not")
    hit_us, bare_us = min(each[0] for each in rounds), min(each[1] for each in rounds)
    ratio = hit_us / bare_us
    figures.line(f"{db.dialect}: a hit", f"{hit_us:.0f} us")
    figures.line(f"{db.dialect}: one SELECT and a file's bytes", f"{bare_us:.0f} us")
    figures.line("ratio", f"{ratio:.2f}", target="at most 2", met=ratio <= 2)


async def timed(work: Callable[[], Awaitable[None]]) -> float:
    """Microseconds for one, on average."""
    started = time.perf_counter()
    for _ in range(HITS):
        await work()
    return (time.perf_counter() - started) / HITS * 1e6


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
