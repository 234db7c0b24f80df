"""The browser the pages live in: launched when needed, relaunched when it died.

Whoever needs the browser asks `running()`. Callers who ask while it starts wait
for the same launch. A Chromium that dies again and again is launched more and
more slowly, and after three failures in a row the callers are told so.
"""

import asyncio
import contextlib
import logging
import os
from pathlib import Path

from realmkit.errors import TryLater
from realmkit.prerender.cdp import BrowserGone, CommandRefused
from realmkit.prerender.chromium import ChromiumProcess, start_chromium

log = logging.getLogger(__name__)

LAUNCH_TIMEOUT_S = 30.0
BACK_OFF_S = (0.0, 0.5, 2.0)
# What Chromium says where user namespaces are forbidden, in containers above all.
_NO_SANDBOX = "No usable sandbox"


class PrerenderUnavailable(TryLater):
    """No page can be had: Chromium does not start, or its pages do not boot."""


class Browser:
    """At most one Chromium at a time, in its sandbox where the system lets it."""

    def __init__(self, executable: Path, *, is_sandboxed: bool | None = None) -> None:
        self._executable = executable
        # Chromium refuses to run its sandbox as root.
        self._is_sandboxed = os.geteuid() != 0 if is_sandboxed is None else is_sandboxed
        self._process: ChromiumProcess | None = None
        self._launch: asyncio.Task[ChromiumProcess] | None = None
        self._is_stopped = False
        self.launches = 0
        """How many times Chromium was started, for metrics and tests."""

    def __repr__(self) -> str:
        state = "running" if self.process else "launching" if self._launch else "not running"
        return f"<Browser {state}, {self.launches} launches>"

    @property
    def process(self) -> ChromiumProcess | None:
        """The living Chromium, if there is one."""
        return self._process if self._process and self._process.is_alive else None

    async def running(self) -> ChromiumProcess:
        """Return a living Chromium, launching one when there is none.

        Raises `PrerenderUnavailable` when it cannot be started.
        """
        if process := self.process:
            return process
        if self._is_stopped:
            raise PrerenderUnavailable("The browser was stopped.")
        if self._launch is None or self._launch.done():
            self._launch = asyncio.create_task(self._relaunch(), name="launch chromium")
        # One caller giving up must not cancel the launch the others await.
        return await asyncio.shield(self._launch)

    async def stop(self) -> None:
        """Kill Chromium. No launch succeeds afterwards."""
        self._is_stopped = True
        if self._launch is not None:
            self._launch.cancel()
            with contextlib.suppress(asyncio.CancelledError, PrerenderUnavailable):
                await self._launch
        if self._process is not None:
            await self._process.end()
            self._process = None

    async def _relaunch(self) -> ChromiumProcess:
        if self._process is not None:
            log.warning("Chromium died; starting it again.")
            await self._process.end()
            self._process = None
        reason = ""
        for pause_s in BACK_OFF_S:
            await asyncio.sleep(pause_s)
            try:
                self._process = await self._start()
            except (OSError, BrowserGone, CommandRefused, TimeoutError) as exc:
                reason = str(exc) or type(exc).__name__
                if self._is_sandboxed and _NO_SANDBOX in reason:
                    self._is_sandboxed = False
                    reason = "its sandbox cannot be had on this system"
                    log.warning("Chromium runs without its sandbox: serve realms you trust.")
                else:
                    log.warning("Chromium did not start: %s", reason)
            else:
                return self._process
        raise PrerenderUnavailable(f"Chromium ({self._executable.name}) does not start: {reason}")

    async def _start(self) -> ChromiumProcess:
        self.launches += 1
        process = await start_chromium(self._executable, is_sandboxed=self._is_sandboxed)
        try:
            async with asyncio.timeout(LAUNCH_TIMEOUT_S):
                await process.connection.call("Browser.getVersion")
        except BaseException as exc:
            last_words = process.last_words()
            # Shielded: a cancelled launch still takes its process with it.
            await asyncio.shield(process.end())
            if isinstance(exc, BrowserGone):
                raise BrowserGone(last_words or "it exited at once") from exc
            if isinstance(exc, TimeoutError):
                raise TimeoutError(f"no answer within {LAUNCH_TIMEOUT_S:.0f} s") from exc
            raise
        return process
