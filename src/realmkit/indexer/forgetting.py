"""Forgetting a realm that is served no more: every row of it, in every table.

Its caches leave tombstones and a floor, so that nothing which is being made of it now is
ever taken for the realm that may come to the same URL; for the same reason its index keeps
a generation, which rises. Its change log keeps where it stood: whoever still follows is
told that it was cut, looks at the folder anew, and finds what is there. Files are left
alone, and so is what realms share: stylesheets and the names of searched paths.
"""

from realmkit.coalesce import GenerationTable, TableName
from realmkit.db import Database, load_sql

CACHES: tuple[TableName, ...] = ("module_transpile_cache", "modules")
ENDS = "change_log_ends"
STATE = "realm_state"
OF_ENTRIES = ("search_values", "search_words", "search_trigrams")
"""Tables whose rows belong to a realm by way of its entries' numbers; the last is SQLite's."""


async def forget_realm(db: Database, realm_url: str) -> int:
    """Remove what the database has of a realm; returns how many rows that were.

    Waits for writes and runs over the realm to end. Zero if nothing is known of it.
    """
    sql = load_sql(__package__ or "", "forgetting.sql", db.dialect)
    caches = [GenerationTable(db, name) for name in CACHES]
    async with db.locks.named(realm_url), db.locks.named(f"index|{realm_url}"):
        tables = [row[0] for row in await db.read(sql["tables"])]
        async with db.transaction() as tx:
            removed = 0
            for table in OF_ENTRIES:
                if table in sql:
                    removed += await tx.execute(sql[table], (realm_url,))
            for table in tables:
                if table not in (*CACHES, ENDS, STATE):
                    forget = sql["forget_rows"].replace("of_table", table)
                    removed += await tx.execute(forget, (realm_url,))
            await tx.execute(sql["forget_state"], (realm_url,))
            for cache in caches:
                await cache.tombstone_realm(tx, realm_url)
            if await tx.execute(sql["cut_log"], (realm_url,)):
                await tx.notify("realm_file_changes", realm_url)
                await tx.notify("realm_index_updated", realm_url)
    return removed
