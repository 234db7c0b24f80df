"""Whatever writers do at the same moment, a follower hears all of it once, in order."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from realmkit.changes import ChangeLog, NewChange
from realmkit.db import open_database

from ..support.realms import ATLAS

BATCHES = st.lists(st.integers(min_value=1, max_value=4), min_size=1, max_size=8)


@settings(max_examples=15)
@given(BATCHES, st.integers(min_value=1, max_value=3))
def test_a_follower_hears_every_change_once_and_in_order(sizes: list[int], limit: int) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            db = await open_database(Path(folder) / "realmkit.db")
            log = ChangeLog(db)
            heard: list[tuple[int, str]] = []

            async def write(writer: int, size: int) -> None:
                batch = [NewChange("file", f"{writer}/{n}", "added") for n in range(size)]
                async with db.transaction() as tx:
                    await log.append(tx, ATLAS, batch)

            async def follow() -> None:
                seq = 0
                while len(heard) < sum(sizes):
                    await log.wait_for(ATLAS, seq)
                    for change in await log.since(ATLAS, seq, limit):
                        heard.append((change.seq, change.path))
                        seq = change.seq

            async with asyncio.timeout(20), asyncio.TaskGroup() as group:
                group.create_task(follow())
                for writer, size in enumerate(sizes):
                    group.create_task(write(writer, size))
            await db.close()

            assert [seq for seq, _ in heard] == list(range(1, sum(sizes) + 1))
            assert len({path for _, path in heard}) == sum(sizes)
            for writer, size in enumerate(sizes):
                own = [path for _, path in heard if path.startswith(f"{writer}/")]
                assert own == [f"{writer}/{n}" for n in range(size)]

    asyncio.run(run())
