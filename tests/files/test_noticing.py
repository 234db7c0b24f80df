"""Scans and the watcher: what others wrote reaches the log, what we wrote does not twice."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from watchfiles._rust_notify import RustNotify

from realmkit.changes import Change, ChangeLog
from realmkit.config import Realm
from realmkit.db import Database
from realmkit.errors import TryLater
from realmkit.files import FileStore, FileWatcher, disk

from ..support.realms import fill

pytestmark = pytest.mark.anyio

Logged = list[tuple[str, str]]


async def scanned(files: FileStore) -> Logged:
    return [(each.path, each.operation) for each in (await files.scan()).changes]


async def test_the_first_scan_logs_every_file_modules_first(realm: Realm, files: FileStore) -> None:
    fill(realm.root, {"a.json": "{}", "z.gts": "", "b/c.txt": "", "node_modules/x.js": ""})
    assert await scanned(files) == [("z.gts", "added"), ("a.json", "added"), ("b/c.txt", "added")]
    assert await scanned(files) == []


async def test_a_file_whose_path_is_too_long_for_a_url_is_not_seen(
    realm: Realm, files: FileStore
) -> None:
    just_fits = "/".join(["é" * 16] * 10)
    fill(realm.root, {f"{just_fits}/a": "", f"{just_fits}/{'n' * 60}.json": "", "b.json": ""})

    assert await scanned(files) == [("b.json", "added"), (f"{just_fits}/a", "added")]
    assert [found.path for found in await files.walk()] == ["b.json", f"{just_fits}/a"]
    assert (await files.rescan([f"{just_fits}/{'n' * 60}.json"])).changes == []


async def test_a_scan_finds_what_happened_while_nobody_looked(
    realm: Realm, files: FileStore
) -> None:
    fill(realm.root, {"gone.json": "", "edited.json": "1", "same.json": ""})
    await files.scan()
    (realm.root / "gone.json").unlink()
    fill(realm.root, {"edited.json": "2", "new.json": ""})
    assert await scanned(files) == [
        ("edited.json", "updated"),
        ("gone.json", "removed"),
        ("new.json", "added"),
    ]


async def test_an_edit_of_the_same_size_within_one_tick_is_found(
    realm: Realm, files: FileStore
) -> None:
    fill(realm.root, {"a.json": "1"})
    times = (realm.root / "a.json").stat()
    await files.scan()
    (realm.root / "a.json").write_text("2")
    os.utime(realm.root / "a.json", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert await scanned(files) == [("a.json", "updated")]


async def test_a_file_that_was_only_touched_is_no_change(realm: Realm, files: FileStore) -> None:
    fill(realm.root, {"a.json": "1"})
    await files.scan()
    os.utime(realm.root / "a.json")
    assert await scanned(files) == []


async def test_an_unchanged_realm_is_scanned_without_reading_it(
    realm: Realm, files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(realm.root, {"a.json": "1", "b.gts": ""})
    for name in ("a.json", "b.gts"):
        os.utime(realm.root / name, ns=(0, 1_700_000_000_000_000_000))
    await files.scan()
    looked: list[str] = []
    monkeypatch.setattr(disk, "look", lambda path, real: looked.append(path))
    assert await scanned(files) == []
    assert looked == []


async def test_a_folder_that_is_gone_altogether_is_not_forgotten(
    realm: Realm, files: FileStore
) -> None:
    fill(realm.root, {"a.json": "1"})
    await files.scan()
    realm.root.rename(realm.root.with_name("unmounted"))
    with pytest.raises(TryLater, match="not there"):
        await files.scan()
    realm.root.with_name("unmounted").rename(realm.root)
    assert await scanned(files) == []


async def test_a_removed_folder_is_all_that_was_below_it(realm: Realm, files: FileStore) -> None:
    fill(realm.root, {"a/x.json": "", "a/b/y.json": "", "a.json": "", "a0/z.json": ""})
    await files.scan()
    shutil.rmtree(realm.root / "a")
    result = await files.rescan(["a"])
    assert [each.path for each in result.changes] == ["a/b/y.json", "a/x.json"]


async def test_what_is_noticed_is_logged_with_the_files_shape_in_one_transaction(
    realm: Realm, files: FileStore, db: Database
) -> None:
    fill(realm.root, {"a.json": "12345"})
    await files.scan()
    rows = await db.read("select file_path, content_hash, content_size from realm_file_meta")
    assert rows == [("a.json", disk.hash_of(b"12345"), 5)]


class Log:
    """Reads the log as a follower does."""

    def __init__(self, realm: Realm, changes: ChangeLog) -> None:
        self._realm, self._changes, self._seq = realm, changes, 0

    async def next(self, count: int = 1) -> Logged:
        found: list[Change] = []
        async with asyncio.timeout(10):
            while len(found) < count:
                await self._changes.wait_for(self._realm.url, self._seq)
                found += await self._changes.since(self._realm.url, self._seq)
                self._seq = found[-1].seq
        return sorted((each.path, each.operation) for each in found)


@pytest.fixture
async def log(realm: Realm, files: FileStore, changes: ChangeLog) -> AsyncIterator[Log]:
    """A log that a running watcher writes to."""
    watcher = FileWatcher(files)
    await watcher.start()
    yield Log(realm, changes)
    await watcher.stop()


async def test_a_saved_file_reaches_the_log(realm: Realm, log: Log) -> None:
    fill(realm.root, {"a.json": "1"})
    assert await log.next() == [("a.json", "added")]
    fill(realm.root, {"a.json": "22"})
    assert await log.next() == [("a.json", "updated")]
    (realm.root / "a.json").unlink()
    assert await log.next() == [("a.json", "removed")]


async def test_a_save_by_renaming_is_one_update(realm: Realm, log: Log) -> None:
    fill(realm.root, {"a.json": "1"})
    await log.next()
    fill(realm.root, {".a.json.tmp": "2"})
    (realm.root / ".a.json.tmp").rename(realm.root / "a.json")
    fill(realm.root, {"last.json": ""})
    assert await log.next(2) == [("a.json", "updated"), ("last.json", "added")]


async def test_files_in_folders_made_with_them_are_found(realm: Realm, log: Log) -> None:
    fill(realm.root, {"x/y/z/deep.json": "1"})
    assert await log.next() == [("x/y/z/deep.json", "added")]


async def test_a_moved_folder_is_removed_and_added(realm: Realm, log: Log) -> None:
    fill(realm.root, {"here/a.json": "1", "here/b/c.json": "2"})
    await log.next(2)
    (realm.root / "here").rename(realm.root / "there")
    assert await log.next(4) == [
        ("here/a.json", "removed"),
        ("here/b/c.json", "removed"),
        ("there/a.json", "added"),
        ("there/b/c.json", "added"),
    ]


async def test_our_own_writes_are_logged_once(realm: Realm, files: FileStore, log: Log) -> None:
    await files.write("a.json", b"1")
    await files.write("b/c.json", b"2")
    fill(realm.root, {"last.json": ""})
    assert await log.next(3) == [("a.json", "added"), ("b/c.json", "added"), ("last.json", "added")]


async def test_a_burst_is_heard_completely(realm: Realm, log: Log) -> None:
    fill(realm.root, {f"{folder}/{n}.json": "1" for folder in "abc" for n in range(500)})
    assert len(await log.next(1_500)) == 1_500


async def test_an_edited_gitignore_is_obeyed(realm: Realm, log: Log) -> None:
    fill(realm.root, {"x.log": "1"})
    await log.next()
    fill(realm.root, {".gitignore": "*.log"})
    assert await log.next(2) == [(".gitignore", "added"), ("x.log", "removed")]


async def test_watching_goes_on_after_the_database_was_unavailable(
    realm: Realm, files: FileStore, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realmkit.files.watcher.RETRY_S", 0)
    failed = asyncio.Event()
    rescan = files.rescan

    async def fail(paths: object) -> None:
        failed.set()
        monkeypatch.setattr(files, "rescan", rescan)
        raise TryLater("The database is busy.")

    monkeypatch.setattr(files, "rescan", fail)
    fill(realm.root, {"a.json": "1"})
    await failed.wait()
    assert await log.next() == [("a.json", "added")]


async def test_a_fault_of_ours_does_not_end_the_watching(
    realm: Realm,
    files: FileStore,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("realmkit.files.watcher.RETRY_S", 0)
    rescan = files.rescan

    async def fail(paths: object) -> None:
        monkeypatch.setattr(files, "rescan", rescan)
        raise KeyError("a.json")

    # The scan it begins with is over, so that the next look is a rescan.
    fill(realm.root, {"first.json": "1"})
    await log.next()
    monkeypatch.setattr(files, "rescan", fail)
    for name in ("a.json", "b.json"):
        fill(realm.root, {name: "1"})
        assert await log.next() == [(name, "added")]
    assert "KeyError: 'a.json'" in caplog.text


async def test_without_watches_to_be_had_the_folder_is_polled(
    realm: Realm, files: FileStore, changes: ChangeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def notify(roots: list[str], debug: bool, by_polling: bool, *rest: Any) -> RustNotify:
        if not by_polling:
            raise OSError("OS file watch limit reached.")
        return RustNotify(roots, debug, by_polling, *rest)

    monkeypatch.setattr("realmkit.files.watcher.RustNotify", notify)
    watcher = FileWatcher(files)
    await watcher.start()
    log = Log(realm, changes)
    for name in ("a.json", "b.json"):
        fill(realm.root, {name: "1"})
        assert await log.next() == [(name, "added")]
    await watcher.stop()


async def test_what_changed_just_before_the_watching_began_is_found(
    realm: Realm, files: FileStore, changes: ChangeLog
) -> None:
    await files.scan()
    fill(realm.root, {"a.json": "1"})
    watcher = FileWatcher(files)
    await watcher.start()
    assert await Log(realm, changes).next() == [("a.json", "added")]
    await watcher.stop()


async def test_a_watcher_stops_at_once(files: FileStore) -> None:
    watcher = FileWatcher(files)
    await watcher.start()
    async with asyncio.timeout(2):
        await watcher.stop()
