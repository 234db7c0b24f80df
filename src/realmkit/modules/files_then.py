"""Files as they were at some moment, compared with the disk before an answer is given again.

What was not heard of is noticed this way, so it is done at nearly every answer from memory
and has to be cheap. Half of what a `stat` takes is the walk to the folder; where several
files lie in one, the folder is held open and asked by name. That it is still the folder at
its path is asked as well, and the answer tells when anything last came or went there: until
that moves, what was absent needs no asking.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from weakref import WeakValueDictionary

Identity = tuple[int, int, int]
"""A file as `stat` tells it apart: inode, size in bytes, mtime in nanoseconds."""

FileThen = tuple[str, Identity | None]
"""Where a file lies, and its identity at some moment; None if it was not there."""

# Two changes within one tick of a file system's clock look alike. The slowest count by two seconds.
QUIET_NS = 2_000_000_000
# A process may have a thousand files open, and has better uses for them.
_MOST_FOLDERS = 64
# Below that, holding the folder open costs more than it saves.
_WORTH_A_FOLDER = 3


def identity_of(file: str, folder_fd: int | None = None) -> Identity | None:
    """The file's identity now; None when it is gone. It takes one to three microseconds."""
    try:
        # Asked at every answer from memory; making a Path costs as much as the call.
        status = os.stat(file, dir_fd=folder_fd)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def is_as_then(files: Iterable[FileThen], folder_fd: int | None = None) -> bool:
    """Whether all of these files are as they were."""
    for file, then in files:
        # Of what was not there it is enough to know that it still is not, without an exception.
        if then is None:
            if os.access(file, os.F_OK, dir_fd=folder_fd):
                return False
        elif identity_of(file, folder_fd) != then:
            return False
    return True


class FilesThen:
    """Some `files` as they were, to be compared often."""

    __slots__ = ("_apart", "_inside", "files")

    def __init__(self, files: tuple[FileThen, ...]) -> None:
        self.files = files
        self._apart: list[FileThen] = []
        self._inside: list[_Inside] = []
        by_folder: dict[str, list[FileThen]] = {}
        for file, then in files:
            by_folder.setdefault(os.path.dirname(file), []).append((file, then))  # noqa: PTH120
        for path, inside in by_folder.items():
            folder = _held_open(path) if len(inside) >= _WORTH_A_FOLDER else None
            if folder is None:
                self._apart += inside
            else:
                names = [(file[len(path) + 1 :], then) for file, then in inside]
                self._inside.append(_Inside(folder, names))

    def are_as_then(self) -> bool:
        return is_as_then(self._apart) and all(each.is_as_then() for each in self._inside)


class _Inside:
    """Files of one folder, by name."""

    __slots__ = ("_absent", "_folder", "_present", "_still_absent_at")

    def __init__(self, folder: "_Folder", files: list[FileThen]) -> None:
        self._folder = folder
        self._present = [(name, then) for name, then in files if then is not None]
        self._absent = [(name, then) for name, then in files if then is None]
        # The folder's time when the absent ones were last asked for.
        self._still_absent_at: int | None = None

    def is_as_then(self) -> bool:
        asked_ns = time.time_ns()
        folder_ns = self._folder.changed_ns()
        if folder_ns is None:
            return False
        if folder_ns != self._still_absent_at:
            if not is_as_then(self._absent, self._folder.fd):
                return False
            is_quiet = folder_ns < asked_ns - QUIET_NS
            self._still_absent_at = folder_ns if is_quiet else None
        return is_as_then(self._present, self._folder.fd)


class _Folder:
    """A folder that is open as long as anybody holds on to it. Raises `OSError`."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        self._path = path
        status = os.fstat(self.fd)
        self._identity = status.st_dev, status.st_ino

    def __del__(self) -> None:
        with suppress(AttributeError):
            os.close(self.fd)

    def changed_ns(self) -> int | None:
        """When a file last came or went; None when it is no more the folder at its path."""
        try:
            status = os.stat(self._path)  # noqa: PTH116
        except OSError:
            return None
        return status.st_mtime_ns if (status.st_dev, status.st_ino) == self._identity else None


_open: WeakValueDictionary[str, _Folder] = WeakValueDictionary()


def _held_open(path: str) -> _Folder | None:
    """The folder, if it is there and not too many are open."""
    folder = _open.get(path)
    if folder is not None and folder.changed_ns() is not None:
        return folder
    if len(_open) >= _MOST_FOLDERS:
        return None
    try:
        folder = _open[path] = _Folder(path)
    except OSError:
        return None
    return folder
