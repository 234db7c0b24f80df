"""One folder under two processes: they take turns, and each change is logged once."""

import asyncio

import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.db import Database
from realmkit.files import FileStore, FileWrite

pytestmark = pytest.mark.anyio


@pytest.fixture
def other(realm: Realm, peer: Database) -> FileStore:
    """The same folder's store in another process."""
    return FileStore(realm, peer, ChangeLog(peer))


async def test_what_both_notice_is_logged_once(
    files: FileStore, other: FileStore, changes: ChangeLog, realm: Realm
) -> None:
    for number in range(10):
        (realm.root / f"{number}.json").write_text("{}")
    await asyncio.gather(files.scan(), other.scan(), files.rescan(["1.json"]), other.scan())
    logged = [change.path for change in await changes.since(realm.url, 0)]
    assert sorted(logged) == [f"{number}.json" for number in range(10)]


async def test_a_scan_leaves_the_batch_of_another_process_alone(
    files: FileStore, other: FileStore, realm: Realm
) -> None:
    async with files.editing():
        scanning = asyncio.create_task(other.scan())
        for _ in range(20):
            await files.stat("a.json")
            await asyncio.sleep(0)
        assert not scanning.done()
    async with asyncio.timeout(10):
        await scanning


async def test_a_read_modify_write_of_two_processes_loses_nothing(
    files: FileStore, other: FileStore
) -> None:
    await files.write("count.txt", b"0")

    async def add_one(store: FileStore) -> None:
        async with store.editing() as edit:
            count = int((await edit.read("count.txt")).content)
            await edit.write_many([FileWrite("count.txt", str(count + 1).encode())], None)

    async with asyncio.timeout(30):
        await asyncio.gather(*(add_one(store) for store in (files, other) for _ in range(5)))
    assert (await other.read("count.txt")).content == b"10"
