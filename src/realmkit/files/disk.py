"""The blocking work on a folder: reading, walking, and putting files in place.

Nothing here knows of databases or locks; the store calls it from a thread. Files are
put in place in three steps, so that a reader sees the old bytes or the new ones and
never a mixture: `stage` writes the new bytes beside their target and syncs them,
`put` renames them over it and keeps the old file as a backup, and then either
`finish` drops the backups or `undo` brings them back.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import secrets
import shutil
import stat
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from realmkit.errors import TooLarge
from realmkit.files.ignore import IgnoreRules
from realmkit.files.paths import is_too_long

logger = logging.getLogger(__name__)

# Larger files are not held in memory.
READ_LIMIT = 64 * 1024 * 1024
OWN_TEMPORARY = (".realmkit-new-", ".realmkit-old-")


@dataclass(frozen=True, slots=True)
class FileStat:
    """What a look at a file costs nothing to learn. `mtime_ns` is since 1970."""

    path: str
    size: int
    mtime_ns: int
    inode: int

    @property
    def modified_at(self) -> int:
        """Unix seconds."""
        return self.mtime_ns // 1_000_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One file to put in place. Without `staged`, the target is removed; without
    `backup`, it was not there before."""

    path: str
    target: Path
    staged: Path | None
    backup: Path | None


@dataclass(frozen=True, slots=True)
class Staged:
    """The folders that were made, outermost first, and what each file will look like once
    it is in place: a rename changes neither time nor inode."""

    made: list[Path]
    stats: dict[str, FileStat]


class StepFailed(Exception):
    """The disk refused a step. The cause is the `OSError`."""

    def __init__(self, step: Step, cause: OSError) -> None:
        super().__init__(str(cause))
        self.step = step
        self.cause = cause


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def stat_of(path: str, real: Path) -> FileStat | None:
    """The stat of a regular file, None if there is none."""
    try:
        found = real.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _file_stat(path, found) if stat.S_ISREG(found.st_mode) else None


def read(path: str, real: Path) -> tuple[bytes, FileStat]:
    """A file's bytes and the stat that belongs to them. Raises `OSError` and `TooLarge`."""
    with _opened(real) as file:
        for attempt in range(3):
            before = os.fstat(file.fileno())
            if before.st_size > READ_LIMIT:
                raise TooLarge(f"`{path}` has {before.st_size} bytes, too many to read at once.")
            content = file.read()
            found = _file_stat(path, os.fstat(file.fileno()))
            if attempt == 2 or (len(content), found.mtime_ns) == (found.size, before.st_mtime_ns):
                return content, found
            # Somebody wrote to the file itself while it was read: once more.
            file.seek(0)
    raise AssertionError("the last attempt returns")


def read_hashed(path: str, real: Path) -> tuple[bytes, FileStat, str]:
    """As `read`, with the hash of the bytes."""
    content, found = read(path, real)
    return content, found, hash_of(content)


def look(path: str, real: Path) -> tuple[str, FileStat] | None:
    """A file's content hash and stat; None if it is not there or cannot be read."""
    try:
        with _opened(real) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return digest, _file_stat(path, os.fstat(file.fileno()))
    except OSError:
        return None


def walk(
    root: Path, rules: IgnoreRules, folder: str = "", strays: list[Path] | None = None
) -> Iterator[FileStat]:
    """Every file of the realm below `folder`. Folders behind symbolic links are not entered.

    Temporary files of our own that are met on the way are added to `strays`.
    """
    try:
        found = children(root, rules, folder, strays)
    except OSError:
        return
    for child in found:
        if isinstance(child, FileStat):
            yield child
        else:
            yield from walk(root, rules, child, strays)


def children(
    root: Path, rules: IgnoreRules, folder: str = "", strays: list[Path] | None = None
) -> list[FileStat | str]:
    """The files directly in `folder`, and the paths of its folders, sorted by name."""
    with os.scandir(root / folder) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    found: list[FileStat | str] = []
    for entry in listed:
        path = f"{folder}/{entry.name}" if folder else entry.name
        try:
            path.encode()
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_too_long(path):
                logger.warning("A file is not seen: its path is too long. It begins %.60s", path)
            elif rules.is_ignored_in(folder, entry.name, is_folder):
                if strays is not None and entry.name.startswith(OWN_TEMPORARY):
                    strays.append(Path(entry.path))
            elif is_folder:
                found.append(path)
            elif entry.is_file() and _is_inside(root, entry):
                found.append(_file_stat(path, entry.stat()))
        except (OSError, UnicodeEncodeError):
            # Gone since it was listed, or a name that no URL can spell.
            continue
    return found


