"""What a query's realms hold, asked before the query is compiled: shelves and paths.

Both are small: a shelf for each type of a realm, a path for each field that has values.
The number of a path never changes, so it is looked up once in a process.
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

    async def of(self, realm_urls: Sequence[str], paths: Collection[str]) -> Catalog:
        """The shelves of these realms, and the numbers of those paths that any row has."""
        shelves = await self._db.read(self._sql["shelves"], (_array(realm_urls),))
        # After the shelves: a path that came with them is then there as well.
        unknown = [path for path in sorted(paths) if path not in self._path_ids]
        if unknown:
            rows = await self._db.read(self._sql["path_ids"], (_array(unknown),))
            self._path_ids |= dict[str, int](rows)
        return Catalog(
            tuple(
                Shelf(shelf_id, realm_url, type, tuple(orjson.loads(types)), Health(health), size)
                for shelf_id, realm_url, type, types, health, size in shelves
            ),
            {path: self._path_ids[path] for path in paths if path in self._path_ids},
        )


def _array(texts: Sequence[str]) -> str:
    return orjson.dumps(list(texts)).decode()
