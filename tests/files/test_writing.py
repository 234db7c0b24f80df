"""Writes are atomic, all or nothing, and follow the change log."""

import asyncio
import contextlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from realmkit.changes import ChangeLog, NewChange
from realmkit.config import Limits, Realm
from realmkit.db import Database, Transaction
from realmkit.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    OurBug,
    PreconditionFailed,
    TooLarge,
    TryLater,
)
from realmkit.files import FileStore, FileWrite, disk
from realmkit.files.records import FileRecords

from ..support.realms import contents, fill, realm_in

pytestmark = pytest.mark.anyio


async def logged(changes: ChangeLog, realm: Realm) -> list[tuple[str, str]]:
    return [(each.path, each.operation) for each in await changes.since(realm.url, 0)]


async def test_a_write_is_on_disk_and_in_the_log(
    realm: Realm, files: FileStore, changes: ChangeLog
) -> None:
    result = await files.write("Person/ann.json", b"{}", client_request_id="r1")

    assert contents(realm.root) == {"Person/ann.json": "{}"}
    [change] = await changes.since(realm.url, 0)
    assert (change.seq, change.kind, change.operation) == (result.seq, "json", "added")
    assert (change.content_hash, change.client_request_id) == (disk.hash_of(b"{}"), "r1")


async def test_updates_and_deletes_are_told_apart(
    realm: Realm, files: FileStore, changes: ChangeLog
) -> None:
    await files.write("a.gts", b"1")
    await files.write("a.gts", b"2")
    await files.delete("a.gts")
    assert await logged(changes, realm) == [
        ("a.gts", "added"),
        ("a.gts", "updated"),
        ("a.gts", "removed"),
    ]
    assert contents(realm.root) == {}


async def test_identical_bytes_are_no_change(
    realm: Realm, files: FileStore, changes: ChangeLog
) -> None:
    first = await files.write("a.json", b"{}")
    before = (realm.root / "a.json").stat().st_ino
    second = await files.write("a.json", b"{}")
    assert (second.seq, second.changes) == (first.seq, [])
    assert (realm.root / "a.json").stat().st_ino == before


async def test_writing_what_somebody_else_already_wrote_is_logged_once(
    realm: Realm, files: FileStore, changes: ChangeLog
) -> None:
    fill(realm.root, {"a.json": "{}"})
    await files.write("a.json", b"{}")
    await files.scan()
    assert await logged(changes, realm) == [("a.json", "added")]


async def test_modules_are_logged_before_what_adopts_from_them(
    realm: Realm, files: FileStore, changes: ChangeLog
) -> None:
    await files.write_many([FileWrite("a.json", b"{}"), FileWrite("person.gts", b"")])
    assert await logged(changes, realm) == [("person.gts", "added"), ("a.json", "added")]


async def test_when_a_file_was_created_survives_its_updates(files: FileStore) -> None:
    await files.write("a.json", b"1")
    created_at = (await files.read("a.json")).created_at
    os.utime(files.root / "a.json", ns=(0, 9_000_000_000_000_000_000))
    await files.write("a.json", b"2")
    assert (await files.read("a.json")).created_at == created_at


async def test_a_file_keeps_its_mode(realm: Realm, files: FileStore) -> None:
    fill(realm.root, {"run.sh": "1"})
    (realm.root / "run.sh").chmod(0o750)
    await files.write("run.sh", b"2")
    assert stat.S_IMODE((realm.root / "run.sh").stat().st_mode) == 0o750


BAD_BATCHES = [
    ([FileWrite("../out.json", b"")], BadRequest),
    ([FileWrite("new.json", b"1"), FileWrite("new.json", b"2")], BadRequest),
    ([FileWrite(".env", b"")], Forbidden),
    ([FileWrite("none.json", None)], NotFound),
    ([FileWrite("none.json", b"", must_be="present")], NotFound),
    ([FileWrite("old.json", b"", must_be="absent")], Conflict),
    ([FileWrite("old.json", b"", if_hash="another")], PreconditionFailed),
    ([FileWrite("none.json", b"", if_hash="some")], PreconditionFailed),
    ([FileWrite("folder", b"")], Conflict),
    ([FileWrite("old.json/below.json", b"")], Conflict),
    ([FileWrite("deep", b""), FileWrite("deep/below.json", b"")], Conflict),
    ([FileWrite("large.json", b"x" * 101)], TooLarge),
    ([FileWrite("large.gts", b"x" * 201)], TooLarge),
]


@pytest.mark.parametrize(("bad", "error"), BAD_BATCHES)
async def test_a_batch_with_one_bad_write_changes_nothing(
    realm: Realm,
    db: Database,
    changes: ChangeLog,
    bad: list[FileWrite],
    error: type[Exception],
) -> None:
    fill(realm.root, {"old.json": "old", "folder/file.txt": ""})
    files = FileStore(realm, db, changes, limits=Limits(card=100, file=200))
    before = contents(realm.root)
    with pytest.raises(error):
        await files.write_many([FileWrite("first.json", b"{}"), *bad])
    assert contents(realm.root) == before
    assert await logged(changes, realm) == []


