"""What the database remembers of files, and which files differ from it.

A scan of a realm that has not changed reads no file: size, modification time and
inode agree with what was seen before. Where they do not, the content decides, so a
file that was only touched, or that we have just written ourselves, is no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from realmkit.changes import NewChange
from realmkit.db import Row
from realmkit.files.disk import FileStat
from realmkit.files.paths import kind_of

# A file that is written twice within one tick of its file system's clock shows the
# same time for both, so a look so soon after the writing may have seen the first.
TICK_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What a file looked like at `seen_ns`. `created_at` is in unix seconds."""

    path: str
    created_at: int
    content_hash: str
    size: int
    mtime_ns: int
    inode: int
    seen_ns: int

    @staticmethod
    def of(row: Row) -> FileMeta:
        return FileMeta(*row)

    def is_surely(self, found: FileStat) -> bool:
        """Whether `found` must be the file that was seen, so its content need not be read."""
        same = (self.size, self.mtime_ns, self.inode) == (found.size, found.mtime_ns, found.inode)
        return same and self.mtime_ns < self.seen_ns - TICK_NS


def suspects(known: Mapping[str, FileMeta], found: Iterable[FileStat]) -> list[str]:
    """The paths whose content has to be looked at, those that are gone among them, sorted."""
    there = {each.path: each for each in found}
    unlike = {
        path for path, each in there.items() if path not in known or not known[path].is_surely(each)
    }
    return sorted(unlike | (known.keys() - there.keys()))


def differences(
    known: Mapping[str, FileMeta], looks: Mapping[str, tuple[str, FileStat] | None]
) -> list[NewChange]:
    """What happened to the files that were looked at, modules first, then by path."""
    changes: list[NewChange] = []
    for path, look in looks.items():
        before = known.get(path)
        if look is None:
            if before is not None:
                changes.append(NewChange(kind_of(path), path, "removed"))
        elif before is None:
            changes.append(NewChange(kind_of(path), path, "added", look[0]))
        elif before.content_hash != look[0]:
            changes.append(NewChange(kind_of(path), path, "updated", look[0]))
    return in_order(changes)


def in_order(changes: Iterable[NewChange]) -> list[NewChange]:
    """Modules before what adopts from them."""
    return sorted(changes, key=lambda change: (change.kind != "module", change.path))
