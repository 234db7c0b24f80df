"""L2: a table of results that the processes of one database share, ordered by generations.

A row is kept under the generation its writer captured before reading the source, and is
refused when the row has moved on since. Invalidation leaves a tombstone and never deletes,
for a late writer's insert would meet no conflict:

    reader: reads the row: none, generation 0; reads the file
    writer: replaces the file, tombstones: generation 1
    reader: writes with generation 0; 1 > 0, refused

A tombstone comes late when nobody told of the change: whoever read the file before it has
the new source already. It names the new source's hash, and lets that one in:

    editor: replaces the file                    (source b)
    reader: reads the row: none, generation 0; reads b
    scan:   sees the change, tombstones: generation 1, b
    reader: writes b with generation 0; 1 > 0, but it is b: kept, generation 1
    another, who had read a before: writes a with generation 0; refused

Not when something else made results old, though the source is the same. `spares_from` is the
generation of the last tombstone without a hash; what was begun before that is not let in.

A realm is invalidated by its floor, whether a path has a row or not. A payload counts only
under the floor that its writer captured, so nobody has to be held up while the floor rises:

    reader: reads the row: none, floor 0; reads the file
    wipe:   floor 1
    reader: writes with floor 0; the row is there, and no hit for anybody

`module_transpile_cache` and `modules` are such tables; the statements of each lie in a
file of its name. Reads and writes are best effort here: a broken table costs work and a
warning.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import orjson

from realmkit.clock import Clock, SystemClock
from realmkit.db import Database, Transaction, load_sql
from realmkit.errors import RealmkitError

logger = logging.getLogger(__name__)

TableName = Literal["module_transpile_cache", "modules"]

_FLOOR = ""
_NO_HEADERS: Mapping[str, str] = {}
# Far longer than a busy machine takes: what is not kept is made again by every process that
# waits for it.
WRITE_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Row:
    """What the table knows of a path. `body` is None for a tombstone or an absent row."""

    generation: int = 0
    floor: int = 0
    body: str | None = None
    source_hash: str | None = None
    maker_version: str | None = None

    def is_of(self, source_hash: str, maker_version: str) -> bool:
        return (
            self.body is not None
            and self.source_hash == source_hash
            and self.maker_version == maker_version
        )


class GenerationTable:
    """`writes` counts the rows that this process tried to keep, `failures` what went wrong."""

    def __init__(self, db: Database, name: TableName, *, clock: Clock | None = None) -> None:
        self.name = name
        self.writes = 0
        self.failures = 0
        self.db = db
        self._has_headers = name == "module_transpile_cache"
        self._sql = load_sql(__package__ or "", f"{name}.sql", db.dialect)
        self._clock = clock or SystemClock()

    async def read(self, realm_url: str, path: str) -> Row | None:
        """The row, or None when the table cannot be read; then nothing may be written either."""
        try:
            found = await self.db.read_one(self._sql["read"], [realm_url, path])
        except RealmkitError as exc:
            self._failed("read", realm_url, path, exc)
            return None
        if found is None:
            return Row()
        floor, generation, body, source_hash, maker_version = found
        return Row(
            generation or 0,
            floor or 0,
            body,
            source_hash,
            maker_version,
        )

    async def write(
        self,
        realm_url: str,
        path: str,
        captured: Row,
        *,
        body: str,
        dependency_keys: tuple[str, ...],
        headers: Mapping[str, str] = _NO_HEADERS,
        source_hash: str,
        maker_version: str,
    ) -> None:
        """Keep the payload if nothing was invalidated since `captured` was read.

        Somebody waits for the payload's answer: whoever is in the way for longer than
        `WRITE_WITHIN_S` is not waited for, and it is kept nowhere.
        """
        self.writes += 1
        try:
            async with self.db.transaction(within_s=WRITE_WITHIN_S) as tx:
                await tx.execute(
                    self._sql["write"],
                    [
                        realm_url,
                        path,
                        body,
                        orjson.dumps(dependency_keys).decode(),
                        captured.generation,
                        captured.floor,
                        source_hash,
                        maker_version,
                        self._clock.now_ms(),
                        # Definitions are not answered with by themselves.
                        *([orjson.dumps(dict(headers)).decode()] if self._has_headers else []),
                    ],
                )
        except RealmkitError as exc:
            self._failed("write", realm_url, path, exc)

    async def tombstone(
        self, tx: Transaction, realm_url: str, hashes: Mapping[str, str | None]
    ) -> None:
        """Invalidate paths, in the transaction of the change that makes them old.

        `hashes` says of each path what it holds now, if that is known: what is made from
        that source stays, or is still let in.
        """
        listed = orjson.dumps(dict(hashes)).decode()
        await tx.execute(self._sql["tombstone"], [realm_url, listed, self._clock.now_ms()])

    async def tombstone_realm(self, tx: Transaction, realm_url: str) -> None:
        """Invalidate every path of a realm, with or without a row."""
        await self.tombstone(tx, realm_url, {_FLOOR: None})
        await tx.execute(self._sql["empty_realm"], [realm_url, self._clock.now_ms()])

    async def empty_old(self, before_ms: int) -> int:
        """Give up the payloads that were written before a time; returns how many."""
        async with self.db.transaction() as tx:
            return await tx.execute(self._sql["empty_old"], [before_ms, self._clock.now_ms()])

    async def empty_beyond(self, max_bytes: int) -> int:
        """Give up the oldest payloads until the others have at most this size."""
        async with self.db.transaction() as tx:
            return await tx.execute(self._sql["empty_beyond"], [max_bytes, self._clock.now_ms()])

    async def drop_tombstones(self, before_ms: int) -> int:
        """Delete the rows that have been without a payload since before a time.

        A writer who captured a generation before that would be let in again, so the time
        must lie further back than any result takes to be made.
        """
        async with self.db.transaction() as tx:
            return await tx.execute(self._sql["drop_tombstones"], [before_ms])

    def _failed(self, what: str, realm_url: str, path: str, exc: RealmkitError) -> None:
        self.failures += 1
        logger.warning(
            "The table `%s` could not %s %s%s: %s", self.name, what, realm_url, path, exc
        )
