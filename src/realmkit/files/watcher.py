"""Watching a realm's folder, so that a saved file is a logged change moments later.

What the operating system reports is only a hint where to look; the store compares
content, so our own writes and editors' detours through temporary files are no
changes. A folder that appears is walked: files that came into being with it are
never reported by themselves. When a look fails, the next one is a whole scan.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from pathlib import Path

# The package's own front, `awatch`, cannot say when it has begun to watch.
from watchfiles._rust_notify import RustNotify

from realmkit.errors import RealmkitError
from realmkit.files.store import FileStore

logger = logging.getLogger(__name__)

STEP_MS = 20
GATHER_MS = 400
POLL_MS = 300
RETRY_S = 2.0


class FileWatcher:
    """A service: from `start` to `stop`, what happens in the folder reaches the log."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._seen: set[str] = set()
        self._needs_scan = False
        self._hint = asyncio.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return once changes are noticed. A scan follows, for what changed just before."""
        notify = await asyncio.to_thread(self._begin)
        name = f"watch {self._store.realm.name}"
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(
            target=self._listen, args=(notify, loop), name=name, daemon=True
        )
        self._thread.start()
        self._needs_scan = True
        self._hint.set()
        self._task = asyncio.create_task(self._follow(), name=name)

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _begin(self) -> RustNotify:
        root = [str(self._store.root)]
        try:
            return RustNotify(root, False, False, POLL_MS, True, True)
        except (OSError, RuntimeError) as exc:
            # The machine's supply of watches is limited; looking around is not.
            logger.warning("%s is watched by polling: %s", self._store.realm.url, exc)
            return RustNotify(root, False, True, POLL_MS, True, True)

    def _listen(self, notify: RustNotify, loop: asyncio.AbstractEventLoop) -> None:
        """On the watching thread: hand what is reported to the loop."""
        while not self._stopping.is_set():
            try:
                found = notify.watch(GATHER_MS, STEP_MS, 1_000, self._stopping)
            except RuntimeError as exc:
                logger.warning("Watching %s stopped: %s", self._store.realm.url, exc)
                return
            if isinstance(found, set):
                paths = {path for _kind, path in found}
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._hear, paths)
        notify.close()

    def _hear(self, paths: set[str]) -> None:
        self._seen |= paths
        self._hint.set()

    async def _follow(self) -> None:
        while True:
            await self._hint.wait()
            self._hint.clear()
            paths, self._seen = self._seen, set()
            try:
                if self._needs_scan:
                    await self._store.scan()
                else:
                    await self._store.rescan(self._relative(paths))
                self._needs_scan = False
            except (RealmkitError, OSError) as exc:
                logger.warning(
                    "Changed files of %s could not be looked at: %s", self._store.realm.url, exc
                )
                await self._look_again()
            except Exception:
                # A fault of ours, and no reason to notice nothing from now on.
                logger.exception("Looking at changed files of %s failed.", self._store.realm.url)
                await self._look_again()

    async def _look_again(self) -> None:
        self._needs_scan = True
        await asyncio.sleep(RETRY_S)
        self._hint.set()

    def _relative(self, paths: set[str]) -> list[str]:
        """The realm's own paths among those reported, ignored ones left out."""
        found: list[str] = []
        for path in paths:
            with contextlib.suppress(ValueError):
                relative = Path(path).relative_to(self._store.root).as_posix()
                is_text = "\ufffd" not in relative
                if relative != "." and is_text and not self._store.rules.is_ignored(relative):
                    found.append(relative)
        return found
