"""Speaking with the other processes of one database: notifications and locks.

A notification is a hint to look; one that is lost costs nothing as long as everybody
looks again after a gap. A lock has one holder among all processes and is gone when
its holder's connection is. `PostgresNotifier` does this on one connection of its own;
where there is one process, `LocalNotifier` gives the same.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

logger = logging.getLogger(__name__)

Channel = Literal[
    "realm_file_changes", "realm_index_updated", "module_cache_populated", "realm_lock_released"
]
CHANNELS: tuple[Channel, ...] = (
    "realm_file_changes",
    "realm_index_updated",
    "module_cache_populated",
    "realm_lock_released",
)


def lock_key(name: str) -> int:
    """The number of a lock: the first 8 bytes of the name's SHA-256, signed."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


@dataclass(frozen=True, slots=True, eq=False)
class HeldLock:
    """A lock that was had. It may be lost meanwhile, and another may hold its key."""

    key: int


class Notifier(Protocol):
    def listen(self, channel: Channel, heard: Callable[[str], None]) -> None:
        """Call `heard` with the payload of every notification on `channel` from now on."""
        ...

    def after_gap(self, look: Callable[[], None]) -> None:
        """Call `look` whenever notifications may have been missed, or locks were lost."""
        ...

    async def try_lock(self, key: int) -> HeldLock | None:
        """The lock, or None if somebody holds it, in this process or another.

        Raises `TryLater` while the other processes cannot be spoken with.
        """
        ...

    async def release(self, held: HeldLock, channel: Channel) -> None:
        """Let go of a lock and say so on `channel`, with the key. Never raises for a lock
        that was lost."""
        ...


class LocalNotifier:
    """A `Notifier` for the only process there is."""

    def __init__(self) -> None:
        self._heard: defaultdict[Channel, list[Callable[[str], None]]] = defaultdict(list)
        self._held: dict[int, HeldLock] = {}

    def __repr__(self) -> str:
        return f"<LocalNotifier: {len(self._held)} locks>"

    def listen(self, channel: Channel, heard: Callable[[str], None]) -> None:
        self._heard[channel].append(heard)

    def after_gap(self, look: Callable[[], None]) -> None:
        """Nothing is ever missed here."""

    def notify(self, channel: Channel, payload: str) -> None:
        for heard in self._heard[channel]:
            tell(heard, payload)

    async def try_lock(self, key: int) -> HeldLock | None:
        if key in self._held:
            return None
        self._held[key] = HeldLock(key)
        return self._held[key]

    async def release(self, held: HeldLock, channel: Channel) -> None:
        if self._held.get(held.key) is held:
            del self._held[held.key]
        self.notify(channel, str(held.key))


def tell(listener: Callable[..., None], *words: str) -> None:
    """Call a listener. One that fails is logged: what it makes of what it hears is no reason
    for the others, a lock or a commit to suffer."""
    try:
        listener(*words)
    except Exception:
        logger.exception("A listener failed.")
