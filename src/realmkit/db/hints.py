"""Waking those who wait for something to become true.

A hint says only that there may be something new. Who waits looks for himself, once
before waiting and once after every hint, so a hint too many costs a look and a hint
that came early is not lost. Where the one who should give the hint may die without a
word, the waiter also looks again after a while.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar("T")


class Hints:
    """Hints by key (a realm's URL, a lock's number), within this process."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def notify(self, key: str) -> None:
        """Wake everybody who waits for something of this key."""
        for hint in self._waiting.get(key, ()):
            hint.set()

    def notify_all(self) -> None:
        """Wake everybody: hints may have been missed."""
        for key in list(self._waiting):
            self.notify(key)

    async def wait_until(
        self,
        key: str,
        look: Callable[[], Awaitable[T | None]],
        *,
        again_after_s: float | None = None,
    ) -> T:
        """Return the first answer of `look` that is not None, asking again after each hint."""
        # Registered before the first look, so that nothing falls between the two.
        with self.hinting(key) as hint:
            while (answer := await look()) is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(again_after_s):
                        await hint.wait()
                hint.clear()
            return answer

    @contextmanager
    def hinting(self, key: str, hint: asyncio.Event | None = None) -> Generator[asyncio.Event]:
        """An event that each hint of this key sets, for as long as the block goes on."""
        hint = hint or asyncio.Event()
        self._waiting[key].add(hint)
        try:
            yield hint
        finally:
            self._waiting[key].discard(hint)
            if not self._waiting[key]:
                del self._waiting[key]
