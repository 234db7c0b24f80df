"""Reading, listing and finding files, and refusing what is none of the realm's."""

import errno
import os
from pathlib import Path

import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Realm, SetupError
from realmkit.db import Database
from realmkit.errors import BadRequest, Forbidden, NotFound, NotText, TooLarge
from realmkit.files import FileStore, disk

from ..support.realms import fill

pytestmark = pytest.mark.anyio


async def test_a_file_comes_with_its_hash_and_times(realm: Realm, files: FileStore) -> None:
    fill(realm.root, {"a/person.json": "{}"})
    os.utime(realm.root / "a/person.json", ns=(0, 1_700_000_000_500_000_000))

    found = await files.read("a/person.json")

    assert (found.content, found.text(), found.size) == (b"{}", "{}", 2)
    assert (found.modified_at, found.created_at) == (1_700_000_000, 1_700_000_000)
    assert found.content_hash == disk.hash_of(b"{}")


@pytest.mark.parametrize(
    "path",
    ["../secret", "a/../../secret", "/etc/passwd", "a//b", "./a", "a/", "", "a\0b", "\ud800"],
)
async def test_a_path_that_is_none_is_refused(files: FileStore, path: str) -> None:
    for asked in (files.read, files.stat, files.resolve, files.delete):
        with pytest.raises(BadRequest):
            await asked(path)
    with pytest.raises(BadRequest):
        await files.write(path, b"")


async def test_a_name_longer_than_a_file_system_takes_is_refused(files: FileStore) -> None:
    with pytest.raises(BadRequest, match="longer"):
        await files.write("n" * 256, b"")


async def test_a_link_out_of_the_realm_is_refused(realm: Realm, files: FileStore) -> None:
    outside = realm.root.parent / "secret.txt"
    outside.write_text("secret")
    (realm.root / "inside.txt").symlink_to(outside)
    (realm.root / "folder").symlink_to(realm.root.parent)

    for path in ("inside.txt", "folder/secret.txt"):
        with pytest.raises(Forbidden, match="out of the realm"):
            await files.read(path)
        with pytest.raises(Forbidden):
            await files.write(path, b"overwritten")
    assert outside.read_text() == "secret"
    assert await files.walk() == []


async def test_a_link_within_the_realm_is_followed(realm: Realm, files: FileStore) -> None:
    fill(realm.root, {"real.txt": "text"})
    (realm.root / "linked.txt").symlink_to(realm.root / "real.txt")
    assert (await files.read("linked.txt")).text() == "text"


@pytest.mark.parametrize("path", ["none.txt", "folder", "file.txt/below"])
async def test_what_is_no_file_is_not_found(realm: Realm, files: FileStore, path: str) -> None:
    fill(realm.root, {"folder/file.txt": "", "file.txt": ""})
    with pytest.raises(NotFound, match=path):
        await files.read(path)
    assert await files.stat(path) is None


async def test_a_named_pipe_is_not_waited_for(realm: Realm, files: FileStore) -> None:
    os.mkfifo(realm.root / "pipe")
    with pytest.raises(NotFound):
        await files.read("pipe")


async def test_an_unreadable_file_is_refused_without_naming_the_machine(
    realm: Realm, files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, flags: int) -> int:
        # What `open` does to anybody but root, as whom tests may be run.
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    fill(realm.root, {"locked.txt": ""})
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Forbidden, match="may not touch `locked") as refused:
        await files.read("locked.txt")
    assert str(realm.root) not in refused.value.detail


async def test_bytes_that_are_no_text_can_be_read_but_not_as_text(
    realm: Realm, files: FileStore
) -> None:
    fill(realm.root, {"notes.json": b'{"a": "\xff"}'})
    found = await files.read("notes.json")
    assert found.size == 10
    with pytest.raises(NotText, match=r"`notes.json` .* byte 0xff at offset 7"):
        found.text()


async def test_a_file_that_vanishes_between_look_and_read_is_not_found(
    realm: Realm, files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(realm.root, {"fleeting.txt": ""})
    opened = os.open

    def vanish(path: str | Path, flags: int) -> int:
        Path(path).unlink()
        return opened(path, flags)

    monkeypatch.setattr(os, "open", vanish)
    with pytest.raises(NotFound):
        await files.read("fleeting.txt")


async def test_a_file_too_large_for_memory_is_refused(
    realm: Realm, files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "READ_LIMIT", 3)
    fill(realm.root, {"large.bin": "1234"})
    with pytest.raises(TooLarge, match="4 bytes"):
        await files.read("large.bin")


async def test_a_path_without_extension_finds_the_first_that_fits(
    realm: Realm, files: FileStore
) -> None:
    fill(realm.root, {"both.gts": "", "both.ts": "", "card.json": "{}", "dotted.name.gts": ""})
    assert await files.resolve("both") == "both.ts"
    assert await files.resolve("both.gts") == "both.gts"
    assert await files.resolve("card") == "card.json"
    assert await files.resolve("dotted.name") == "dotted.name.gts"
    assert await files.resolve("none") is None


async def test_a_folder_is_listed_with_what_is_the_realms(realm: Realm, files: FileStore) -> None:
    fill(
        realm.root,
        {"b.txt": "", "a/x.json": "{}", ".git/config": "", ".gitignore": "*.log", "x.log": ""},
    )
    listed = await files.list("")
    assert [(child.name, child.is_folder) for child in listed] == [
        (".gitignore", False),
        ("a/", True),
        ("b.txt", False),
    ]
    assert [child.name for child in await files.list("a/")] == ["x.json"]
    with pytest.raises(NotFound):
        await files.list("none/")
    with pytest.raises(NotFound):
        await files.list(".git/")


async def test_names_of_every_language_are_names(realm: Realm, files: FileStore) -> None:
    name = "Ülke/日本 🗾 100%.json"
    await files.write(name, b"{}")
    assert [file.path for file in await files.walk()] == [name]
    assert realm.path_of(realm.url_of(name)) == name


async def test_a_realm_whose_folder_is_missing_is_one_readable_line(
    db: Database, changes: ChangeLog, tmp_path: Path
) -> None:
    realm = Realm("http://127.0.0.1:4201/none/", tmp_path / "none", "none")
    with pytest.raises(SetupError, match="does not exist"):
        FileStore(realm, db, changes)