async def test_a_read_only_realm_is_not_written(
    tmp_path: Path, db: Database, changes: ChangeLog
) -> None:
    files = FileStore(realm_in(tmp_path / "base", name="base", is_writable=False), db, changes)
    with pytest.raises(Forbidden, match="read-only"):
        await files.write("a.json", b"")


async def test_what_the_disk_refuses_halfway_is_undone(
    realm: Realm, files: FileStore, changes: ChangeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await files.write_many([FileWrite("a.json", b"old a"), FileWrite("b.json", b"old b")])
    replace = Path.replace

    def fill_up(self: Path, target: Path) -> Path:
        if target.name == "c.json":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fill_up)
    with pytest.raises(TryLater, match="disk is full"):
        await files.write_many(
            [
                FileWrite("a.json", b"new a"),
                FileWrite("b.json", None),
                FileWrite("new/c.json", b"new c"),
            ]
        )
    assert contents(realm.root) == {"a.json": "old a", "b.json": "old b"}
    assert not (realm.root / "new").exists()
    assert await changes.last_seq(realm.url) == 2


async def test_what_the_database_refuses_is_undone(
    realm: Realm, files: FileStore, db: Database
) -> None:
    async def refuse(tx: Transaction, realm: Realm, changes: Sequence[NewChange]) -> None:
        await tx.execute("insert into no_such_table values (1)")

    await files.write("a.json", b"old")
    files.join_transactions(refuse)
    with pytest.raises(Exception, match="statement"):
        await files.write_many([FileWrite("a.json", b"new"), FileWrite("b.json", b"new")])
    assert contents(realm.root) == {"a.json": "old"}
    assert await db.read("select * from write_journal") == []


async def test_what_was_undone_once_is_not_undone_again(
    realm: Realm, files: FileStore, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(tx: Transaction, realm: Realm, changes: Sequence[NewChange]) -> None:
        await tx.execute("insert into no_such_table values (1)")

    async def fail(self: FileRecords, journal: str) -> None:
        raise TryLater("The database cannot be reached.")

    await files.write("a.json", b"old")
    files.join_transactions(refuse)
    with monkeypatch.context() as broken:
        broken.setattr(FileRecords, "close_journal", fail)
        with pytest.raises(OurBug, match="statement"):
            await files.write_many([FileWrite("a.json", b"new"), FileWrite("b.json", b"new")])
    assert contents(realm.root) == {"a.json": "old"}
    fill(realm.root, {"b.json": "somebody's"})

    await FileStore(realm, db, ChangeLog(db)).scan()

    assert contents(realm.root) == {"a.json": "old", "b.json": "somebody's"}
    assert await db.read("select * from write_journal") == []


async def test_other_stations_write_in_the_same_transaction(
    realm: Realm, files: FileStore, db: Database
) -> None:
    async def bury(tx: Transaction, realm: Realm, changes: Sequence[NewChange]) -> None:
        for change in changes:
            await tx.execute(
                "insert into module_transpile_cache (realm_url, canonical_path, created_at)"
                " values ($1, $2, 0)",
                (realm.url, change.path),
            )

    files.join_transactions(bury)
    await files.write("person.gts", b"")
    fill(realm.root, {"pet.gts": ""})
    await files.scan()
    buried = await db.read("select canonical_path from module_transpile_cache order by 1")
    assert buried == [("person.gts",), ("pet.gts",)]


async def test_a_caller_who_hangs_up_leaves_no_half_written_batch(
    realm: Realm, files: FileStore, changes: ChangeLog
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def pause(tx: Transaction, realm: Realm, changes: Sequence[NewChange]) -> None:
        reached.set()
        await go_on.wait()

    files.join_transactions(pause)
    writing = asyncio.create_task(
        files.write_many([FileWrite("a.json", b"a"), FileWrite("b.json", b"b")])
    )
    await reached.wait()
    writing.cancel()
    go_on.set()
    with contextlib.suppress(asyncio.CancelledError):
        await writing

    assert writing.cancelled()
    assert contents(realm.root) == {"a.json": "a", "b.json": "b"}
    assert await changes.last_seq(realm.url) == 2


async def test_read_merge_write_is_not_interleaved(files: FileStore) -> None:
    await files.write("count.json", b"0")

    async def increase() -> None:
        async with files.editing() as edit:
            count = int((await edit.read("count.json")).text())
            await edit.write_many([FileWrite("count.json", str(count + 1).encode())])

    await asyncio.gather(*(increase() for _ in range(10)))
    assert (await files.read("count.json")).text() == "10"


async def test_a_reader_never_sees_half_a_file(realm: Realm, files: FileStore) -> None:
    versions = {letter * 100_000 for letter in "abc"}
    await files.write("big.txt", b"a" * 100_000)
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            assert (await files.read("big.txt")).text() in versions

    async def write() -> None:
        for letter in "bcabcabca":
            await files.write("big.txt", letter.encode() * 100_000)
        done.set()

    await asyncio.gather(read(), write())
