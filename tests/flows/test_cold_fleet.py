"""Four servers over one PostgreSQL, asked for the same cold modules at once.

Real processes, none of which indexes. The suite runs a few rounds;
`REALMKIT_FLEET_ROUNDS=1000 pytest tests/flows/test_cold_fleet.py` runs as many as you like.
Rounds are disturbed at a moment when somebody leads, which is asked of the database, and
each of these tests fails when that never came about.
"""

import asyncio
import os
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from tests.support.cold_fleet import MODULES, ColdFleet
from tests.support.fleet import Process, serving
from tests.support.ports import free_port
from tests.support.postgres import own_postgres

ROUNDS = int(os.environ.get("REALMKIT_FLEET_ROUNDS", "2"))
SERVERS = 4
# Ends the connections that hold locks; answers with a row for each lock.
CUT_OFF = """
with held as materialized (select pid from pg_locks where locktype = 'advisory' and granted),
  ended as materialized (select pid, pg_terminate_backend(pid) from (select distinct pid from held) as one)
select pid from held join ended using (pid)
"""

V = TypeVar("V")

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120 + 60 * ROUNDS)]


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncGenerator[ColdFleet, None]:
    root = tmp_path / "people"
    root.mkdir()
    async with AsyncExitStack() as stack:
        # Ours, so that it may be crashed.
        postgres = stack.enter_context(own_postgres())
        database = postgres.new_empty_database()
        ports = [free_port() for _ in range(SERVERS)]
        url = f"http://127.0.0.1:{ports[0]}"
        servers = [
            await stack.enter_async_context(
                serving(
                    *(root, database, port, url, tmp_path / str(port)), "--no-index", "--no-watch"
                )
            )
            for port in ports
        ]
        for server in servers:
            await server.until_answering("/_health")
        yield ColdFleet(root, postgres, servers)


async def test_each_cold_module_is_transpiled_by_one_of_them(fleet: ColdFleet) -> None:
    for number in range(ROUNDS):
        fleet.write(f"round {number}")
        before, led = await fleet.transpiles(), await fleet.coalesced("leader")

        await fleet.ask_all(f"round {number}")

        made = await fleet.transpiles() - before
        assert made == len(MODULES), f"in round {number}\n{fleet.last_words()}"
        assert await fleet.coalesced("leader") - led == len(MODULES), f"in round {number}"
    # Seldom all the others come so late in a round that everything is there by then.
    assert await fleet.coalesced("follower") > 0
    assert await fleet.coalesced("alone") == 0


async def test_the_work_of_a_killed_leader_is_taken_over(fleet: ColdFleet) -> None:
    killed = 0
    for number in range(ROUNDS):
        fleet.write(f"round {number}")
        before = {server: await fleet.transpiles([server]) for server in fleet.servers}

        if victim := await disturbed(fleet, number, kill_a_leader):
            killed += 1
            # What it made died with its counter.
            before[victim] = 0

        made = await fleet.transpiles() - sum(before.values())
        assert made <= len(MODULES), f"in round {number}\n{fleet.last_words()}"
    assert killed > 0


async def test_a_crash_of_the_database_hangs_nobody(fleet: ColdFleet) -> None:
    lost = 0
    for number in range(ROUNDS):
        fleet.write(f"round {number}")
        lost += await disturbed(fleet, number, crash_the_database)
    assert lost > 0


async def test_leaders_that_lose_their_locks_hang_nobody(fleet: ColdFleet) -> None:
    lost_in_all = 0
    for number in range(ROUNDS):
        fleet.write(f"round {number}")
        before, alone = await fleet.transpiles(), await fleet.coalesced("alone")

        lost = await disturbed(fleet, number, cut_leaders_off)

        lost_in_all += lost
        alone = await fleet.coalesced("alone") - alone
        # A lock that was lost may be had by another while its first holder goes on.
        made = await fleet.transpiles() - before
        assert made <= len(MODULES) + lost + alone, f"in round {number}"
    assert lost_in_all > 0


async def test_all_of_that_in_one_round_hangs_nobody(fleet: ColdFleet) -> None:
    killed = lost = 0

    async def everything(fleet: ColdFleet) -> None:
        nonlocal killed, lost
        lost += await crash_the_database(fleet)
        lost += await cut_leaders_off(fleet)
        # Last: a server does not start while there is no database.
        killed += await kill_a_leader(fleet) is not None

    for number in range(ROUNDS):
        fleet.write(f"round {number}")
        # Early, so that there is still somebody who leads for each of them.
        await disturbed(fleet, number, everything, latest=len(MODULES) // 5)
    assert killed > 0
    assert lost > 0


async def kill_a_leader(fleet: ColdFleet) -> Process | None:
    """Who was killed and started again; None when nobody led any more."""
    if victim := await fleet.stopped_leader():
        await victim.kill()
        await victim.start()
    return victim


async def crash_the_database(fleet: ColdFleet) -> int:
    """How many locks were held when it went down."""
    held = await fleet.until_somebody_leads()
    await asyncio.to_thread(fleet.postgres.restart)
    return held


async def cut_leaders_off(fleet: ColdFleet) -> int:
    """How many locks went with the connections that held them."""
    while await fleet.until_somebody_leads():
        if lost := await asyncio.to_thread(fleet.postgres.run, CUT_OFF):
            return len(lost)
    return 0


async def disturbed(
    fleet: ColdFleet,
    number: int,
    disturb: Callable[[ColdFleet], Awaitable[V]],
    *,
    latest: int = 2 * len(MODULES),
) -> V:
    """A round in which something happens, each time at another moment: after one to `latest`
    answers. Returns what `disturb` does."""
    moment = random.Random(number).randrange(1, latest)

    async def when_it_goes_on() -> V:
        await fleet.until_answered(moment)
        return await disturb(fleet)

    _, happened = await asyncio.gather(fleet.ask_all(f"round {number}"), when_it_goes_on())
    return happened
