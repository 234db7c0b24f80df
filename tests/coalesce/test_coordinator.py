"""Leaders and followers: one transpile for all processes."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from tests.coalesce.conftest import Office, leading

from realmkit.db.postgres import PostgresDatabase

pytestmark = pytest.mark.anyio


async def test_two_processes_make_one_result(desks: tuple[Office, Office]) -> None:
    a, b = desks
    leader = await leading(a)
    follower = asyncio.create_task(b.get())
    await b.waits(follower)
    a.making.open()

    async with asyncio.timeout(10):
        assert (await leader, await follower) == ("V1", "V1")
    assert (a.made, b.made) == (["v1"], [])


async def test_whoever_comes_between_the_write_and_the_notice_finds_the_row(
    desks: tuple[Office, Office],
) -> None:
    a, b = desks
    results = await asyncio.wait_for(asyncio.gather(*(desk.get() for desk in (a, b))), 10)
    assert results == ["V1", "V1"]
    assert len(a.made + b.made) == 1


async def test_other_keys_go_on_beside_a_leader(desks: tuple[Office, Office]) -> None:
    a, b = desks
    leader = await leading(a)
    async with asyncio.timeout(10):
        assert await b.get("other.gts") == "V1"
    assert not leader.done()
    a.making.open()
    assert await leader == "V1"


async def test_a_follower_whose_file_is_another_makes_it_itself(
    desks: tuple[Office, Office],
) -> None:
    a, b = desks
    leader = await leading(a)
    b.file = "v2"
    follower = asyncio.create_task(b.get())
    await b.waits(follower)
    a.making.open()

    async with asyncio.timeout(10):
        assert (await leader, await follower) == ("V1", "V2")


async def test_in_one_process_new_bytes_do_not_wait_for_old_ones(
    desks: tuple[Office, Office],
) -> None:
    desk, _ = desks
    old = await leading(desk)
    desk.making.arrived.clear()
    desk.file = "v2"
    new = asyncio.create_task(desk.get())
    async with asyncio.timeout(10):
        await desk.making.arrived.wait()
    desk.making.open()
    assert (await old, await new) == ("V1", "V2")


async def test_leaders_hold_no_connection_while_they_work(desks: tuple[Office, Office]) -> None:
    desk, _ = desks
    desk.making.close()
    # More of them than the pool has connections.
    leaders = [asyncio.create_task(desk.get(f"m{number}.gts")) for number in range(15)]
    async with asyncio.timeout(20):
        await desk.until_making(len(leaders))
        # And it can be read from meanwhile.
        assert await desk.db.read("select 1")

    if isinstance(desk.db, PostgresDatabase):
        # Every connection there can be is to be had at once.
        async with asyncio.timeout(20), AsyncExitStack() as held:
            for _ in range(desk.db._pool.max_size):
                await held.enter_async_context(desk.db._pool.connection())
    desk.making.open()
    async with asyncio.timeout(20):
        assert await asyncio.gather(*leaders) == ["V1"] * len(leaders)
