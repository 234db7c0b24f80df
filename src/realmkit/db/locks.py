"""Locks with a name: one holder among all the processes that share a database.

Within a process whoever comes first is served first. Between processes a waiter is
told when the lock was let go, and tries then; a holder that died says nothing, so
each waiter also tries once in a while.
"""

from __future__ import annotations

import asyncio
import time

from realmkit.db.hints import Hints
from realmkit.db.notifier import HeldLock, Notifier, lock_key
from realmkit.errors import TryLater

TRY_AGAIN_S = 1.0
# How long a lock waits for the connection to the other processes to come back.
PATIENCE_S = 5.0


class Locks:
    """The locks of one database."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._released = Hints()
        notifier.listen("realm_lock_released", self._released.notify)
        notifier.after_gap(self._released.notify_all)

    def named(self, name: str) -> NamedLock:
        """The lock `name`, to be used as `async with`."""
        return NamedLock(name, self._notifier, self._released)


class NamedLock:
    """Entering waits for the lock. Raises `TryLater` if nobody can say who has it."""

    def __init__(self, name: str, notifier: Notifier, released: Hints) -> None:
        self._name = name
        self._key = lock_key(name)
        self._notifier = notifier
        self._released = released
        self._turn = asyncio.Lock()
        self._held: HeldLock | None = None

    def __repr__(self) -> str:
        return f"<NamedLock {self._name}{', held' if self.is_held else ''}>"

    @property
    def is_held(self) -> bool:
        """Whether somebody in this process holds it by this object."""
        return self._held is not None

    async def __aenter__(self) -> None:
        await self._turn.acquire()
        deadline = time.monotonic() + PATIENCE_S

        async def try_it() -> HeldLock | None:
            try:
                return await self._notifier.try_lock(self._key)
            except TryLater:
                if time.monotonic() > deadline:
                    raise
                return None

        try:
            self._held = await self._released.wait_until(
                str(self._key), try_it, again_after_s=TRY_AGAIN_S
            )
        except BaseException:
            self._turn.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        held, self._held = self._held, None
        assert held is not None
        try:
            await self._notifier.release(held, "realm_lock_released")
        finally:
            self._turn.release()
