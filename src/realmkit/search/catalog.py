"""What a query's realms hold, asked before the query is compiled: shelves and paths.

Both are small: a shelf for each type of a realm, a path for each field that has values.
The number of a path never changes, so it is looked up once in a process; shelves change
with commits only, so they are read once for each state of the index.
"""

from collections.abc import Collection, Sequence

import orjson

from realmkit.db import Database, load_sql
from realmkit.query.shelves import Catalog, Health, Shelf


class Catalogs:
    """Reads catalogs from one database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sql = load_sql(__package__ or "", "catalog.sql", db.dialect)
        self._path_ids: dict[str, int] = {}
        self._generation: int | None = None
        self._shelves: tuple[Shelf, ...] = ()
        # Paths that nothing had in that state.
        self._absent: set[str] = set()

    async def of(self, paths: Collection[str], generation: int) -> Catalog:
        """The shelves of every realm as of a `GENERATION` of the index, and the numbers of
        those paths that any row has."""
        shelves = await self._shelves_at(generation)
        # After the shelves: a path that came with them is then there as well.
        known = self._path_ids
        absent = self._absent if generation == self._generation else set[str]()
        unknown = [path for path in sorted(paths) if path not in known and path not in absent]
        if unknown:
            rows = await self._db.read(self._sql["path_ids"], (_array(unknown),))
            known |= dict[str, int](rows)
            absent.update(path for path in unknown if path not in known)
        return Catalog(
            shelves, {path: self._path_ids[path] for path in paths if path in self._path_ids}
        )

    async def _shelves_at(self, generation: int) -> tuple[Shelf, ...]:
        if generation == self._generation:
            return self._shelves
        shelves = tuple(
            Shelf(shelf_id, realm_url, type, tuple(orjson.loads(types)), Health(health), size)
            for shelf_id, realm_url, type, types, health, size in await self._db.read(
                self._sql["shelves"]
            )
        )
        self._generation, self._shelves, self._absent = generation, shelves, set()
        return shelves


def _array(texts: Sequence[str]) -> str:
    return orjson.dumps(list(texts)).decode()
