"""A database that refuses to grow while a change is recorded: all of it is refused.

SQLite answers a full disk by undoing the whole transaction and not only the statement that
met it. Nothing after that may be taken for written.
"""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.coalesce.conftest import REALM, Desk, new_desk

from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.db import Database, Transaction, open_database
from realmkit.errors import TransactionLost, TryLater
from realmkit.files import FileStore, FileWrite

from ..support.realms import contents

pytestmark = pytest.mark.anyio

# Longer than what is free on the pages that there are.
LONG_PATH = f"{'long/' * 20_000}person.gts"
STYLES = "select id from styles"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """A SQLite: on PostgreSQL a savepoint survives a full disk."""
    database = await open_database(tmp_path / "state" / "realmkit.db")
    yield database
    await database.close()


async def put_style(tx: Transaction, name: str) -> None:
    await tx.execute("insert into styles (id, css) values ($1, 'css')", [name])


async def stop_growing(tx: Transaction) -> None:
    await tx.fetch("pragma max_page_count = 1")


def desk_whose_tombstones_undo_everything(db: Database) -> Desk:
    """Which statements SQLite can undo alone is its own affair; one row into a plain table, it
    cannot."""

    async def tombstone(tx: Transaction, realm_url: str, hashes: object) -> None:
        await put_style(tx, LONG_PATH)

    desk = new_desk(db)
    desk.table.tombstone = tombstone  # type: ignore[method-assign]
    return desk


async def test_a_tombstone_that_undid_its_change_refuses_it(db: Database) -> None:
    desk = desk_whose_tombstones_undo_everything(db)
    with pytest.raises(TransactionLost):
        async with db.transaction() as tx:
            await put_style(tx, "a")
            await stop_growing(tx)
            await desk.cache.tombstone(tx, REALM, "person.gts")

    assert await db.read(STYLES) == []


async def test_a_change_is_kept_whole_or_not_at_all_when_there_is_no_room_for_its_tombstone(
    db: Database,
) -> None:
    desk = new_desk(db)
    await desk.get()
    is_committed = False
    with contextlib.suppress(TryLater):
        async with db.transaction() as tx:
            await put_style(tx, "a")
            await stop_growing(tx)
            await desk.cache.tombstone(tx, REALM, LONG_PATH)
        is_committed = True

    assert await db.read(STYLES) == ([("a",)] if is_committed else [])
    # What memory had of the realm is not trusted where the table could not be told.
    assert (await desk.found()).layer == ("l2" if is_committed else "l1")


async def test_what_follows_in_a_transaction_that_is_gone_is_not_written_by_itself(
    db: Database,
) -> None:
    with pytest.raises(TryLater):
        async with db.transaction() as tx:
            await stop_growing(tx)
            with pytest.raises(TryLater):
                await put_style(tx, LONG_PATH)
            await put_style(tx, "b")

    assert await db.read(STYLES) == []


async def test_a_transaction_that_is_gone_is_not_committed(db: Database) -> None:
    committed: list[str] = []
    with pytest.raises(TryLater):
        async with db.transaction() as tx:
            tx.on_commit(lambda: committed.append("yes"))
            await stop_growing(tx)
            with pytest.raises(TryLater):
                await put_style(tx, LONG_PATH)

    assert committed == []


async def test_a_batch_whose_tombstone_met_a_full_disk_leaves_the_folder_as_it_was(
    realm: Realm, db: Database
) -> None:
    async def tombstone(tx: Transaction, realm: Realm, changes: object) -> None:
        await stop_growing(tx)
        await desk.cache.tombstone(tx, realm.url, "b.gts")

    desk, changes = desk_whose_tombstones_undo_everything(db), ChangeLog(db)
    files = FileStore(realm, db, changes)
    await files.write("a.gts", b"old")
    files.join_transactions(tombstone)
    with pytest.raises(TryLater):
        await files.write_many([FileWrite("a.gts", b"new"), FileWrite("b.gts", b"new")])
    with pytest.raises(TryLater):
        await files.write("c.gts", b"new")

    assert contents(realm.root) == {"a.gts": "old"}
    assert [change.path for change in await changes.since(realm.url, 0)] == ["a.gts"]
    assert await db.read("select * from write_journal") == []
    # The next start undoes nothing that was acknowledged.
    again = FileStore(realm, db, changes)
    assert (await again.scan()).changes == []