def step_for(path: str, target: Path, *, is_removal: bool) -> Step:
    token = secrets.token_hex(8)
    return Step(
        path,
        target,
        None if is_removal else target.with_name(f"{OWN_TEMPORARY[0]}{token}"),
        target.with_name(f"{OWN_TEMPORARY[1]}{token}") if target.exists() else None,
    )


def stage(steps: Sequence[Step], contents: Mapping[str, bytes]) -> Staged:
    """Write and sync the new bytes beside their targets. Undoes itself on `StepFailed`."""
    made: list[Path] = []
    stats: dict[str, FileStat] = {}
    for step in steps:
        if step.staged is not None:
            try:
                with _as_failure_of(step):
                    made += _make_folder(step.target.parent)
                    content, mode = contents[step.path], _mode_of(step.target)
                    stats[step.path] = _write_new(step.path, step.staged, content, mode)
            except StepFailed:
                undo(steps, stats, made)
                raise
    return Staged(made, stats)


def put(steps: Sequence[Step]) -> None:
    """Put every step in place. On `StepFailed`, the caller undoes all of them."""
    for step in steps:
        with _as_failure_of(step):
            if step.backup is not None:
                _keep(step.target, step.backup)
            if step.staged is not None:
                step.staged.replace(step.target)
            else:
                step.target.unlink()
    for folder, step in {step.target.parent: step for step in steps}.items():
        with _as_failure_of(step):
            _sync_folder(folder)


def undo(steps: Sequence[Step], placed: Mapping[str, FileStat], made: Sequence[Path] = ()) -> None:
    """Leave the folder as it was before `stage`, however far things had come.

    `placed` is what `stage` said the files will look like. A target that looks otherwise is
    somebody else's by now, or was never replaced, and stays.
    """
    for step in reversed(steps):
        found = stat_of(step.path, step.target)
        is_ours = found is not None and found == placed.get(step.path)
        if step.backup is None:
            if is_ours:
                _unlink(step.target)
        elif step.backup.exists():
            if is_ours or found is None:
                step.backup.replace(step.target)
            # A rename between two names of one file does nothing.
            _unlink(step.backup)
        if step.staged is not None:
            _unlink(step.staged)
    for folder in reversed(made):
        with contextlib.suppress(OSError):
            folder.rmdir()


def finish(steps: Sequence[Step]) -> None:
    """Drop the backups."""
    for step in steps:
        if step.backup is not None:
            _unlink(step.backup)


def _file_stat(path: str, found: os.stat_result) -> FileStat:
    return FileStat(path, found.st_size, found.st_mtime_ns, found.st_ino)


@contextmanager
def _opened(real: Path) -> Generator[BufferedReader, None, None]:
    # Without O_NONBLOCK, opening a named pipe waits for somebody to write to it.
    descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "not a file")
    with os.fdopen(descriptor, "rb") as file:
        yield file


@contextmanager
def _as_failure_of(step: Step) -> Generator[None, None, None]:
    try:
        yield
    except OSError as exc:
        raise StepFailed(step, exc) from exc


def _is_inside(root: Path, child: os.DirEntry[str]) -> bool:
    return not child.is_symlink() or Path(os.path.realpath(child.path)).is_relative_to(root)


def _make_folder(folder: Path) -> list[Path]:
    missing: list[Path] = []
    while not folder.exists():
        missing.insert(0, folder)
        folder = folder.parent
    for each in missing:
        each.mkdir(exist_ok=True)
    return missing


def _write_new(path: str, staged: Path, content: bytes, mode: int | None) -> FileStat:
    with staged.open("xb") as file:
        file.write(content)
        file.flush()
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
        return _file_stat(path, os.fstat(file.fileno()))


def _mode_of(target: Path) -> int | None:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return None


def _keep(target: Path, backup: Path) -> None:
    try:
        backup.hardlink_to(target)
    except (OSError, NotImplementedError):
        # Not every file system has hard links.
        shutil.copy2(target, backup)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
