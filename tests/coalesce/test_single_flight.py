"""One execution per key, for callers who come, stay and leave in any order."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from realmkit.coalesce import SingleFlight
from realmkit.errors import TryLater

pytestmark = pytest.mark.anyio


class Work:
    """Something slow that ends when the test says so."""

    def __init__(self) -> None:
        self.runs = 0
        self.started = asyncio.Event()
        self.finish = asyncio.Event()

    async def __call__(self) -> int:
        self.runs += 1
        self.started.set()
        await self.finish.wait()
        return self.runs


@pytest.fixture
async def flights() -> AsyncIterator[SingleFlight[int]]:
    flights: SingleFlight[int] = SingleFlight()
    yield flights
    await flights.stop()


async def test_ten_callers_make_one_run(flights: SingleFlight[int]) -> None:
    work = Work()
    callers = [asyncio.create_task(flights.run("a", work)) for _ in range(10)]
    await work.started.wait()
    work.finish.set()

    assert await asyncio.gather(*callers) == [1] * 10
    assert (flights.stats.led, flights.stats.joined) == (1, 9)


async def test_keys_fly_apart(flights: SingleFlight[int]) -> None:
    first, second = Work(), Work()
    second.finish.set()
    waiting = asyncio.create_task(flights.run("a", first))
    await first.started.wait()

    assert await flights.run("b", second) == 1
    first.finish.set()
    assert await waiting == 1


async def test_nothing_is_remembered_after_landing(flights: SingleFlight[int]) -> None:
    work = Work()
    work.finish.set()

    assert [await flights.run("a", work), await flights.run("a", work)] == [1, 2]


async def test_one_caller_giving_up_leaves_the_others_their_result(
    flights: SingleFlight[int],
) -> None:
    work = Work()
    leader = asyncio.create_task(flights.run("a", work))
    await work.started.wait()
    follower = asyncio.create_task(flights.run("a", work))

    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    work.finish.set()

    assert await follower == 1


async def test_an_error_reaches_every_caller_and_frees_the_key(
    flights: SingleFlight[int],
) -> None:
    start = asyncio.Event()

    async def fail() -> int:
        await start.wait()
        raise ValueError("broken")

    callers = [asyncio.create_task(flights.run("a", fail)) for _ in range(3)]
    start.set()
    errors = await asyncio.gather(*callers, return_exceptions=True)
    work = Work()
    work.finish.set()

    assert [str(error) for error in errors] == ["broken"] * 3
    assert await flights.run("a", work) == 1


async def test_after_forget_the_next_caller_starts_anew(flights: SingleFlight[int]) -> None:
    old, new = Work(), Work()
    early = asyncio.create_task(flights.run("a", old))
    await old.started.wait()

    flights.forget("a")
    late = asyncio.create_task(flights.run("a", new))
    await new.started.wait()
    old.finish.set()
    await early

    # The old flight has landed; the new one is still the one to join.
    joining = asyncio.create_task(flights.run("a", new))
    new.finish.set()
    assert await asyncio.gather(late, joining) == [1, 1]
    assert new.runs == 1


async def test_stopping_ends_flights_and_tells_their_callers() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work()
    caller = asyncio.create_task(flights.run("a", work))
    await work.started.wait()

    await flights.stop()

    with pytest.raises(TryLater):
        await caller
