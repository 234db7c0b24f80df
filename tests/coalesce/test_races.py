"""What readers get, and what is kept, when an invalidation comes in between."""

import asyncio

import pytest
from tests.coalesce.conftest import PERSON, REALM, Desk, new_desk

from realmkit.db import Database

pytestmark = pytest.mark.anyio


async def test_a_write_during_the_making_is_not_hidden_by_the_old_result(desk: Desk) -> None:
    # reader: generation 0, reads v1, starts making
    # writer: saves v2, tombstone: generation 1
    # reader: finishes; its result is returned, and kept in neither layer
    desk.making.close()
    reading = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    await desk.write("v2")
    desk.making.open()

    assert await reading == "V1"
    assert await desk.row() == (None, 1)
    assert await desk.get() == "V2"


async def test_a_write_after_the_reading_refuses_the_old_row(desk: Desk, db: Database) -> None:
    # Another process: its memory hears nothing of the write, only the table does.
    peer = new_desk(db)
    peer.reading.close()
    reading = asyncio.create_task(peer.get())
    await peer.reading.arrived.wait()
    await desk.write("v2")
    peer.reading.open()

    assert await reading == "V1"
    assert await desk.row() == (None, 1)


async def test_a_wipe_covers_a_path_that_has_no_row_yet(desk: Desk, db: Database) -> None:
    peer = new_desk(db)
    peer.making.close()
    reading = asyncio.create_task(peer.get())
    await peer.making.arrived.wait()
    async with db.transaction() as tx:
        await desk.table.tombstone_realm(tx, REALM)
    peer.making.open()
    await reading

    assert (await desk.row())[0] is None


async def test_a_wipe_covers_a_row_that_is_being_written(
    desk: Desk, db: Database, peer: Database
) -> None:
    async def wipe() -> None:
        async with db.transaction() as tx:
            await desk.table.tombstone_realm(tx, REALM)

    async with peer.transaction() as tx:
        values = [REALM, PERSON, "V1", "[]", 0, "hash", "t1", 0, 0]
        await tx.execute(desk.table._sql["write"], values)
        wiping = asyncio.create_task(wipe())
        for _ in range(20):
            await peer.read("select 1")
            await asyncio.sleep(0)
        assert not wiping.done()
    await wiping

    assert await desk.row() == (None, 1)


async def test_after_a_write_nobody_joins_the_old_flight(desk: Desk) -> None:
    desk.making.close()
    early = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    await desk.write("v2")
    desk.making.arrived.clear()
    late = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    desk.making.open()

    assert await asyncio.gather(early, late) == ["V1", "V2"]
    assert desk.made == ["v1", "v2"]


async def test_readers_of_one_source_share_one_flight(desk: Desk) -> None:
    desk.making.close()
    readers = [asyncio.create_task(desk.get()) for _ in range(5)]
    await desk.making.arrived.wait()
    desk.making.open()

    assert await asyncio.gather(*readers) == ["V1"] * 5
    assert desk.made == ["v1"]


async def test_an_unrelated_write_keeps_the_result(desk: Desk) -> None:
    desk.making.close()
    reading = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    async with desk.db.transaction() as tx:
        await desk.cache.tombstone(tx, REALM, "other.gts")
    desk.making.open()
    await reading

    assert (await desk.found()).layer == "l1"


async def test_wiping_the_realm_during_the_making_keeps_nothing(desk: Desk) -> None:
    desk.making.close()
    reading = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    desk.cache.invalidate_realm(REALM)
    desk.making.open()
    await reading

    assert (await desk.found()).layer == "made"


async def test_a_reader_that_leaves_does_not_stop_the_making(desk: Desk) -> None:
    desk.making.close()
    leaving = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    leaving.cancel()
    await asyncio.wait([leaving])
    staying = asyncio.create_task(desk.get())
    desk.making.open()

    assert await staying == "V1"
    assert desk.made == ["v1"]


async def test_a_rolled_back_write_invalidates_nothing(desk: Desk) -> None:
    await desk.get()
    with pytest.raises(RuntimeError):
        async with desk.db.transaction() as tx:
            await desk.cache.tombstone(tx, REALM, "person.gts")
            raise RuntimeError("disk full")

    assert (await desk.found()).layer == "l1"
    assert (await desk.row())[0] == "V1"
