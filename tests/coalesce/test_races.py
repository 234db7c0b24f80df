"""What readers get, and what is kept, when an invalidation comes in between."""

import asyncio

import pytest
from tests.coalesce.conftest import PERSON, REALM, Desk, Text, new_desk

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


async def test_a_wipe_covers_a_row_that_is_being_written_and_does_not_wait_for_it(
    desk: Desk, db: Database, peer: Database
) -> None:
    if peer is db:
        # The only writer: who wipes has his turn before or after.
        await desk.get()
        await desk.cache.wipe(REALM)
    else:
        async with peer.transaction() as tx:
            values = [REALM, PERSON, "V1", "[]", 0, 0, Text("v1").hash, "t1", 0, "{}"]
            await tx.execute(desk.table._sql["write"], values)
            async with asyncio.timeout(10):
                await desk.cache.wipe(REALM)

    assert (await desk.row())[0] is None
    assert (await desk.found()).layer == "made"


async def test_a_wipe_does_not_wait_for_a_change_of_one_of_its_modules(
    desk: Desk, db: Database, peer: Database
) -> None:
    await desk.get()
    if peer is not db:
        async with peer.transaction() as tx:
            await desk.table.tombstone(tx, REALM, {PERSON: Text("v1").hash})
            async with asyncio.timeout(10):
                await desk.cache.wipe(REALM)
    else:
        await desk.cache.wipe(REALM)

    assert (await desk.found()).layer == "made"


async def test_what_was_read_before_a_late_notice_is_kept(
    desk: Desk, db: Database, peer: Database
) -> None:
    # editor: saves v2, and tells nobody
    # peer:   generation 0, reads v2, starts making
    # scan:   sees the change: generation 1, spares v2
    # peer:   finishes; it is of v2, so both layers keep it
    other, old = new_desk(peer), new_desk(peer)
    old.making.close()
    reading_old = asyncio.create_task(old.get())
    await old.making.arrived.wait()
    desk.file = other.file = "v2"
    for each in (desk, other):
        each.making.close()
    readings = [asyncio.create_task(each.get()) for each in (desk, other)]
    for each in (desk, other):
        await each.making.arrived.wait()
    await desk.notice()
    late = asyncio.create_task(desk.get())
    for each in (desk, other, old):
        each.making.open()

    assert await asyncio.gather(*readings, late) == ["V2"] * 3
    assert await reading_old == "V1"
    assert await desk.row() == ("V2", 1)
    assert (await desk.found()).layer == "l1"
    # Whoever comes joins what is being made already.
    assert desk.made == ["v2"]


async def test_a_late_notice_lets_in_no_older_source(desk: Desk, peer: Database) -> None:
    old = new_desk(peer)
    old.making.close()
    reading = asyncio.create_task(old.get())
    await old.making.arrived.wait()
    desk.file = "v2"
    await desk.notice()
    old.making.open()
    await reading

    assert await desk.row() == (None, 1)


async def test_a_notice_lets_in_nothing_from_before_an_invalidation_without_a_change(
    desk: Desk, peer: Database
) -> None:
    # peer: generation 0, reads v1, starts making
    # desk: v1 is to be made again: generation 1, and then noticed: generation 2, spares v1
    # peer: finishes; it began before that
    other = new_desk(peer)
    other.making.close()
    desk.making.close()
    readings = [asyncio.create_task(each.get()) for each in (other, desk)]
    for each in (other, desk):
        await each.making.arrived.wait()
    await desk.write("v1")
    await desk.notice()
    for each in (other, desk):
        each.making.open()
    await asyncio.gather(*readings)

    assert await desk.row() == (None, 2)
    assert (await desk.found()).layer == "made"


async def test_what_came_too_late_for_a_wipe_keeps_out_nothing_that_is_newer(
    desk: Desk, peer: Database
) -> None:
    # old:  generation 0, floor 0, reads v1, starts making
    # wipe: floor 1
    # old:  its row is there, and no hit for anybody
    # desk: generation 0, floor 1, reads v1, starts making
    # scan: generation 1, spares v1
    # desk: finishes; the row is of v1 as well, but does not count
    old = new_desk(peer)
    old.making.close()
    reading_old = asyncio.create_task(old.get())
    await old.making.arrived.wait()
    await desk.cache.wipe(REALM)
    old.making.open()
    await reading_old
    desk.making.close()
    reading = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    await new_desk(peer).notice()
    desk.making.open()
    await reading

    assert (await new_desk(peer).found()).layer == "l2"


@pytest.mark.parametrize("text", ["v2", "v1"], ids=["of something else", "of the same"])
async def test_after_a_write_nobody_joins_the_old_flight(desk: Desk, text: str) -> None:
    desk.making.close()
    early = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    await desk.write(text)
    desk.making.arrived.clear()
    late = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    desk.making.open()

    assert await asyncio.gather(early, late) == ["V1", text.upper()]
    assert desk.made == ["v1", text]


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
