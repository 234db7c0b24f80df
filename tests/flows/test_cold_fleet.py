"""Four servers over one PostgreSQL, asked for the same cold modules at once.

Real processes, none of which indexes. Each round writes every module anew behind their
backs, so that all of them are cold everywhere, and asks all four for all of them. The
suite runs a few rounds; `REALMKIT_FLEET_ROUNDS=1000 pytest tests/flows/test_cold_fleet.py`
runs as many as you like.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.fleet import Process, fetch, serving
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer, own_postgres

ROUNDS = int(os.environ.get("REALMKIT_FLEET_ROUNDS", "2"))
SERVERS = 4
MODULES = [f"m{number}" for number in range(150)]
ALONE = 'realmkit_coalesced_total{role="alone"}'
# Longer than anything here may take, and far shorter than waiting on a lost notice would.
ROUND_WITHIN_S = 60

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120 + 60 * ROUNDS)]


@dataclass
class Fleet:
    root: Path
    postgres: PostgresServer
    servers: list[Process]
    answered: int = 0
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    def write(self, text: str) -> None:
        """Give every module another text; every fifth imports the one before it."""
        for number, name in enumerate(MODULES):
            imported = f"import './{MODULES[number - 1]}';\n" if number % 5 == 4 else ""
            (self.root / f"{name}.ts").write_text(
                f"{imported}export const text: string = '{text} {name}';\n"
            )

    async def ask_all(self, text: str) -> None:
        """Ask every server for every module at once; each answer has the current text."""
        self.answered = 0
        async with asyncio.timeout(ROUND_WITHIN_S):
            await asyncio.gather(
                *(self._ask(server, name, text) for name in MODULES for server in self.servers)
            )

    async def _ask(self, server: Process, name: str, text: str) -> None:
        while True:
            try:
                status, body = await fetch(server.port, f"/people/{name}")
            except (OSError, EOFError):
                # It was killed: another connection finds its successor.
                await asyncio.sleep(0.05)
                continue
            if status != 503:
                break
            await asyncio.sleep(0.05)
        assert status == 200, body
        assert f"'{text} {name}'".encode() in body
        async with self.heard:
            self.answered += 1
            self.heard.notify_all()

    async def until_answered(self, count: int) -> None:
        """Wait until so many answers of the round have come."""
        async with self.heard:
            await self.heard.wait_for(lambda: self.answered >= count)

    async def transpiles(self) -> int:
        return await self.total("realmkit_transpiles_total")

    async def total(self, counter: str) -> int:
        return sum([await server.counter(counter) for server in self.servers])


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncGenerator[Fleet, None]:
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
        yield Fleet(root, postgres, servers)


async def test_each_cold_module_is_transpiled_by_one_of_them(fleet: Fleet) -> None:
    for number in range(ROUNDS):
        fleet.write(f"round {number}")
        before = await fleet.transpiles()

        await fleet.ask_all(f"round {number}")

        assert await fleet.transpiles() - before == len(MODULES), f"in round {number}"


async def test_the_work_of_a_killed_server_is_taken_over(fleet: Fleet) -> None:
    for number in range(ROUNDS):
        fleet.write(f"round {number}")
        victim = fleet.servers[number % SERVERS]
        survivors = [server for server in fleet.servers if server is not victim]
        before = sum([await each.counter("realmkit_transpiles_total") for each in survivors])

        async def kill_it(victim: Process = victim) -> None:
            await victim.kill()
            await victim.start()

        await disturbed(fleet, f"round {number}", kill_it)

        # Those of the killed process died with its counter.
        assert await fleet.transpiles() - before <= len(MODULES), f"in round {number}"


async def test_a_crash_of_the_database_hangs_nobody(fleet: Fleet) -> None:
    for number in range(ROUNDS):
        fleet.write(f"round {number}")

        async def crash() -> None:
            await asyncio.to_thread(fleet.postgres.restart)

        await disturbed(fleet, f"round {number}", crash)


async def test_leaders_that_lose_their_locks_hang_nobody(fleet: Fleet) -> None:
    for number in range(ROUNDS):
        fleet.write(f"round {number}")
        before = await fleet.transpiles()
        alone = await fleet.total(ALONE)
        cut = 0

        async def cut_them_off() -> None:
            nonlocal cut
            found = await asyncio.to_thread(
                fleet.postgres.run,
                "select count(*), count(pg_terminate_backend(pid)) filter (where is_first) from ("
                " select pid, row_number() over (partition by pid) = 1 as is_first"
                " from pg_locks where locktype = 'advisory' and granted) as held",
            )
            cut = int(str(found[0][0]))

        await disturbed(fleet, f"round {number}", cut_them_off)

        alone = await fleet.total(ALONE) - alone
        # A lock that was lost may be had by another while its first holder goes on.
        assert await fleet.transpiles() - before <= len(MODULES) + cut + alone


async def disturbed(fleet: Fleet, text: str, disturb: Callable[[], Awaitable[None]]) -> None:
    """A round in the middle of which something happens."""

    async def when_it_goes_on() -> None:
        await fleet.until_answered(len(MODULES) // 2)
        await disturb()

    await asyncio.gather(fleet.ask_all(text), when_it_goes_on())
