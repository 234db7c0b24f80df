"""What the database holds of a realm's files: metadata, the change log, unfinished batches.

`record` is the one place where a change becomes true for everybody else: the log, the
metadata and the rows that other stations ask for are written in one transaction.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from realmkit.changes import ChangeLog, NewChange
from realmkit.config import Realm
from realmkit.db import Database, Transaction, load_sql
from realmkit.files.disk import FileStat, Step
from realmkit.files.metas import FileMeta

InTransaction = Callable[[Transaction, Realm, Sequence[NewChange]], Awaitable[None]]
"""Called in the transaction of every change, after the log and the metadata are written."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The seq that the change log reached, and what changed; nothing if all was as before."""

    seq: int
    changes: list[NewChange]


class FileRecords:
    """The rows of one realm's files. `hooks` may grow."""

    def __init__(
        self, realm: Realm, root: Path, db: Database, changes: ChangeLog, hooks: list[InTransaction]
    ) -> None:
        self._realm = realm
        self._root = root
        self._db = db
        self._sql = load_sql(__package__ or "", "files.sql", db.dialect)
        self._changes = changes
        self._hooks = hooks

    async def created_at(self, path: str) -> int | None:
        row = await self._db.read_one(self._sql["meta"], (self._realm.url, path))
        return row[0] if row else None

    async def metas(self, paths: Iterable[str]) -> dict[str, FileMeta]:
        return self._by_path(
            await self._db.read(self._sql["metas"], (self._realm.url, _json(list(paths))))
        )

    async def every_meta(self) -> dict[str, FileMeta]:
        return self._by_path(await self._db.read(self._sql["every_meta"], (self._realm.url,)))

    async def paths_below(self, folder: str) -> list[str]:
        """The remembered paths of files anywhere below `folder`."""
        # `0` is the character after `/`.
        bounds = (self._realm.url, f"{folder}/", f"{folder}0")
        return [row[0] for row in await self._db.read(self._sql["paths_below"], bounds)]

    async def record(
        self,
        changes: Sequence[NewChange],
        looks: Mapping[str, tuple[str, FileStat] | None],
        known: Mapping[str, FileMeta],
        *,
        journal: str | None = None,
    ) -> WriteResult:
        """Log `changes` and remember what the files look like now; `known` is what was
        remembered of them before. Closes the `journal` of the batch that made them."""
        url, now_ns = self._realm.url, time.time_ns()
        gone = [(url, path) for path, look in looks.items() if look is None and path in known]
        seen: list[tuple[object, ...]] = []
        for path, look in looks.items():
            if look is not None:
                digest, found = look
                before = known.get(path)
                if before is None or before.content_hash != digest or not before.is_surely(found):
                    created_at = before.created_at if before else found.modified_at
                    shape = (found.size, found.mtime_ns, found.inode)
                    seen.append((url, path, created_at, digest, *shape, now_ns))
        if not (changes or gone or seen or journal):
            return WriteResult(await self._changes.last_seq(url), [])
        async with self._db.transaction() as tx:
            seq = await self._changes.append(tx, url, changes)
            await tx.execute_all(
                [
                    (self._sql["drop_meta"], gone),
                    (self._sql["put_meta"], seen),
                    (self._sql["close_journal"], [(url, journal)] if journal else []),
                ]
            )
            if changes:
                for hook in self._hooks:
                    await hook(tx, self._realm, changes)
        return WriteResult(seq, list(changes))

    async def last_seq(self) -> int:
        return await self._changes.last_seq(self._realm.url)

    # Batches that a killed process may leave half done.

    async def open_journal(self, steps: Sequence[Step], placed: Mapping[str, FileStat]) -> str:
        """Write down how to undo `steps`, and by what their files are known once they are
        in place; returns the journal's id."""
        journal = secrets.token_hex(8)
        text = _json([self._spell(step, placed.get(step.path)) for step in steps])
        async with self._db.transaction() as tx:
            await tx.execute(self._sql["open_journal"], (self._realm.url, journal, text))
        return journal

    async def close_journal(self, journal: str) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(self._sql["close_journal"], (self._realm.url, journal))

    async def open_journals(self) -> list[tuple[str, list[Step], dict[str, FileStat]]]:
        """Every journal that was not closed: its steps, and what they put in place."""
        found: list[tuple[str, list[Step], dict[str, FileStat]]] = []
        for id, text in await self._db.read(self._sql["journals"], (self._realm.url,)):
            steps: list[Step] = []
            placed: dict[str, FileStat] = {}
            for path, target, staged, backup, *looks in orjson.loads(text):
                at = (each and self._root / each for each in (target, staged, backup))
                steps.append(Step(path, *at))
                if looks:
                    placed[path] = FileStat(path, *looks)
            found.append((id, steps, placed))
        return found

    def _spell(self, step: Step, looks: FileStat | None) -> list[str | int | None]:
        places = (step.target, step.staged, step.backup)
        return [
            step.path,
            *(at and str(at.relative_to(self._root)) for at in places),
            *((looks.size, looks.mtime_ns, looks.inode) if looks else ()),
        ]

    @staticmethod
    def _by_path(rows: Iterable[tuple[object, ...]]) -> dict[str, FileMeta]:
        return {meta.path: meta for meta in map(FileMeta.of, rows)}


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
