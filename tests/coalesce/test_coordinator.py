"""Leaders and followers: one transpile for all processes, and nobody left waiting."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.coalesce.conftest import PERSON, REALM, Desk

from realmkit.coalesce import Coordinator, GenerationTable, LayeredCache, Payload
from realmkit.db import Database, lock_key
from realmkit.db.postgres import PostgresDatabase
from realmkit.errors import TryLater

pytestmark = pytest.mark.anyio

KEY = lock_key(f"transpile|{REALM}|{REALM}{PERSON}")


def coordinated(db: Database, look_again_s: float = 60) -> Desk:
    """A process with a coordinator; by default only a notification wakes it."""
    table, coordinator = (
        GenerationTable(db, "module_transpile_cache"),
        Coordinator(db.notifier, look_again_s=look_again_s),
    )
    cache: LayeredCache[str] = LayeredCache(
        "transpile", table, encode=Payload, decode=str, coordinator=coordinator
    )
    return Desk(cache, table, db)


@pytest.fixture
async def desks(db: Database, peer: Database) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two processes over one table."""
    desks = coordinated(db), coordinated(peer)
    yield desks
    for desk in desks:
        await desk.cache.stop()


async def leading(desk: Desk) -> "asyncio.Task[str]":
    """A reader who has the lock and makes the result until its gate is opened."""
    desk.making.close()
    task = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    return task


async def waits(db: Database, follower: "asyncio.Task[str]") -> None:
    """Return when the follower has had time to try the lock, and waits."""
    for _ in range(20):
        assert await db.notifier.try_lock(KEY) is None
    assert not follower.done()


async def test_two_processes_make_one_result(desks: tuple[Desk, Desk]) -> None:
    a, b = desks
    leader = await leading(a)
    follower = asyncio.create_task(b.get())
    await waits(b.db, follower)
    a.making.open()

    async with asyncio.timeout(10):
        assert (await leader, await follower) == ("V1", "V1")
    assert (a.made, b.made) == (["v1"], [])


async def test_whoever_comes_between_the_write_and_the_notice_finds_the_row(
    desks: tuple[Desk, Desk],
) -> None:
    a, b = desks
    results = await asyncio.wait_for(asyncio.gather(*(desk.get() for desk in (a, b))), 10)
    assert results == ["V1", "V1"]
    assert len(a.made + b.made) == 1


async def test_a_leader_that_gives_up_tells_its_followers(desks: tuple[Desk, Desk]) -> None:
    a, b = desks
    leader = await leading(a)
    follower = asyncio.create_task(b.get())
    await waits(b.db, follower)
    await a.cache.stop()

    async with asyncio.timeout(10):
        assert await follower == "V1"
    with pytest.raises(TryLater):
        await leader
    assert b.made == ["v1"]


async def test_a_follower_whose_file_is_another_makes_it_itself(desks: tuple[Desk, Desk]) -> None:
    a, b = desks
    leader = await leading(a)
    b.file = "v2"
    follower = asyncio.create_task(b.get())
    await waits(b.db, follower)
    a.making.open()

    async with asyncio.timeout(10):
        assert (await leader, await follower) == ("V1", "V2")


async def test_in_one_process_new_bytes_do_not_wait_for_old_ones(desks: tuple[Desk, Desk]) -> None:
    desk, _ = desks
    old = await leading(desk)
    desk.making.arrived.clear()
    desk.file = "v2"
    new = asyncio.create_task(desk.get())
    async with asyncio.timeout(10):
        await desk.making.arrived.wait()
    desk.making.open()
    assert (await old, await new) == ("V1", "V2")


async def test_leaders_hold_no_connection_while_they_work(desks: tuple[Desk, Desk]) -> None:
    desk, _ = desks
    desk.making.close()
    # More of them than the pool has connections.
    leaders = [asyncio.create_task(desk.get(f"m{number}.gts")) for number in range(15)]
    async with asyncio.timeout(20):
        await desk.until_making(len(leaders))
        # And it can be read from meanwhile.
        assert await desk.db.read("select 1")

    if isinstance(desk.db, PostgresDatabase):
        pool = desk.db._pool.get_stats()
        assert pool["pool_available"] == pool["pool_size"]
    desk.making.open()
    async with asyncio.timeout(20):
        assert await asyncio.gather(*leaders) == ["V1"] * len(leaders)


async def test_a_leader_that_dies_without_a_word_is_succeeded(db: Database, peer: Database) -> None:
    held = await peer.notifier.try_lock(KEY)
    assert held is not None
    desk = coordinated(db, look_again_s=0.05)
    waiting = asyncio.create_task(desk.get())
    await waits(db, waiting)
    if peer is not db:
        await peer.close()
    else:
        await db.notifier.release(held, "realm_lock_released")

    async with asyncio.timeout(10):
        assert await waiting == "V1"
    await desk.cache.stop()
