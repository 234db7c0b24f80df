"""Files that are asked for again and again, read once.

What keeps modules and definitions right keeps them right (`LocalCache`), in memory alone,
for the file itself is what processes share. A file counts while its inode, size and time are
those that it was read with, so a change that nobody told of costs a `stat`, never an old byte.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from realmkit.coalesce import LocalCache
from realmkit.errors import NotFound
from realmkit.files import FileStat, FileStore, StoredFile
from realmkit.modules.files_then import QUIET_NS

MEMORY_BYTES = 16 * 1024 * 1024
LARGEST_BYTES = 2 * 1024 * 1024
"""A larger file is read each time."""
_OVERHEAD_BYTES = 1_000


class _NotKept(Exception):
    """The file is too large, too new or was replaced while it was read."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as `stat` tells it apart."""

    stat: FileStat

    @property
    def hash(self) -> str:
        return f"{self.stat.inode} {self.stat.size} {self.stat.mtime_ns}"


class KeptFiles:
    """Files in memory, by realm and path."""

    def __init__(self, max_bytes: int = MEMORY_BYTES) -> None:
        self.cache: LocalCache[StoredFile] = LocalCache(
            "source", weigh=lambda file: file.size + _OVERHEAD_BYTES, max_bytes=max_bytes
        )

    async def read(self, files: FileStore, path: str) -> StoredFile:
        """As `FileStore.read`, and raises the same."""

        async def look() -> _Seen:
            seen = files.stat_now(path)
            if seen is None:
                raise NotFound(f"`{path}` was not found in {files.realm.url}.")
            age_ns = time.time_ns() - seen.mtime_ns
            if seen.size > LARGEST_BYTES or age_ns < QUIET_NS:
                raise _NotKept
            return _Seen(seen)

        async def read(seen: _Seen) -> StoredFile:
            file = await files.read(path)
            if (file.size, file.mtime_ns) != (seen.stat.size, seen.stat.mtime_ns):
                raise _NotKept
            return file

        try:
            return (await self.cache.get(files.realm.url, path, "", look, read)).value
        except _NotKept:
            return await files.read(path)

    def forget(self, realm_url: str, paths: Iterable[str]) -> None:
        """Drop files of which the log says that they changed."""
        for path in paths:
            self.cache.invalidate(realm_url, path)

    def forget_realm(self, realm_url: str) -> None:
        """Drop every file of a realm."""
        self.cache.invalidate_realm(realm_url)

    async def stop(self) -> None:
        """Wait for nobody who still reads."""
        await self.cache.stop()
