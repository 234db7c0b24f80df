"""Keeping the change log short: a task that sweeps it once in a while.

Every process sweeps; two that meet find the same rows, and one of them nothing left.
"""

import asyncio
import logging

from realmkit.changes.log import ChangeLog
from realmkit.errors import RealmkitError

log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps `changes` at the start and then every `every_s` seconds."""

    def __init__(self, changes: ChangeLog, *, every_s: float) -> None:
        self._changes = changes
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None
        self.swept = asyncio.Event()
        """Set after each sweep, for whoever waits for one."""

    async def start(self) -> None:
        self._task = asyncio.create_task(self._sweep(), name="sweep the change log")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _sweep(self) -> None:
        while True:
            try:
                if dropped := await self._changes.sweep():
                    log.info("%d old changes are no longer kept", dropped)
            except RealmkitError as exc:
                # A log that is longer than it should be harms nobody; the next time, then.
                log.warning("the change log is not swept for now: %s", exc.detail)
            self.swept.set()
            await asyncio.sleep(self._every_s)
