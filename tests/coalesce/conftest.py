"""A cache over a real table, with a source and a maker that stop where a test wants."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from realmkit.coalesce import Coordinator, Found, GenerationTable, LayeredCache, Payload
from realmkit.db import Database, HeldLock, Notifier, lock_key
from realmkit.db.notifier import Channel

REALM = "http://realm.test/atlas/"
PERSON = "person.gts"
KEY = lock_key(f"transpile|{REALM}|{REALM}{PERSON}")


@dataclass(frozen=True)
class Text:
    text: str

    @property
    def hash(self) -> str:
        return f"hash of {self.text}"


@dataclass
class Gate:
    """Lets a caller through at once, or holds it between `arrived` and `open`."""

    is_open: bool = True
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        self.arrived.set()
        if not self.is_open:
            await self.opened.wait()

    def close(self) -> None:
        self.is_open = False
        self.arrived.clear()

    def open(self) -> None:
        self.is_open = True
        self.opened.set()


@dataclass
class Desk:
    """One process: its cache, the file both processes see, and the gates on the way."""

    cache: LayeredCache[str]
    table: GenerationTable
    db: Database
    file: str = "v1"
    reading: Gate = field(default_factory=Gate)
    making: Gate = field(default_factory=Gate)
    made: list[str] = field(default_factory=list[str])
    made_one: asyncio.Condition = field(default_factory=asyncio.Condition)
    version: str = "t1"

    async def get(self, path: str = PERSON) -> str:
        return (await self.found(path)).value

    async def found(self, path: str = PERSON) -> Found[str]:
        return await self.cache.get(REALM, path, self.version, self._read, self._make)

    async def _read(self) -> Text:
        source = Text(self.file)
        await self.reading()
        return source

    async def _make(self, source: Text) -> str:
        self.made.append(source.text)
        async with self.made_one:
            self.made_one.notify_all()
        await self.making()
        return source.text.upper()

    async def until_making(self, count: int) -> None:
        """Wait until so many results have begun to be made."""
        async with self.made_one:
            await self.made_one.wait_for(lambda: len(self.made) >= count)

    async def write(self, text: str, path: str = PERSON) -> None:
        """Save the file as the file store does: bytes first, then the tombstone."""
        self.file = text
        async with self.db.transaction() as tx:
            await self.cache.tombstone(tx, REALM, path)

    async def notice(self, path: str = PERSON) -> None:
        """See that the file holds what it holds, as a scan does some time after an edit."""
        async with self.db.transaction() as tx:
            await self.cache.tombstone(tx, REALM, path, Text(self.file).hash)

    async def row(self, path: str = PERSON) -> tuple[str | None, int]:
        """The table's body and generation."""
        row = await self.table.read(REALM, path)
        assert row is not None
        return row.body, row.generation


def new_desk(db: Database) -> Desk:
    table = GenerationTable(db, "module_transpile_cache")
    cache: LayeredCache[str] = LayeredCache("transpile", table, encode=Payload, decode=str)
    return Desk(cache, table, db)


@pytest.fixture
async def desk(db: Database) -> AsyncIterator[Desk]:
    desk = new_desk(db)
    yield desk
    await desk.cache.stop()


@dataclass
class Door:
    """The notifier as one process's coordinator has it. `tries` are the locks it tried, `before`
    and `refused` stop it before a try and after one that was refused."""

    notifier: Notifier
    tries: list[int] = field(default_factory=list[int])
    before: Gate = field(default_factory=Gate)
    refused: Gate = field(default_factory=Gate)

    def listen(self, channel: Channel, heard: Callable[[str], None]) -> None:
        self.notifier.listen(channel, heard)

    def after_gap(self, look: Callable[[], None]) -> None:
        self.notifier.after_gap(look)

    async def try_lock(self, key: int) -> HeldLock | None:
        await self.before()
        self.tries.append(key)
        held = await self.notifier.try_lock(key)
        if held is None:
            await self.refused()
        return held

    async def release(self, held: HeldLock, channel: Channel) -> None:
        await self.notifier.release(held, channel)


@dataclass(kw_only=True)
class Office(Desk):
    """A process with a coordinator, behind a door."""

    door: Door

    async def waits(self, follower: "asyncio.Task[str]") -> None:
        """Return when the follower has been refused the lock and waits."""
        async with asyncio.timeout(10):
            await self.door.refused.arrived.wait()
        assert not follower.done()


def coordinated(db: Database, look_again_s: float = 60) -> Office:
    """By default only a notification wakes it."""
    table, door = GenerationTable(db, "module_transpile_cache"), Door(db.notifier)
    cache: LayeredCache[str] = LayeredCache(
        "transpile",
        table,
        encode=Payload,
        decode=str,
        coordinator=Coordinator(door, look_again_s=look_again_s),
    )
    return Office(cache, table, db, door=door)


async def leading(desk: Office) -> "asyncio.Task[str]":
    """A reader who has the lock and makes the result until its gate is opened."""
    desk.making.close()
    task = asyncio.create_task(desk.get())
    await desk.making.arrived.wait()
    return task


@pytest.fixture
async def desks(db: Database, peer: Database) -> AsyncIterator[tuple[Office, Office]]:
    """Two processes over one table."""
    desks = coordinated(db), coordinated(peer)
    yield desks
    for desk in desks:
        await desk.cache.stop()
