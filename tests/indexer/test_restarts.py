"""A PostgreSQL that is killed and started again under a running indexer."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from realmkit.errors import TryLater

from ..support.postgres import PostgresServer, own_postgres
from .conftest import House, card

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL that nobody else uses."""
    with own_postgres() as server:
        yield server


@pytest.fixture
async def database_url(server: PostgresServer) -> AsyncIterator[str]:
    yield await server.new_database()


async def test_a_restart_in_a_long_run_costs_nothing_that_was_visited(
    house: House, server: PostgresServer
):
    house.have_patience()
    people = {f"p{number:03}.json": card(f"P{number}") for number in range(30)}
    await house.write({**people, "slow.json": card("Slow", behaviour="gate")})
    last = await house.changes.last_seq(house.url())
    await house.indexer.start()
    await house.at_gate.wait()
    await house.visited_count(12)
    await asyncio.to_thread(server.restart)
    house.gate.set()
    assert await _until_indexed(house, last)

    counts = await house.index.counts(house.url())
    assert (counts.instances, counts.errors) == (31, 0)


async def test_a_restart_between_runs_loses_no_edit(house: House, server: PostgresServer):
    await house.indexer.start()
    await house.index_all()
    await asyncio.to_thread(server.restart)
    seq = await _until_written(house, "ann.json")
    assert await _until_indexed(house, seq)

    assert await house.isolated("ann.json") == "<p>sound Ann</p>"


async def _until_written(house: House, path: str) -> int:
    """Write as a client would that is told to try again."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await house.write({path: card("Ann")})
            except TryLater:
                await asyncio.sleep(0.1)


async def _until_indexed(house: House, seq: int) -> bool:
    """Wait as a client would that is told to try again."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await house.index.wait_indexed(house.url(), seq, timeout_s=60)
            except TryLater:
                await asyncio.sleep(0.1)
