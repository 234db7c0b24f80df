"""Looking into one file's bytes. Runs in a worker process, because libraries that read
other people's files may take for ever, take all memory or take the process down.

Every reader answers an `Extract`; what it raises means that the file is not of the
kind its name promises. Texts are cut to a length that an index can hold.
"""

from __future__ import annotations

import hashlib
import importlib
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realmkit.extraction.kinds import Reader

READ_LIMIT = 16 * 1024 * 1024
"""Bytes of the largest file that is looked into."""

MEMORY_LIMIT = 1024 * 1024 * 1024
"""Bytes of address space that a worker may take."""

TEXT_LIMIT = 100_000
"""Characters of a file's text that are kept."""

EXCERPT_LIMIT = 300


class WrongKind(Exception):
    """The bytes are not what the file's name says. The text is for whoever wrote the file."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What a reader found; `note` says what it could not make out."""

    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    note: str | None = None
    is_kind: bool = True
    """False when only the facts of any file hold for this one."""
    is_of_parent_kind: bool = False
    """The facts of the kind above hold: an image, but not in the format of its name."""
    content_hash: str = ""
    """Of the bytes that were looked at."""


def limit_memory() -> None:
    """Make a worker that asks for too much fail with `MemoryError` rather than the machine."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


def look_into(real: str, reader: Reader, suffix: str) -> Extract:
    """What the file at `real`, whose name ends in `suffix`, holds. Raises `OSError`."""
    with Path(real).open("rb") as file:
        content = file.read(READ_LIMIT + 1)
    if len(content) > READ_LIMIT:
        return Extract(note=too_large(None), is_kind=False)
    found = _read(reader, content, suffix)
    digest = hashlib.sha256(content).hexdigest()
    return Extract(
        found.attributes, found.note, found.is_kind, found.is_of_parent_kind, content_hash=digest
    )


def too_large(size: int | None) -> str:
    has = f"It has {size:,} bytes, and" if size else "It grew while it was read;"
    return f"{has} at most {READ_LIMIT // 1024 // 1024} MB are looked into."


def _read(reader: Reader, content: bytes, suffix: str) -> Extract:
    # Imported when the first file of a kind shows up: a realm without PDFs needs no reader.
    module = importlib.import_module(f"realmkit.extraction.reading_{reader}")
    read: Callable[[bytes, str], Extract] = module.read
    try:
        return read(content, suffix)
    except WrongKind as exc:
        return Extract(note=str(exc), is_kind=False)
    except MemoryError:
        return Extract(note="Looking into it takes too much memory.", is_kind=False)
    except RecursionError:
        return Extract(note="It is nested too deeply to be looked into.", is_kind=False)


def decoded(content: bytes) -> tuple[str, str | None]:
    """Bytes as text, and a note if they are not all UTF-8. NUL becomes U+FFFD."""
    note = None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        byte = content[exc.start]
        note = f"It is not all UTF-8: byte 0x{byte:02x} at offset {exc.start}."
        text = content.decode("utf-8-sig", "replace")
    if "\0" in text:
        note = note or f"It holds a NUL character, at offset {text.index(chr(0))}."
        text = text.replace("\0", "\ufffd")
    return text, note


def shortened(text: str, limit: int = EXCERPT_LIMIT) -> str:
    """The text on one line, cut at a word."""
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit else line[:limit].rsplit(" ", 1)[0] + "…"
