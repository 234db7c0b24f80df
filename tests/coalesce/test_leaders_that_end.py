"""However a leader ends, and whatever is said meanwhile, nobody is left waiting."""

import asyncio

import pytest
from tests.coalesce.conftest import KEY, Office, Text, coordinated, leading

from realmkit.db import Database, lock_key
from realmkit.errors import TryLater

pytestmark = pytest.mark.anyio


async def test_a_leader_that_ends_between_a_followers_registration_and_its_try_leaves_it_the_row(
    desks: tuple[Office, Office],
) -> None:
    # follower: registers, and is about to try the lock
    # leader:   writes the row, lets go, notifies
    # follower: gets the lock, and looks before it makes anything
    a, b = desks
    leader = await leading(a)
    b.door.before.close()
    follower = asyncio.create_task(b.get())
    async with asyncio.timeout(10):
        await b.door.before.arrived.wait()
        a.making.open()
        assert await leader == "V1"
        b.door.before.open()
        assert await follower == "V1"
    assert b.made == []


async def test_a_leader_that_ends_between_a_followers_try_and_its_wait_has_told_it(
    desks: tuple[Office, Office],
) -> None:
    # follower: registers, and is refused the lock
    # leader:   writes the row, lets go, notifies
    # follower: begins to wait, and has been told already
    a, b = desks
    leader = await leading(a)
    heard = asyncio.Event()
    b.db.notifier.listen("module_cache_populated", lambda _: heard.set())
    b.door.refused.close()
    follower = asyncio.create_task(b.get())
    async with asyncio.timeout(10):
        await b.door.refused.arrived.wait()
        a.making.open()
        assert await leader == "V1"
        await heard.wait()
        b.door.refused.open()
        assert await follower == "V1"
    assert b.made == []


async def test_a_leader_that_fails_tells_its_followers_who_try_themselves(
    desks: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = desks
    make = a._make

    async def fail(source: Text) -> str:
        await make(source)
        raise ValueError("out of memory")

    monkeypatch.setattr(a, "_make", fail)
    leader = await leading(a)
    follower = asyncio.create_task(b.get())
    await b.waits(follower)
    a.making.open()

    async with asyncio.timeout(10):
        assert await follower == "V1"
    with pytest.raises(ValueError, match="out of memory"):
        await leader
    assert (a.made, b.made) == (["v1"], ["v1"])


async def test_a_leader_whose_row_is_refused_tells_its_followers(
    desks: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = desks

    async def refuse(*_: object, **__: object) -> None:
        """As a table that is full."""

    monkeypatch.setattr(a.table, "write", refuse)
    leader = await leading(a)
    follower = asyncio.create_task(b.get())
    await b.waits(follower)
    a.making.open()

    async with asyncio.timeout(10):
        assert (await leader, await follower) == ("V1", "V1")
    assert (a.made, b.made) == (["v1"], ["v1"])


async def test_a_lock_is_let_go_by_a_leader_that_failed(
    desks: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = desks

    async def fail(_: Text) -> str:
        raise ValueError("out of memory")

    monkeypatch.setattr(a, "_make", fail)
    with pytest.raises(ValueError, match="out of memory"):
        await a.get()

    held = await b.db.notifier.try_lock(KEY)
    assert held is not None
    await b.db.notifier.release(held, "module_cache_populated")


async def test_a_notice_of_anything_else_wakes_nobody(desks: tuple[Office, Office]) -> None:
    a, b = desks
    heard: asyncio.Queue[str] = asyncio.Queue()
    b.db.notifier.listen("module_cache_populated", heard.put_nowait)
    leader = await leading(a)
    follower = asyncio.create_task(b.get())
    await b.waits(follower)
    another = str(lock_key("another key"))
    async with asyncio.timeout(10):
        for payload in (another, "", "null", '{"key": 1}', "é" * 2_000, "9" * 4_000):
            async with a.db.transaction() as tx:
                await tx.notify("module_cache_populated", payload)
            assert await heard.get() == payload
        # Whoever was woken has his turn before this is answered.
        await b.db.read("select 1")
        assert (b.door.tries, follower.done()) == ([KEY], False)
        a.making.open()
        assert (await leader, await follower) == ("V1", "V1")
    assert (b.door.tries, b.made) == ([KEY], [])


async def test_a_follower_that_is_stopped_while_it_waits_ends_at_once(
    desks: tuple[Office, Office],
) -> None:
    a, b = desks
    leader = await leading(a)
    follower = asyncio.create_task(b.get())
    await b.waits(follower)

    async with asyncio.timeout(10):
        await b.cache.stop()
        with pytest.raises(TryLater):
            await follower
    assert (b.made, leader.done()) == ([], False)
    a.making.open()
    assert await leader == "V1"


async def test_a_leader_that_gives_up_tells_its_followers(desks: tuple[Office, Office]) -> None:
    a, b = desks
    leader = await leading(a)
    follower = asyncio.create_task(b.get())
    await b.waits(follower)
    await a.cache.stop()

    async with asyncio.timeout(10):
        assert await follower == "V1"
    with pytest.raises(TryLater):
        await leader
    assert b.made == ["v1"]


async def test_a_leader_that_dies_without_a_word_is_succeeded(db: Database, peer: Database) -> None:
    held = await peer.notifier.try_lock(KEY)
    assert held is not None
    desk = coordinated(db, look_again_s=0.05)
    waiting = asyncio.create_task(desk.get())
    await desk.waits(waiting)
    if peer is not db:
        await peer.close()
    else:
        await db.notifier.release(held, "realm_lock_released")

    async with asyncio.timeout(10):
        assert await waiting == "V1"
    await desk.cache.stop()
