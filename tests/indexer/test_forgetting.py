"""A realm that is served no more leaves nothing behind, and nothing of it comes back."""

import asyncio
from pathlib import Path

import pytest
from tests.coalesce.conftest import Text

from realmkit.changes import ChangeLog
from realmkit.coalesce import GenerationTable, LayeredCache, Payload
from realmkit.config import Realm
from realmkit.db import Database, load_sql
from realmkit.db.migrate import migrations
from realmkit.errors import BehindRetention
from realmkit.files import FileStore, FileWrite
from realmkit.index import Batch, IndexStore, NewAnnouncement, NewEntry
from realmkit.indexer.forgetting import forget_realm
from realmkit.search.known import CurrentDefinitions

pytestmark = pytest.mark.anyio

SQL = "realmkit.indexer"
ALL_TABLES = {
    "sqlite": "select name from sqlite_schema where type = 'table' and name not like 'search_words_%'"
    " and name not like 'search_trigrams_%' order by 1",
    "postgres": "select table_name from information_schema.tables"
    " where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1",
}


async def fill(files: FileStore, index: IndexStore) -> None:
    """Two files and an index of one of them."""
    result = await files.write_many([FileWrite("a.gts", b"a"), FileWrite("b.json", b"{}")])
    url = files.realm.url
    entry = NewEntry(
        f"{url}b.json", "instance", {"id": "b"}, {"name": "b"}, types=["x/B"], styles={"s": "css"}
    )
    await index.commit(
        Batch(
            url,
            [entry],
            definitions={f"{url}a": {"A": {"codeRef": {"module": "a", "name": "A"}}}},
            indexed_seq=result.seq,
            announcements=[NewAnnouncement("full", ["b"])],
        )
    )


async def rows_of(db: Database, realm_url: str) -> dict[str, int]:
    """How many rows each table has of a realm, tables without any left out."""
    found: dict[str, int] = {}
    for (table,) in await db.read(load_sql(SQL, "forgetting.sql", db.dialect)["tables"]):
        [(count,)] = await db.read(
            f'select count(*) from "{table}" where realm_url = $1', [realm_url]
        )
        if count:
            found[table] = count
    return found


async def test_every_table_forgets_it_and_no_other(
    db: Database, changes: ChangeLog, files: FileStore, index: IndexStore, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Realm("http://127.0.0.1:4201/other/", tmp_path / "other", "other")
    for store in (files, FileStore(other, db, changes)):
        await fill(store, index)
    before = await rows_of(db, other.url)
    assert await rows_of(db, files.realm.url) == before

    assert await forget_realm(db, files.realm.url) > 0

    # What is left says that the log was cut, and raises the caches' floors and the generation.
    assert await rows_of(db, files.realm.url) == {
        "change_log_ends": 1,
        "module_transpile_cache": 1,
        "modules": 1,
        "realm_state": 1,
    }
    assert await rows_of(db, other.url) == before


async def counts_of(db: Database) -> dict[str, int]:
    """How many rows each table of the database has, tables without any left out."""
    counts = {
        table: (await db.read(f'select count(*) from "{table}"'))[0][0]
        for (table,) in await db.read(ALL_TABLES[db.dialect])
    }
    return {table: count for table, count in counts.items() if count}


async def test_no_table_keeps_a_row_that_only_its_entries_led_to(
    db: Database, files: FileStore, index: IndexStore
) -> None:
    empty = await counts_of(db)
    await fill(files, index)
    await forget_realm(db, files.realm.url)

    left = {table: n for table, n in (await counts_of(db)).items() if n != empty.get(table)}
    # The cut log, the index's generation, the caches' floors, and what realms share.
    assert left == {
        "change_log_ends": 1,
        "realm_state": 1,
        "module_transpile_cache": 1,
        "modules": 1,
        "search_paths": 1,
        "styles": 1,
    }


async def test_a_realm_that_was_forgotten_is_indexed_and_found_again(
    db: Database, files: FileStore, index: IndexStore
) -> None:
    url = files.realm.url
    for name in ("first", "second", "third"):
        await index.commit(
            Batch(url, [NewEntry(f"{url}b.json", "instance", {"id": "b"}, {"name": name})])
        )
        texts = await db.read("select text from search_values where kind = 3")
        assert texts == [(name,)]
        await forget_realm(db, url)


async def test_the_generation_of_all_realms_never_comes_back_to_an_earlier_one(
    db: Database, files: FileStore, index: IndexStore
) -> None:
    definitions = CurrentDefinitions(db, index)
    seen: list[int] = []
    for _ in range(2):
        for _ in range(3):
            await fill(files, index)
            seen.append(await definitions.generation_now())
        await forget_realm(db, files.realm.url)
        seen.append(await definitions.generation_now())

    assert seen == sorted(set(seen))


async def test_whoever_follows_it_is_told_to_start_over(
    db: Database, changes: ChangeLog, files: FileStore, index: IndexStore
) -> None:
    await fill(files, index)
    seq = await changes.last_seq(files.realm.url)
    waiting = asyncio.create_task(changes.wait_for(files.realm.url, seq))

    await forget_realm(db, files.realm.url)

    async with asyncio.timeout(10):
        assert await waiting == seq + 2
    with pytest.raises(BehindRetention):
        await changes.since(files.realm.url, seq)


async def test_a_realm_that_comes_to_the_same_url_is_given_nothing_of_the_old_one(
    db: Database, realm: Realm
) -> None:
    cache: LayeredCache[str] = LayeredCache(
        "transpile",
        GenerationTable(db, "module_transpile_cache"),
        encode=Payload,
        decode=lambda text: text,
    )
    made = asyncio.Event()
    arrived = asyncio.Event()

    async def read() -> Text:
        return Text("the same source")

    async def make_slowly(source: Text) -> str:
        arrived.set()
        await made.wait()
        return "made for the old realm"

    async def make(source: Text) -> str:
        return "made for the new realm"

    old = asyncio.create_task(cache.get(realm.url, "a.gts", "1", read, make_slowly))
    await arrived.wait()
    await forget_realm(db, realm.url)
    made.set()
    await old

    process = LayeredCache[str](
        "transpile",
        GenerationTable(db, "module_transpile_cache"),
        encode=Payload,
        decode=lambda text: text,
    )
    found = await process.get(realm.url, "a.gts", "1", read, make)
    assert found.value == "made for the new realm"


async def test_nothing_is_known_of_a_realm_that_never_was(db: Database) -> None:
    assert await forget_realm(db, "http://127.0.0.1:4201/nowhere/") == 0


async def test_what_older_versions_left_of_forgotten_realms_goes_with_the_update(
    db: Database, files: FileStore, index: IndexStore
) -> None:
    await fill(files, index)
    [update] = [each for each in migrations(db.dialect) if each.name == "forgotten_realms"]
    async with db.transaction() as tx:
        await tx.execute("delete from search_entries")
        for statement in update.sql.split(";")[:-1]:
            await tx.execute(statement)

    assert not {"search_values", "search_words", "search_trigrams"} & (await counts_of(db)).keys()
