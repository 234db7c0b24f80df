"""The shared tables stay within their bounds, and give up nothing that guards a writer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from tests.support.realms import HeldClock

from realmkit.coalesce import CacheSweeper, GenerationTable, TableName
from realmkit.coalesce.generation_table import Row
from realmkit.config import CacheBounds
from realmkit.db import Database

pytestmark = pytest.mark.anyio

REALM = "http://realm.test/atlas/"
DAY_MS = 24 * 3600 * 1000


@dataclass
class Shelf:
    """A table whose rows are written one after another, each of ten bytes."""

    table: GenerationTable
    sweeper: CacheSweeper
    clock: HeldClock

    async def put(self, *paths: str) -> None:
        for path in paths:
            self.clock.ms += 1
            captured = await self.row(path)
            await self.table.write(
                REALM,
                path,
                captured,
                body="x" * 10,
                dependency_keys=(),
                source_hash="h",
                maker_version="1",
            )

    async def row(self, path: str) -> Row:
        row = await self.table.read(REALM, path)
        assert row is not None
        return row

    async def kept(self, *paths: str) -> list[str]:
        return [path for path in paths if (await self.row(path)).body is not None]


@pytest.fixture(params=["module_transpile_cache", "modules"])
async def shelf(request: pytest.FixtureRequest, db: Database) -> AsyncIterator[Shelf]:
    name: TableName = request.param
    clock = HeldClock()
    table = GenerationTable(db, name, clock=clock)
    bounds = CacheBounds(max_bytes=30, max_age_s=10 * 24 * 3600)
    sweeper = CacheSweeper([table], bounds, clock=clock)
    yield Shelf(table, sweeper, clock)
    await sweeper.stop()


async def test_the_oldest_go_when_there_is_too_much(shelf: Shelf) -> None:
    await shelf.put("a", "b", "c", "d")
    await shelf.put("a")
    await shelf.sweeper.sweep()

    assert await shelf.kept("a", "b", "c", "d") == ["a", "c", "d"]
    assert shelf.sweeper.stats.beyond == 1


async def test_what_is_too_old_goes(shelf: Shelf) -> None:
    await shelf.put("a")
    shelf.clock.ms += 11 * DAY_MS
    await shelf.put("b")
    await shelf.sweeper.sweep()

    assert await shelf.kept("a", "b") == ["b"]


async def test_a_row_that_was_given_up_still_refuses_a_slow_writer(
    shelf: Shelf, db: Database
) -> None:
    await shelf.put("a")
    captured = await shelf.row("a")
    shelf.clock.ms += 11 * DAY_MS
    await shelf.sweeper.sweep()
    async with db.transaction() as tx:
        await shelf.table.tombstone(tx, REALM, {"a": None})

    await shelf.table.write(
        REALM, "a", captured, body="old", dependency_keys=(), source_hash="h", maker_version="1"
    )
    assert await shelf.kept("a") == []


async def test_tombstones_and_floors_are_deleted_when_nobody_can_meet_them(
    shelf: Shelf, db: Database
) -> None:
    await shelf.put("a", "b")
    async with db.transaction() as tx:
        await shelf.table.tombstone_realm(tx, REALM)
    await shelf.sweeper.sweep()
    assert shelf.sweeper.stats.rows == 0
    assert (await shelf.row("a")).floor == 1

    shelf.clock.ms += DAY_MS + 1
    await shelf.sweeper.sweep()
    assert shelf.sweeper.stats.rows == 3
    assert await shelf.row("a") == Row()


async def test_who_writes_nothing_adds_nothing_up(shelf: Shelf) -> None:
    await shelf.put("a", "b", "c", "d")
    await shelf.sweeper.sweep()
    before = shelf.table.db.statements
    await shelf.sweeper.sweep()
    quiet = shelf.table.db.statements - before
    await shelf.put("e")
    before = shelf.table.db.statements
    await shelf.sweeper.sweep()

    assert quiet < shelf.table.db.statements - before
    assert await shelf.kept("b", "c", "d", "e") == ["c", "d", "e"]


async def test_old_rows_are_found_by_an_index(shelf: Shelf, db: Database) -> None:
    names = await db.read(
        "select name from sqlite_schema where type = 'index'"
        if db.dialect == "sqlite"
        else "select indexname from pg_indexes"
    )
    assert (f"{shelf.table.name}_by_age",) in names


async def test_a_started_sweeper_sweeps_until_it_is_stopped(shelf: Shelf) -> None:
    await shelf.put("a", "b", "c", "d")
    await shelf.sweeper.start()
    async with asyncio.timeout(10):
        await shelf.sweeper.swept.wait()
    await shelf.sweeper.stop()

    assert await shelf.kept("a", "b", "c", "d") == ["b", "c", "d"]
