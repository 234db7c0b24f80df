"""Files in memory: read once, and never older than what a `stat` tells."""

import asyncio
import os
from pathlib import Path

import pytest

from realmkit.errors import NotFound
from realmkit.files import FileStore, StoredFile
from realmkit.http import kept_files
from realmkit.http.kept_files import KeptFiles

pytestmark = pytest.mark.anyio

LONG_AGO_S = 1_700_000_000


class Desk:
    """A store's files through memory. `reads` counts the times that the disk was read, and
    `gate` holds each of them before it begins."""

    def __init__(self, files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept = KeptFiles()
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_gate = asyncio.Event()
        self._files = files
        read = FileStore.read

        async def counted(files: FileStore, path: str) -> StoredFile:
            self.reads += 1
            self.at_gate.set()
            await self.gate.wait()
            return await read(files, path)

        monkeypatch.setattr(FileStore, "read", counted)

    def put(self, text: str, *, at_s: int = LONG_AGO_S) -> Path:
        file = self._files.root / "a.txt"
        # A new file in its place, as editors do it.
        new = self._files.root / "a.new"
        new.write_text(text)
        os.utime(new, (at_s, at_s))
        return new.replace(file)

    async def text(self) -> str:
        return (await self.kept.read(self._files, "a.txt")).text()


@pytest.fixture
def desk(files: FileStore, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(files, monkeypatch)


async def test_a_file_is_read_once(desk: Desk) -> None:
    desk.put("one")

    assert [await desk.text() for _ in range(3)] == ["one"] * 3
    assert desk.reads == 1


async def test_all_who_ask_at_once_share_one_reading(desk: Desk) -> None:
    desk.put("one")
    desk.gate.clear()
    readers = [asyncio.create_task(desk.text()) for _ in range(10)]
    await desk.at_gate.wait()
    desk.gate.set()

    assert await asyncio.gather(*readers) == ["one"] * 10
    assert desk.reads == 1


async def test_an_edit_that_nobody_told_of_is_seen(desk: Desk) -> None:
    desk.put("one")
    await desk.text()
    desk.put("two")

    assert await desk.text() == "two"


async def test_a_file_that_has_gone_is_gone(desk: Desk) -> None:
    file = desk.put("one")
    await desk.text()
    file.unlink()

    with pytest.raises(NotFound):
        await desk.text()


async def test_a_file_that_is_replaced_while_it_is_read_is_not_taken_for_the_one_before(
    desk: Desk,
) -> None:
    # reader: looks at one, and is about to read it
    # editor: puts two in its place
    # reader: reads two; what it saw before was another file
    desk.put("one")
    desk.gate.clear()
    reader = asyncio.create_task(desk.text())
    await desk.at_gate.wait()
    desk.put("two", at_s=LONG_AGO_S + 1)
    desk.gate.set()

    assert await reader == "two"
    desk.put("one")
    assert await desk.text() == "one"


async def test_what_was_read_before_a_change_was_told_of_is_not_kept(
    desk: Desk, files: FileStore
) -> None:
    desk.put("one")
    desk.gate.clear()
    reader = asyncio.create_task(desk.text())
    await desk.at_gate.wait()
    desk.kept.forget(files.realm.url, ["a.txt"])
    desk.gate.set()

    assert [await reader, await desk.text(), await desk.text()] == ["one"] * 3
    assert desk.reads == 2


async def test_who_asks_after_a_change_does_not_join_who_asked_before(
    desk: Desk, files: FileStore
) -> None:
    desk.put("one")
    desk.gate.clear()
    early = asyncio.create_task(desk.text())
    await desk.at_gate.wait()
    desk.kept.forget_realm(files.realm.url)
    desk.at_gate.clear()
    late = asyncio.create_task(desk.text())
    await desk.at_gate.wait()
    desk.gate.set()

    assert [await early, await late] == ["one", "one"]
    assert desk.reads == 2


@pytest.mark.parametrize("what", ["young", "large"])
async def test_what_is_young_or_large_is_read_each_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    if what == "large":
        monkeypatch.setattr(kept_files, "LARGEST_BYTES", 2)
    desk.put("one", at_s=LONG_AGO_S if what == "large" else 4_000_000_000)

    assert [await desk.text(), await desk.text()] == ["one", "one"]
    assert desk.reads == 2
