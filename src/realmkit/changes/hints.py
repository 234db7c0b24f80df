"""Waking those who wait for something to be true of a realm.

A hint says only that there may be something new. Who waits looks for himself, once
before waiting and once after every hint, so a hint too many costs a look and a hint
that came early is not lost.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Hints:
    """Hints by realm URL, within this process."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def notify(self, realm_url: str) -> None:
        """Wake everybody who waits for something of this realm."""
        for hint in self._waiting[realm_url]:
            hint.set()

    async def wait_until(self, realm_url: str, look: Callable[[], Awaitable[T | None]]) -> T:
        """Return the first answer of `look` that is not None, asking again after each hint."""
        hint = asyncio.Event()
        # Registered before the first look, so that nothing falls between the two.
        self._waiting[realm_url].add(hint)
        try:
            while (answer := await look()) is None:
                await hint.wait()
                hint.clear()
            return answer
        finally:
            self._waiting[realm_url].discard(hint)
