"""One server of the simulated fleet: the real cache and coordinator over the world's fakes.

It reads, writes, and dies. What it makes of a file says which content it was made from,
when that was read and when the making began, so that every result can be judged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.coalesce.simulated.kit import Kit
from tests.coalesce.simulated.loop import StepLoop
from tests.coalesce.simulated.world import (
    LOOK_AGAIN_S,
    PATHS,
    REALM,
    World,
    WorldDatabase,
)

from realmkit.coalesce import Payload
from realmkit.config import CacheBounds
from realmkit.db import lock_key
from realmkit.errors import TryLater

KEYS = {path: lock_key(f"transpile|{REALM}|{REALM}{path}") for path in PATHS}
# Payloads have some ten bytes and a run has some hundred moments.
BOUNDS = CacheBounds(max_bytes=15, max_age_s=0.05, sweep_every_s=1)


class MakingFailed(Exception):
    """The transpiler could not."""


@dataclass(frozen=True, slots=True)
class Content:
    """The file as it was read; `seen` are the generations that its reader had seen before,
    those of the table and the process's own."""

    path: str
    version: str
    number: int
    read_at: int
    seen: tuple[int, int]
    own: int

    @property
    def hash(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Made:
    """A result: of which content, by which version, when that was read, and when the making
    began."""

    content: int
    version: str
    read_at: int
    began_at: int


def encode(made: Made) -> Payload:
    return Payload(f"{made.content} {made.version} {made.read_at} {made.began_at}")


def decode(text: str) -> Made:
    content, version, read_at, began_at = text.split()
    return Made(int(content), version, int(read_at), int(began_at))


class Process:
    """`written` are the contents it has acknowledged, `invalidations` how often it has
    invalidated each path, and `invalidated_at` when it last did so whatever the content."""

    def __init__(self, world: World, name: str, kit: Kit) -> None:
        self.world = world
        self.name = name
        self.loop = StepLoop()
        self.is_alive = True
        self.has_been_connected = False
        self.was_cut = False
        self.was_refused = False
        self.is_writing = False
        self.is_to_fail = False
        self.stops = 0
        self.is_stopping = False
        self.unfinished = 0
        self.readers: list[asyncio.Task[None]] = []
        self.seen = dict.fromkeys(world.paths, (0, 0))
        self.written = dict.fromkeys(world.paths, 1)
        self.invalidations = dict.fromkeys(world.paths, 0)
        self.spares_from = dict.fromkeys(world.paths, 0)
        self.spared: dict[str, int | None] = dict.fromkeys(world.paths)
        self.invalidated_at = dict.fromkeys(world.paths, 0)
        self.notifier = kit.PostgresNotifier(self)
        self._connect()
        table = kit.GenerationTable(
            WorldDatabase(world, self), "module_transpile_cache", clock=world
        )
        if kit.statements:
            table._sql = {**table._sql, **kit.statements}
        self.cache = kit.LayeredCache(
            "transpile",
            table,
            encode=encode,
            decode=decode,
            coordinator=kit.Coordinator(self.notifier, look_again_s=LOOK_AGAIN_S),
        )
        self._sweeper: Any = None
        self._sweepers = kit.CacheSweeper

    def _connect(self) -> None:
        """The first time nothing comes in between. Who keeps the connection is begun only
        when there is something to keep: it is cheaper so."""
        asyncio.events._set_running_loop(self.loop)
        with suppress(StopIteration):
            self.notifier._connect().send(None)
        asyncio.events._set_running_loop(None)

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self.unfinished += 1
        return self.loop.create_task(self._finish(work))

    async def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        may_be_turned_away = self.is_stopping
        stops = self.stops
        try:
            await work
        except (MakingFailed, asyncio.CancelledError):
            pass
        except TryLater as exc:
            may_be_turned_away |= self.stops > stops or self.was_refused
            if not may_be_turned_away:
                self.world.fault(f"{self.name} was turned away: {exc!r}")
        except Exception as exc:
            self.world.fault(f"{self.name} was told: {exc!r}")
        self.unfinished -= 1

    # Reading.

    async def read(self) -> None:
        """No reader gets less than what was acknowledged when it came."""
        world = self.world
        path, version = world.any(world.paths), world.any(world.versions)
        acknowledged = world.acknowledged[path]
        invalidated_at = self.invalidated_at[path]
        own = self.invalidations[path]
        world.say(self, "READS", path, version, "of which", acknowledged, "is acknowledged")

        async def read_file() -> Content:
            return await self._read_file(path, version, own)

        found = await self.cache.get(REALM, path, version, read_file, self._make)
        made: Made = found.value
        world.say(self, "READ", made, "from", found.layer)
        if made.content < acknowledged:
            world.fault(f"{self.name} read {made.content} after {acknowledged} was acknowledged")
        if str(made.content) != found.source_hash:
            world.fault(f"{self.name} was given {made.content} for {found.source_hash}")
        if made.version != version:
            world.fault(f"{self.name} was given what {made.version} made, and asked {version}")
        if made.began_at < invalidated_at:
            world.fault(f"{self.name} was given what was begun before its own invalidation")

    async def _read_file(self, path: str, version: str, own: int) -> Content:
        world, seen = self.world, self.seen[path]
        number, moment = (
            await world.ask(self, "reads the file", lambda: (world.files[path], world.moment))
        ) or (0, 0)
        return Content(path, version, number, moment, seen, own)

    async def _make(self, source: Content) -> Made:
        world, path, began_at = self.world, source.path, self.world.moment
        result = (path, source.number, source.version)
        world.say(self, "MAKES", *result)
        if self.was_refused:
            pass  # What cannot be kept is made without any lock.
        elif not world.leads(self, KEYS[path]):
            if not self.was_cut:
                world.fault(f"{self.name} makes {result} without the lock")
        elif world.is_to_be_kept(path, source.number, source.seen) and (
            source.own == self.invalidations[path]
            or (source.number == self.spared[path] and source.own >= self.spares_from[path])
        ):
            world.undisturbed[result] = world.undisturbed.get(result, 0) + 1
            if world.undisturbed[result] > 1:
                world.fault(f"{self.name} makes {result}, which has been made")
        try:
            await world.ask(self, "has made it", lambda: None)
            if self.is_to_fail:
                self.is_to_fail = False
                raise MakingFailed
        except BaseException:
            world.undisturbed.pop(result, None)
            raise
        return Made(source.number, source.version, source.read_at, began_at)

    def offers(self, known: dict[str, int], params: Any) -> None:
        """A statement is run in a transaction that began when it had acknowledged `known`."""
        if len(params) == 10 and int(params[2].split()[0]) < known[params[1]]:
            self.world.fault(f"{self.name} offers the table what it knows to be old")

    # Changing.

    async def write(self) -> None:
        """Another content, recorded and tombstoned in one transaction, as the file store does."""
        await self._change(is_new=True, spares=True)

    async def notice(self) -> None:
        """Tell of a change once more: the content is named, and is the one that was told of."""
        await self._change(is_new=False, spares=True)

    async def touch(self) -> None:
        """Invalidate, though the content is the same."""
        await self._change(is_new=False, spares=False)

    async def wipe(self) -> None:
        """Another realm under the same URL: everything of the old one is invalid."""
        await self._change(is_new=True, spares=False)

    async def _change(self, *, is_new: bool, spares: bool) -> None:
        """What is new and spares nothing is a whole realm."""
        world = self.world
        if world.is_being_written:
            return  # The realm's write lock is taken.
        world.is_being_written = self.is_writing = True
        try:
            path = world.any(world.paths)
            whole_realm = is_new and not spares
            paths = world.paths if whole_realm else (path,)
            if is_new:
                await world.ask(self, "replaces the file", lambda: self._replace(paths))
            numbers = {each: world.files[each] for each in paths}
            await self._commit(numbers, spares=spares, whole_realm=whole_realm)
        finally:
            world.is_being_written = self.is_writing = False

    async def _commit(self, numbers: dict[str, int], *, spares: bool, whole_realm: bool) -> None:
        world = self.world
        is_taken, world.has_refused = True, False
        committed_at = 0
        async with self.cache.table.db.transaction() as tx:
            tx.about = {each: number if spares else None for each, number in numbers.items()}
            if whole_realm:
                tx.about[""] = None
            if whole_realm:
                await self.cache.tombstone_realm(tx, REALM)
            else:
                [(path, number)] = numbers.items()
                await self.cache.tombstone(tx, REALM, path, str(number) if spares else None)
            is_taken, committed_at = not world.has_refused, world.moment
        # A refused tombstone has this process forget the whole realm.
        for path in numbers if is_taken else world.paths:
            self.invalidations[path] += 1
            if is_taken and spares and len(world.versions) == 1:
                self.spared[path] = numbers[path]
            else:
                self.spared[path], self.spares_from[path] = None, self.invalidations[path]
                world.disturb(path)
        for path, number in numbers.items():
            world.say(self, "ACKNOWLEDGES", path, number)
            world.acknowledged[path] = max(world.acknowledged[path], number)
            self.written[path] = max(self.written[path], number)
            if is_taken and not spares:
                self.invalidated_at[path] = max(self.invalidated_at[path], committed_at)

    def _replace(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.world.files[path] += 1

    async def sweep(self) -> None:
        """Give up what is old and what is too much, as every process does once in a while."""
        if self._sweeper is None:
            self._sweeper = self._sweepers([self.cache.table], BOUNDS, clock=self.world)
        await self._sweeper.sweep()

    # Bad luck.

    def leave(self) -> None:
        """A client hangs up, and has begun."""
        self.loop.run_to_rest()
        self.readers = [each for each in self.readers if not each.done()]
        if self.readers:
            self.world.say(self, "a reader LEAVES")
            self.world.any(self.readers).cancel()

    async def stop(self) -> None:
        """What is being made is cancelled; whoever waits here may be turned away."""
        self.stops += 1
        self.is_stopping = True
        self.world.say(self, "STOPS its flights")
        self.world.disturb()
        await self.cache.stop()
        self.is_stopping = False

    def die(self) -> None:
        """Killed: what was asked of the world may still happen; nobody here hears of it."""
        world = self.world
        self.loop.run_to_rest()
        world.say(self, "DIES")
        self.is_alive = False
        for step in [each for each in world.steps if each.process is self]:
            if step.future is not None and not step.has_happened and world.chance.random() < 0.5:
                world.happen(step)
        world.steps = [each for each in world.steps if each.process is not self]
        for connection in [each for each in world.connections if each.process is self]:
            world.disconnected(connection)
        world.disturb()
        world.silences += 1
        if self.is_writing:
            world.is_being_written = False
        self.loop.ready.clear()
        self.unfinished = 0

    def lose_the_connection(self) -> None:
        """The server has gone, and its process hears of it when it next looks."""
        for connection in [each for each in self.world.connections if each.process is self]:
            self.world.say(self, "LOSES its connection")
            self.was_cut = True
            self.world.disturb()
            if self.notifier._keeper is None:
                self.notifier._keeper = self.loop.create_task(self.notifier._keep())
            connection.cut()
