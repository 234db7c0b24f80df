"""While somebody else's transaction holds rows of the table, everybody is answered."""

import asyncio

import pytest
from tests.coalesce.conftest import PERSON, REALM, Desk, Office, new_desk

from realmkit.db import Database

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realmkit.coalesce.generation_table.WRITE_WITHIN_S", 0.2)


async def test_whoever_makes_a_module_whose_row_is_held_answers_and_does_not_keep_it(
    desks: tuple[Office, Office], db: Database
) -> None:
    one, other = desks
    async with db.transaction() as tx:
        await one.table.tombstone(tx, REALM, {PERSON: None})
        async with asyncio.timeout(20):
            # A follower is told, and makes it itself.
            assert await asyncio.gather(one.get(), other.get()) == ["V1", "V1"]
        assert sum(desk.table.failures for desk in desks) == len(one.made + other.made)

    # Once the rows are free it is kept again.
    third = new_desk(db)
    await third.get()
    assert await third.row() == ("V1", 1)


async def test_a_change_of_many_modules_is_one_statement_in_one_savepoint(desk: Desk) -> None:
    paths = {f"m{number}.gts": f"hash {number}" for number in range(150)}
    before = desk.db.statements
    async with desk.db.transaction() as tx:
        await desk.cache.tombstone_all(tx, REALM, paths)

    # begin, savepoint, the tombstones, release, commit
    assert desk.db.statements - before == 5
    rows = await desk.db.read("select count(*), min(generation) from module_transpile_cache")
    assert rows == [(150, 1)]
