"""Doing it once across the processes that share a database.

Whoever gets the lock of a key is its leader: it looks whether the result is there by
now, makes it if not, and says so, whether that went well or not. The others are
followers: each has registered before it tried to lead, so nothing it waits for can
fall between; when it hears of the leader it looks, and else tries to lead itself. A
leader that was killed says nothing, so a follower also looks again after a while.

    A: has the lock, transpiles          B: registers, tries the lock: A has it, waits
    A: writes the row                    B: waits
    A: lets go and notifies              B: wakes, finds the row

The lock is the process's: where it leads already, for a result of other bytes, the next
one is made beside it, and the lock is let go when both are there.

While the other processes cannot be spoken with, everybody works alone: the rows'
generations keep what is stored right without any lock.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from realmkit.db import HeldLock, Hints, Notifier, lock_key
from realmkit.errors import TryLater

V = TypeVar("V")

LOOK_AGAIN_S = 2.0


@dataclass
class CoordinatorStats:
    """`led` counts results made under a lock, `followed` those that another left, and
    `alone` those made without a lock."""

    led: int = 0
    followed: int = 0
    alone: int = 0


@dataclass(slots=True)
class _Lead:
    """A lock of this process, and how many of its flights rest on it."""

    held: HeldLock
    flights: int = 1


class Coordinator:
    """One process's part. `look_again_s` is for leaders that die without a word."""

    def __init__(self, notifier: Notifier, *, look_again_s: float = LOOK_AGAIN_S) -> None:
        self.stats = CoordinatorStats()
        self._notifier = notifier
        self._look_again_s = look_again_s
        self._hints = Hints()
        self._leading: dict[int, _Lead] = {}
        notifier.listen("module_cache_populated", self._hints.notify)
        notifier.after_gap(self._hints.notify_all)

    def __repr__(self) -> str:
        return f"<Coordinator: leads {len(self._leading)}>"

    async def run(
        self,
        name: str,
        find: Callable[[], Awaitable[V | None]],
        make: Callable[[], Awaitable[V]],
    ) -> V:
        """Return what `find` finds, or what `make` makes if nobody else makes it now.

        `make` leaves its result where every process's `find` looks. What either raises is
        raised here; the followers then try for themselves.
        """
        key = lock_key(name)
        has_waited = False

        async def look() -> V | None:
            nonlocal has_waited
            if has_waited and (found := await find()) is not None:
                self.stats.followed += 1
                return found
            has_waited = True
            return await self._try_to_lead(key, find, make)

        try:
            return await self._hints.wait_until(str(key), look, again_after_s=self._look_again_s)
        finally:
            # Another flight of this process may have been refused the lock because this one
            # was asking for it, or letting it go, and nobody else will tell it.
            self._hints.notify(str(key))

    async def _try_to_lead(
        self,
        key: int,
        find: Callable[[], Awaitable[V | None]],
        make: Callable[[], Awaitable[V]],
    ) -> V | None:
        lead = self._leading.get(key)
        if lead is not None:
            # This process makes it from other bytes: that result is not ours to wait for.
            lead.flights += 1
        else:
            try:
                held = await self._notifier.try_lock(key)
            except TryLater:
                return await self._alone(make)
            if held is None:
                return None
            lead = self._leading[key] = _Lead(held)
        try:
            # The leader before this one may have left it since we looked.
            if (found := await find()) is not None:
                self.stats.followed += 1
                return found
            self.stats.led += 1
            return await make()
        finally:
            await self._let_go(key, lead)

    async def _let_go(self, key: int, lead: _Lead) -> None:
        lead.flights -= 1
        if lead.flights:
            return
        del self._leading[key]
        await self._notifier.release(lead.held, "module_cache_populated")

    async def _alone(self, make: Callable[[], Awaitable[V]]) -> V:
        self.stats.alone += 1
        return await make()
