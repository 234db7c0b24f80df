"""L2: the table `module_transpile_cache`, shared by the processes of one database.

A row is kept under the generation its writer captured before reading the source, and is
refused when the row, or its realm's floor, has moved on since. Invalidation leaves a
tombstone and never deletes, for a late writer's insert would meet no conflict:

    reader: reads the row: none, generation 0; reads the file
    writer: replaces the file, tombstones: generation 1
    reader: writes with generation 0; 1 > 0, refused

Reads and writes are best effort here: a broken table costs transpiles and a warning.
"""

import logging
import time
from dataclasses import dataclass

import orjson

from realmkit.db import Database, Transaction, load_sql
from realmkit.errors import RealmkitError

logger = logging.getLogger(__name__)

_FLOOR = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What the table knows of a path. `body` is None for a tombstone or an absent row."""

    generation: int = 0
    floor: int = 0
    body: str | None = None
    dependency_keys: tuple[str, ...] = ()
    source_hash: str | None = None
    transpiler_version: str | None = None

    def is_of(self, source_hash: str, transpiler_version: str) -> bool:
        return (
            self.body is not None
            and self.source_hash == source_hash
            and self.transpiler_version == transpiler_version
        )


class TranspileTable:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._sql = load_sql(__package__ or "", "transpile_table.sql", db.dialect)
        self.failures = 0

    async def read(self, realm_url: str, path: str) -> Row | None:
        """The row, or None when the table cannot be read; then nothing may be written either."""
        try:
            found = await self._db.read_one(self._sql["read"], [realm_url, path])
        except RealmkitError as exc:
            self._failed("read", realm_url, path, exc)
            return None
        if found is None:
            return Row()
        floor, generation, body, dependency_keys, source_hash, transpiler_version = found
        return Row(
            generation or 0,
            floor or 0,
            body,
            tuple(orjson.loads(dependency_keys or "[]")),
            source_hash,
            transpiler_version,
        )

    async def write(
        self,
        realm_url: str,
        path: str,
        captured: Row,
        *,
        body: str,
        dependency_keys: tuple[str, ...],
        source_hash: str,
        transpiler_version: str,
    ) -> None:
        """Keep the payload if nothing was invalidated since `captured` was read."""
        try:
            async with self._db.transaction() as tx:
                await tx.execute(
                    self._sql["write"],
                    [
                        realm_url,
                        path,
                        body,
                        orjson.dumps(dependency_keys).decode(),
                        captured.generation,
                        source_hash,
                        transpiler_version,
                        _now_ms(),
                        captured.floor,
                    ],
                )
        except RealmkitError as exc:
            self._failed("write", realm_url, path, exc)

    async def tombstone(
        self, tx: Transaction, realm_url: str, path: str, source_hash: str | None = None
    ) -> None:
        """Invalidate one path, in the transaction of the change that makes it old.

        `source_hash` is of what the path holds now, if that is known: what was made from it
        before the change was noticed is kept.
        """
        if source_hash is not None and await tx.execute(
            self._sql["outdate"], [realm_url, path, source_hash]
        ):
            return
        await tx.execute(self._sql["tombstone"], [realm_url, path, _now_ms()])

    async def tombstone_realm(self, tx: Transaction, realm_url: str) -> None:
        """Invalidate every path of a realm, those without a row by the floor."""
        # A row that is being inserted would be neither seen nor held back by the floor.
        if stop_writers := self._sql.get("stop_writers"):
            await tx.execute(stop_writers)
        await tx.execute(self._sql["tombstone_realm"], [realm_url])
        await tx.execute(self._sql["tombstone"], [realm_url, _FLOOR, _now_ms()])

    def _failed(self, what: str, realm_url: str, path: str, exc: RealmkitError) -> None:
        self.failures += 1
        logger.warning("The module cache could not %s %s%s: %s", what, realm_url, path, exc)


def _now_ms() -> int:
    return int(time.time() * 1000)
