"""Which layer answers, and what each refuses to answer with."""

import pytest
from tests.coalesce.conftest import PERSON, REALM, Desk, Text, new_desk

from realmkit.db import Database

pytestmark = pytest.mark.anyio


async def test_made_once_then_found_in_memory(desk: Desk) -> None:
    layers = [(await desk.found()).layer for _ in range(3)]

    assert layers == ["made", "l1", "l1"]
    assert desk.made == ["v1"]


async def test_another_process_finds_it_in_the_table(desk: Desk, db: Database) -> None:
    await desk.get()
    peer = new_desk(db)

    found = await peer.found()

    assert (found.value, found.layer, peer.made) == ("V1", "l2", [])
    assert (await peer.found()).layer == "l1"


async def test_a_changed_source_is_made_again_though_nobody_invalidated(desk: Desk) -> None:
    await desk.get()
    desk.file = "v2"

    assert await desk.get() == "V2"


async def test_a_source_that_changed_back_is_found_again(desk: Desk, db: Database) -> None:
    await desk.get()
    peer = new_desk(db)
    peer.file = "v2"
    await peer.get()

    assert await desk.get() == "V1"


async def test_another_transpiler_makes_its_own(desk: Desk, db: Database) -> None:
    await desk.get()
    peer = new_desk(db)
    peer.version = "t2"

    assert (await peer.found()).layer == "made"


async def test_an_error_is_kept_nowhere(desk: Desk) -> None:
    async def fail(source: Text) -> str:
        raise ValueError("no")

    desk_make = desk._make
    desk._make = fail
    with pytest.raises(ValueError, match="no"):
        await desk.get()
    desk._make = desk_make

    assert await desk.get() == "V1"


async def test_a_table_that_cannot_be_used_costs_only_the_making(desk: Desk) -> None:
    async with desk.db.transaction() as tx:
        await tx.execute("drop table module_transpile_cache")

    assert await desk.get() == "V1"
    assert (await desk.found()).layer == "l1"
    assert desk.table.failures > 0


async def test_a_write_succeeds_without_the_table_and_is_seen(desk: Desk) -> None:
    await desk.get()
    async with desk.db.transaction() as tx:
        await tx.execute("drop table module_transpile_cache")

    await desk.write("v2")

    assert await desk.get() == "V2"


async def test_an_invalidation_leaves_a_tombstone_of_a_higher_generation(desk: Desk) -> None:
    await desk.get()
    assert await desk.row() == ("V1", 0)

    await desk.write("v2")
    assert await desk.row() == (None, 1)

    await desk.get()
    assert await desk.row() == ("V2", 1)


async def test_wiping_a_realm_covers_its_rows(desk: Desk) -> None:
    await desk.get()
    async with desk.db.transaction() as tx:
        await desk.table.tombstone_realm(tx, REALM)

    body, generation = await desk.row(PERSON)
    assert body is None
    assert generation == 1
