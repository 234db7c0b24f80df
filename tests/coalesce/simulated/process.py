"""One server of the simulated fleet: the real cache and coordinator over the world's fakes.

It reads, writes, and dies. What it makes of a file says which content it was made from,
when that was read and when the making began, so that every result can be judged.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from tests.coalesce.simulated.kit import Kit
from tests.coalesce.simulated.loop import StepLoop
from tests.coalesce.simulated.world import (
    LOOK_AGAIN_S,
    PATH,
    REALM,
    World,
    WorldDatabase,
    WorldNotifier,
)

from realmkit.coalesce import Payload
from realmkit.db import lock_key
from realmkit.errors import TryLater

KEY = lock_key(f"transpile|{REALM}|{REALM}{PATH}")


class MakingFailed(Exception):
    """The transpiler could not."""


@dataclass(frozen=True, slots=True)
class Content:
    """The file as it was read; `seen` are the generations that its reader had seen before,
    those of the table and the process's own."""

    number: int
    read_at: int
    seen: tuple[int, int]
    own: int

    @property
    def hash(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Made:
    """A result: of which content, when that was read, and when the making began."""

    content: int
    read_at: int
    began_at: int


def encode(made: Made) -> Payload:
    return Payload(f"{made.content} {made.read_at} {made.began_at}")


def decode(text: str) -> Made:
    return Made(*map(int, text.split()))


class Process:
    def __init__(self, world: World, name: str, kit: Kit) -> None:
        self.world = world
        self.name = name
        self.loop = StepLoop()
        self.notifier = WorldNotifier(world, self)
        self.is_alive = True
        self.was_cut = False
        self.is_writing = False
        self.is_to_fail = False
        self.unfinished = 0
        self.seen_generations = (0, 0)
        self.invalidations = 0
        self.invalidated_at = 0
        self.written = 1
        table = kit.GenerationTable(WorldDatabase(world, self), "module_transpile_cache")
        if kit.statements:
            table._sql = {**table._sql, **kit.statements}
        self.cache = kit.LayeredCache(
            "transpile",
            table,
            encode=encode,
            decode=decode,
            coordinator=kit.Coordinator(self.notifier, look_again_s=LOOK_AGAIN_S),
        )

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.unfinished += 1
        self.loop.create_task(self._finish(work))

    async def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (MakingFailed, TryLater):
            pass
        except Exception as exc:
            self.world.fault(f"{self.name} was told: {exc!r}")
        self.unfinished -= 1

    # Reading.

    async def read(self) -> None:
        """No reader gets less than what was acknowledged when it came."""
        world = self.world
        acknowledged = world.acknowledged
        invalidated_at = self.invalidated_at
        world.say(self, "READS;", acknowledged, "is acknowledged")
        own = self.invalidations
        found = await self.cache.get(REALM, PATH, "t1", lambda: self._read_file(own), self._make)
        made: Made = found.value
        world.say(self, "READ", made, "from", found.layer)
        if made.content < acknowledged:
            world.fault(f"{self.name} read {made.content} after {acknowledged} was acknowledged")
        if str(made.content) != found.source_hash:
            world.fault(f"{self.name} was given {made.content} for {found.source_hash}")
        if made.began_at < invalidated_at:
            world.fault(f"{self.name} was given what was begun before its own invalidation")

    async def _read_file(self, own: int) -> Content:
        world, seen = self.world, self.seen_generations
        number, moment = (
            await world.ask(self, "reads the file", lambda: (world.file, world.moment))
        ) or (0, 0)
        return Content(number, moment, seen, own)

    async def _make(self, source: Content) -> Made:
        world, number, began_at = self.world, source.number, self.world.moment
        world.say(self, "MAKES", number)
        if world.locks.get(KEY) is not self:
            if not self.was_cut:
                world.fault(f"{self.name} makes {number} without the lock")
        elif source.seen == world.marks and source.own == self.invalidations:
            world.undisturbed[number] = world.undisturbed.get(number, 0) + 1
            if world.undisturbed[number] > 1:
                world.fault(f"{self.name} makes {number}, which has been made")
        await world.ask(self, "has made it", lambda: None)
        if self.is_to_fail:
            self.is_to_fail = False
            world.undisturbed.pop(number, None)
            raise MakingFailed
        return Made(number, source.read_at, began_at)

    # Changing.

    async def write(self) -> None:
        """Another content, recorded and tombstoned in one transaction, as the file store does."""
        await self._change(is_new=True, whole_realm=False)

    async def touch(self) -> None:
        """Invalidate, though the content is the same."""
        await self._change(is_new=False, whole_realm=False)

    async def wipe(self) -> None:
        """Another realm under the same URL: everything of the old one is invalid."""
        await self._change(is_new=True, whole_realm=True)

    async def _change(self, *, is_new: bool, whole_realm: bool) -> None:
        world = self.world
        if world.is_being_written:
            return  # The realm's write lock is taken.
        world.is_being_written = self.is_writing = True
        number = world.file
        if is_new:
            number = await world.ask(self, "replaces the file", self._replace) or number
        committed_at = 0
        async with self.cache.table.db.transaction() as tx:
            if whole_realm:
                await self.cache.tombstone_realm(tx, REALM)
            elif is_new:
                await self.cache.tombstone(tx, REALM, PATH, str(number))
            else:
                await self.cache.tombstone(tx, REALM, PATH)
            committed_at = world.moment
        self.invalidations += 1
        world.disturb()
        world.say(self, "ACKNOWLEDGES", number)
        world.acknowledged = max(world.acknowledged, number)
        self.written = max(self.written, number)
        if whole_realm or not is_new:
            self.invalidated_at = max(self.invalidated_at, committed_at)
        world.is_being_written = self.is_writing = False

    def _replace(self) -> int:
        self.world.file += 1
        return self.world.file

    # Bad luck.

    def die(self) -> None:
        """Killed: what was asked of the world may still happen; nobody here hears of it."""
        world = self.world
        self.loop.run_to_rest()
        world.say(self, "DIES")
        self.is_alive = False
        self.notifier.is_up = False
        for step in [each for each in world.steps if each.process is self]:
            if step.future is not None and not step.has_happened and world.chance.random() < 0.5:
                world.happen(step)
        world.steps = [each for each in world.steps if each.process is not self]
        world.lost_locks_of(self)
        world.disturb()
        world.silences += 1
        if self.is_writing:
            world.is_being_written = False
        self.loop.ready.clear()
        self.unfinished = 0

    def lose_the_connection(self) -> None:
        self.world.say(self, "LOSES its connection")
        self.was_cut = True
        self.notifier.cut()
