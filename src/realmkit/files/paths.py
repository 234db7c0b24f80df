"""Realm-relative paths: which are allowed, and what lies behind each kind.

A path is text with `/` between its segments and none at either end. Anything that
could lead out of the realm's folder is refused before the disk is asked.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from urllib.parse import quote

from realmkit.cards.code_refs import is_module_path
from realmkit.changes import ChangeKind
from realmkit.errors import BadRequest, Conflict, Forbidden, NotFound, RealmkitError, TryLater

_LONGEST_SEGMENT = 255
_LONGEST_PATH = 1_024
"""In bytes, as a URL spells it: what an index of PostgreSQL takes twice, and to spare."""


def kind_of(path: str) -> ChangeKind:
    """Whether the file at `path` is a module's source, JSON that may hold a card, or neither."""
    if is_module_path(path):
        return "module"
    return "json" if path.endswith(".json") else "file"


def checked(path: str) -> str:
    """Return `path` as it is, or raise `BadRequest` if it is no path within a realm."""
    try:
        path.encode()
    except UnicodeEncodeError as exc:
        raise BadRequest("The path is not valid Unicode text.") from exc
    if "\0" in path:
        raise BadRequest("The path holds a NUL character.")
    segments = path.split("/")
    if path.startswith("/"):
        raise BadRequest(f"`{path}` is absolute; paths are relative to the realm.")
    if ".." in segments:
        raise BadRequest(f"`{path}` leads out of the realm.")
    if "" in segments or "." in segments:
        raise BadRequest(f"`{path}` has an empty segment.")
    if any(len(segment.encode()) > _LONGEST_SEGMENT for segment in segments):
        raise BadRequest("The path is longer than a file's name can be.")
    if is_too_long(path):
        raise BadRequest(f"The path takes more than {_LONGEST_PATH:,} bytes of a URL.")
    return path


def is_too_long(path: str) -> bool:
    """Whether no realm can have a file here; such files on disk are not seen."""
    return len(quote(path)) > _LONGEST_PATH


def within(root: Path, path: str) -> Path:
    """Where a checked path lies once symbolic links are followed; `root` is a real path.

    Raises `Forbidden` if that is outside of `root`.
    """
    real = Path(os.path.realpath(root / path))
    if not real.is_relative_to(root):
        raise Forbidden(f"`{path}` is a link that leads out of the realm.")
    return real


def refusal(path: str, exc: OSError) -> RealmkitError:
    """What a failed operation on the file at `path` means to whoever asked for it."""
    match exc.errno:
        case errno.ENOENT:
            return NotFound(f"`{path}` was not found.")
        case errno.EISDIR | errno.ENOTDIR | errno.EEXIST | errno.ENOTEMPTY:
            return Conflict(f"`{path}` is a folder, or a file lies where its folder should be.")
        case errno.EACCES | errno.EPERM | errno.ELOOP:
            return Forbidden(f"The server may not touch `{path}`.")
        case errno.ENAMETOOLONG:
            return BadRequest("The path is longer than a file's name can be.")
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return TryLater(f"`{path}` was not written: the disk is full.")
        case errno.EROFS:
            return Forbidden(f"`{path}` was not written: the disk is read-only.")
        case _:
            return TryLater(
                f"`{path}` could not be reached: {exc.strerror or 'input/output error'}."
            )
