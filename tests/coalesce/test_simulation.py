"""The cache's protocol under thousands of seeded interleavings, between two processes.

Every step that could be anywhere in time is a gate: reading the table, reading the file,
making, writing the table. A seeded driver starts readers, writes the file, wipes the realm,
and opens gates in any order. Memory is not told of the other process's writes. Then:

- a reader that began after a write was acknowledged returns nothing older;
- when everything has come to rest, the table holds no result of an older file.
"""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from realmkit.coalesce import LayeredCache, Payload, TranspileTable
from realmkit.coalesce.transpile_table import Row

pytestmark = pytest.mark.anyio

REALM, PATH = "http://realm.test/atlas/", "a.gts"


@dataclass
class World:
    """The file and the table that all processes share, and the gates that hold somebody up."""

    chance: random.Random
    file: int = 1
    acknowledged: int = 1
    row: Row = field(default_factory=Row)
    held: list[asyncio.Future[None]] = field(default_factory=list[asyncio.Future[None]])

    async def gate(self) -> None:
        held = asyncio.get_running_loop().create_future()
        self.held.append(held)
        await held

    def open_one(self) -> None:
        self.held.pop(self.chance.randrange(len(self.held))).set_result(None)


@dataclass
class TableOfTheWorld:
    """`TranspileTable` with the rules of its SQL, and gates before they are applied."""

    world: World

    async def read(self, realm_url: str, path: str) -> Row:
        await self.world.gate()
        return self.world.row

    async def write(self, realm_url: str, path: str, captured: Row, **payload: Any) -> None:
        await self.world.gate()
        row = self.world.row
        if row.floor <= captured.floor and row.generation <= captured.generation:
            self.world.row = Row(generation=captured.generation, floor=row.floor, **payload)


@dataclass(frozen=True)
class Version:
    number: int

    @property
    def hash(self) -> str:
        return str(self.number)


class Process:
    def __init__(self, world: World) -> None:
        self.world = world
        table = cast("TranspileTable", TableOfTheWorld(world))
        self.cache: LayeredCache[int] = LayeredCache(
            table, encode=lambda value: Payload(str(value)), decode=int
        )

    async def read(self) -> None:
        oldest_allowed = self.world.acknowledged
        found = await self.cache.get(REALM, PATH, "t", self._read_file, self._make)
        assert found.value >= oldest_allowed

    async def _read_file(self) -> Version:
        await self.world.gate()
        version = Version(self.world.file)
        await self.world.gate()
        return version

    async def _make(self, source: Version) -> int:
        await self.world.gate()
        return source.number

    async def write(self) -> None:
        """The file first; then the tombstone, of which only this process's memory hears."""
        self.world.file += 1
        written = self.world.file
        await self.world.gate()
        row = self.world.row
        self.world.row = Row(generation=row.generation + 1, floor=row.floor)
        self.cache.invalidate(REALM, PATH)
        self.world.acknowledged = max(self.world.acknowledged, written)

    async def wipe(self) -> None:
        await self.world.gate()
        row = self.world.row
        generation = row.generation + (row.body is not None)
        self.world.row = Row(generation=generation, floor=row.floor + 1)
        self.cache.invalidate_realm(REALM)


async def play(seed: int, steps: int = 40) -> None:
    world = World(random.Random(seed))
    processes = [Process(world), Process(world)]
    tasks: list[asyncio.Task[None]] = []

    async def come_to_rest() -> None:
        # Long enough for a chain of awaits to reach its next gate.
        for _ in range(12):
            await asyncio.sleep(0)

    for _ in range(steps):
        process = world.chance.choice(processes)
        acts = [process.read, process.read, process.write, process.wipe]
        if world.held and world.chance.random() < 0.7:
            world.open_one()
        else:
            tasks.append(asyncio.create_task(world.chance.choice(acts)()))
        await come_to_rest()
    while world.held:
        world.open_one()
        await come_to_rest()
    await asyncio.gather(*tasks)
    assert world.row.body in (None, str(world.file))


@pytest.mark.parametrize("seed", range(8))
async def test_no_interleaving_serves_or_keeps_what_is_old(seed: int) -> None:
    for each in range(50):
        await play(seed * 1_000 + each)
