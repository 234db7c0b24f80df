"""Writing files: first decide what would happen, then do all of it or nothing.

`prepare` looks at the folder and refuses whatever is wrong with a batch before a byte
is written. `carry_out` stages the new files, puts them in place and records them; on
any failure, up to and including the commit, the old files come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from realmkit.changes import NewChange
from realmkit.config import Limits
from realmkit.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    PreconditionFailed,
    RealmkitError,
    TooLarge,
)
from realmkit.files import disk
from realmkit.files.disk import FileStat, Step
from realmkit.files.ignore import IgnoreRules
from realmkit.files.metas import FileMeta, in_order
from realmkit.files.paths import checked, kind_of, refusal, within
from realmkit.files.records import FileRecords, WriteResult


@dataclass(frozen=True, slots=True)
class FileWrite:
    """One file to write, or to remove when `content` is None.

    `must_be` says what has to be there before; `if_hash` is the content hash it must have.
    """

    path: str
    content: bytes | None
    must_be: Literal["anything", "absent", "present"] = "anything"
    if_hash: str | None = None


@dataclass(frozen=True, slots=True)
class PreparedWrite:
    """What a batch comes down to. A file that has its bytes already needs no step, and if
    the log knows of them, no change."""

    steps: list[Step]
    contents: dict[str, bytes]
    changes: list[NewChange]
    found: dict[str, tuple[str, FileStat]]
    """Hash and stat of files that are as wanted, and yet unknown to the log."""


def prepare(
    writes: Sequence[FileWrite],
    known: Mapping[str, FileMeta],
    root: Path,
    rules: IgnoreRules,
    limits: Limits,
    client_request_id: str | None,
) -> PreparedWrite:
    """Decide what `writes` come to, or raise what is wrong with the first that is wrong."""
    prepared = PreparedWrite([], {}, [], {})
    paths: set[str] = set()
    for write in writes:
        path = checked(write.path)
        if path in paths:
            raise BadRequest(f"`{path}` is there twice in one batch.")
        paths.add(path)
        if rules.is_ignored(path):
            raise Forbidden(f"`{path}` is ignored by this realm's rules, so it cannot be written.")
        real = within(root, path)
        found = disk.look(path, real)
        if found is None and real.exists():
            raise Conflict(f"`{path}` is a folder, or cannot be read.")
        _check_conditions(write, found)
        before = known.get(path)
        if write.content is None:
            prepared.steps.append(disk.step_for(path, real, is_removal=True))
            change = NewChange(kind_of(path), path, "removed", None, client_request_id)
            prepared.changes.append(change)
            continue
        _check_size(write, limits)
        digest = disk.hash_of(write.content)
        if found is None or found[0] != digest:
            prepared.steps.append(disk.step_for(path, real, is_removal=False))
            prepared.contents[path] = write.content
        elif before is not None and before.content_hash == digest:
            continue
        else:
            prepared.found[path] = found
        operation = "added" if before is None else "updated"
        prepared.changes.append(
            NewChange(kind_of(path), path, operation, digest, client_request_id)
        )
    return PreparedWrite(
        prepared.steps, prepared.contents, in_order(prepared.changes), prepared.found
    )


async def carry_out(
    prepared: PreparedWrite, known: Mapping[str, FileMeta], records: FileRecords
) -> WriteResult:
    """Put a prepared batch in place and record it. Raises what the disk or database says."""
    steps, journal = prepared.steps, None
    try:
        staged = await asyncio.to_thread(disk.stage, steps, prepared.contents)
    except disk.StepFailed as exc:
        raise refusal(exc.step.path, exc.cause) from exc
    try:
        if len(steps) > 1:
            # One rename is atomic by itself. Of several, a killed process may leave some,
            # so how to undo them is written down first.
            journal = await records.open_journal(steps, staged.stats)
        await asyncio.to_thread(disk.put, steps)
        looks = _looks(prepared, staged.stats)
        result = await records.record(prepared.changes, looks, known, journal=journal)
    except BaseException as exc:
        await asyncio.to_thread(disk.undo, steps, staged.stats, staged.made)
        if journal is not None:
            # Else the next scan finds that nothing is left to be undone.
            with suppress(RealmkitError):
                await records.close_journal(journal)
        if isinstance(exc, disk.StepFailed):
            raise refusal(exc.step.path, exc.cause) from exc
        raise
    await asyncio.to_thread(disk.finish, steps)
    return result


def _looks(
    prepared: PreparedWrite, stats: Mapping[str, FileStat]
) -> dict[str, tuple[str, FileStat] | None]:
    """What the files look like once in place, without looking: somebody else may write
    to them the next moment, and that must still be seen as a change to what we wrote."""
    looks: dict[str, tuple[str, FileStat] | None] = dict(prepared.found)
    for change in prepared.changes:
        if change.content_hash is None:
            looks[change.path] = None
        elif change.path in stats:
            looks[change.path] = (change.content_hash, stats[change.path])
    return looks


def _check_conditions(write: FileWrite, found: tuple[str, FileStat] | None) -> None:
    if found is None:
        if write.if_hash is not None:
            raise PreconditionFailed(f"`{write.path}` is not there.")
        if write.must_be == "present" or write.content is None:
            raise NotFound(f"`{write.path}` was not found.")
        return
    if write.must_be == "absent":
        raise Conflict(f"`{write.path}` is there already.")
    if write.if_hash not in (None, found[0]):
        raise PreconditionFailed(f"`{write.path}` has changed since it was read.")


def _check_size(write: FileWrite, limits: Limits) -> None:
    assert write.content is not None
    limit = limits.card if write.path.endswith(".json") else limits.file
    if len(write.content) > limit:
        raise TooLarge(f"`{write.path}` has {len(write.content)} bytes; {limit} are allowed.")
