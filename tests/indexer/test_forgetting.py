"""A realm that is served no more leaves nothing behind, and nothing of it comes back."""

import asyncio
from pathlib import Path

import pytest
from tests.coalesce.conftest import Text

from realmkit.changes import ChangeLog
from realmkit.coalesce import GenerationTable, LayeredCache, Payload
from realmkit.config import Realm
from realmkit.db import Database, load_sql
from realmkit.errors import BehindRetention
from realmkit.files import FileStore, FileWrite
from realmkit.index import Batch, IndexStore, NewAnnouncement, NewEntry
from realmkit.indexer.forgetting import forget_realm

pytestmark = pytest.mark.anyio

SQL = "realmkit.indexer"


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

    # What is left says only that the log was cut, and raises the caches' floors.
    assert await rows_of(db, files.realm.url) == {
        "change_log_ends": 1,
        "module_transpile_cache": 1,
        "modules": 1,
    }
    assert await rows_of(db, other.url) == before


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
