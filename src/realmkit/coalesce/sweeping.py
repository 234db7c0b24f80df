"""Keeping the shared caches within bounds: a task that sweeps them once in a while.

What is too old goes first, then the oldest of what is too much. A row stays for a while
without its payload, so that whoever was about to write it still meets its generation.
Every process sweeps; two that meet find the same rows, and one of them nothing left.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from realmkit.clock import Clock, SystemClock
from realmkit.coalesce.generation_table import GenerationTable
from realmkit.config import CacheBounds
from realmkit.errors import RealmkitError

logger = logging.getLogger(__name__)

KEEP_TOMBSTONES_MS = 24 * 3600 * 1000
"""Longer than any result takes to be made."""


@dataclass
class SweepStats:
    """`old` and `beyond` count payloads that were given up, `rows` the tombstones deleted."""

    old: int = 0
    beyond: int = 0
    rows: int = 0


class CacheSweeper:
    """Sweeps `tables` at the start and then every so often, as the bounds say."""

    def __init__(
        self, tables: Sequence[GenerationTable], bounds: CacheBounds, *, clock: Clock | None = None
    ) -> None:
        self.stats = SweepStats()
        self.swept = asyncio.Event()
        """Set after each sweep, for whoever waits for one."""
        self._tables = tables
        self._bounds = bounds
        self._clock = clock or SystemClock()
        self._task: asyncio.Task[None] | None = None
        self._writes_seen: dict[str, int] = {}

    async def start(self) -> None:
        self._task = asyncio.create_task(self._follow_time(), name="sweep the caches")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep(self) -> None:
        """Bring every table within its bounds. Raises what the database says."""
        now_ms = self._clock.now_ms()
        oldest_ms = now_ms - int(self._bounds.max_age_s * 1000)
        for table in self._tables:
            self.stats.old += await table.empty_old(oldest_ms)
            # It grows by writes alone, and whoever writes sweeps too.
            if self._writes_seen.get(table.name) != table.writes:
                self._writes_seen[table.name] = table.writes
                self.stats.beyond += await table.empty_beyond(self._bounds.max_bytes)
            self.stats.rows += await table.drop_tombstones(now_ms - KEEP_TOMBSTONES_MS)

    async def _follow_time(self) -> None:
        while True:
            try:
                await self.sweep()
            except RealmkitError as exc:
                # A cache that is bigger than it should be harms nobody; the next time, then.
                logger.warning("The caches are not swept for now: %s", exc.detail)
            self.swept.set()
            await asyncio.sleep(self._bounds.sweep_every_s)
