"""Noticing what others wrote: comparing a folder with what is remembered of it.

Called under the realm's write lock, so that no write of our own is half done. A scan
looks at everything and reads what may differ; a rescan reads what it is told of.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from realmkit.errors import Forbidden, TryLater
from realmkit.files import disk
from realmkit.files.disk import FileStat
from realmkit.files.ignore import IgnoreRules
from realmkit.files.metas import FileMeta, differences, suspects
from realmkit.files.paths import is_too_long, within
from realmkit.files.records import FileRecords, WriteResult

logger = logging.getLogger(__name__)


class Scanner:
    """Scans of one realm's folder."""

    def __init__(self, root: Path, rules: IgnoreRules, records: FileRecords) -> None:
        self._root = root
        self._rules = rules
        self._records = records

    async def scan(self) -> WriteResult:
        """Undo what a killed process left half done, then log every difference."""
        await self._recover()
        if not self._root.is_dir():
            # A disk that is not mounted is no reason to forget a realm.
            raise TryLater("The realm's folder is not there at the moment.")
        self._rules.reload()
        strays: list[Path] = []
        found = await asyncio.to_thread(
            lambda: list(disk.walk(self._root, self._rules, strays=strays))
        )
        for stray in strays:
            stray.unlink(missing_ok=True)
        known = await self._records.every_meta()
        return await self._record(suspects(known, found), known)

    async def rescan(self, wanted: Sequence[str]) -> WriteResult:
        """Look at the paths `wanted` and at all that lies, or was remembered, below them."""
        paths: set[str] = set(wanted)
        for path in wanted:
            paths |= {
                *await self._records.paths_below(path),
                *await asyncio.to_thread(self._paths_in, path),
            }
        return await self._record(sorted(paths), await self._records.metas(paths))

    async def _record(self, paths: Sequence[str], known: Mapping[str, FileMeta]) -> WriteResult:
        looks = await asyncio.to_thread(lambda: {path: self._look(path) for path in paths})
        return await self._records.record(differences(known, looks), looks, known)

    async def _recover(self) -> None:
        for journal, steps, placed in await self._records.open_journals():
            logger.warning("A batch of %d files that was cut short is undone.", len(steps))
            await asyncio.to_thread(disk.undo, steps, placed)
            await self._records.close_journal(journal)

    def _look(self, path: str) -> tuple[str, FileStat] | None:
        if is_too_long(path) or self._rules.is_ignored(path):
            return None
        try:
            return disk.look(path, within(self._root, path))
        except Forbidden:
            return None

    def _paths_in(self, folder: str) -> list[str]:
        # The watcher never tells of files in folders that were made together with them.
        real = self._root / folder
        if not real.is_dir() or real.is_symlink() or self._rules.is_ignored(folder, is_folder=True):
            return []
        return [found.path for found in disk.walk(self._root, self._rules, folder)]
