"""What is not part of a realm."""

from pathlib import Path
from typing import Any

import pytest

from realmkit.files import FileStore
from realmkit.files.ignore import IgnoreRules

from ..support.realms import fill


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        "a/.hidden/b.json",
        "node_modules/x/index.js",
        "a/node_modules",
        "person.json~",
        ".person.json.swp",
        "#person.json#",
        "4913",
        "x.tmp",
        "a.json___jb_tmp___",
        ".realmkit-new-0123",
    ],
)
def test_never_part_of_a_realm(tmp_path: Path, path: str) -> None:
    assert IgnoreRules(tmp_path).is_ignored(path)


@pytest.mark.parametrize("path", [".gitignore", ".realm.json", "a/b.json", "tmp", "x.tmpl.gts"])
def test_ordinary_files(tmp_path: Path, path: str) -> None:
    assert not IgnoreRules(tmp_path).is_ignored(path)


def test_gitignore_files_at_any_depth(tmp_path: Path) -> None:
    fill(
        tmp_path,
        {".gitignore": "*.log\n/build/\n!keep.log\n", "docs/.gitignore": "draft-*\n!x.log\n"},
    )
    rules = IgnoreRules(tmp_path)
    ignored = ["x.log", "a/x.log", "build/out.js", "docs/draft-1.md", "docs/a/draft-2.md"]
    kept = ["keep.log", "a/build/out.js", "docs/x.log", "draft-1.md", "docs/final.md"]
    assert [path for path in ignored + kept if rules.is_ignored(path)] == ignored


def test_a_line_that_is_no_pattern_spoils_only_itself(tmp_path: Path) -> None:
    fill(tmp_path, {".gitignore": "!\n*.log\n"})
    assert IgnoreRules(tmp_path).is_ignored("x.log")


def test_rules_are_read_again_when_told_to(tmp_path: Path) -> None:
    rules = IgnoreRules(tmp_path)
    assert not rules.is_ignored("x.log")
    fill(tmp_path, {".gitignore": "*.log"})
    rules.reload()
    assert rules.is_ignored("x.log")


def test_what_was_read_before_a_reload_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, {".gitignore": "*.log"})
    rules = IgnoreRules(tmp_path)
    read = rules._read

    def read_slowly(folder: str) -> object:
        found = read(folder)
        # Another thread's read is under way while the file is edited.
        monkeypatch.setattr(rules, "_read", read)
        fill(tmp_path, {".gitignore": "*.txt"})
        rules.reload()
        return found

    monkeypatch.setattr(rules, "_read", read_slowly)
    assert rules.is_ignored("x.log")
    assert not rules.is_ignored("x.log")
    assert rules.is_ignored("x.txt")


def test_a_reload_takes_nothing_from_whoever_is_reading(tmp_path: Path) -> None:
    fill(tmp_path, {".gitignore": "*.log"})
    rules = IgnoreRules(tmp_path)

    class ReloadedWhenFound(dict[str, Any]):
        """What is remembered, while another thread reloads between a look and the next."""

        def __contains__(self, folder: object) -> bool:
            is_found = super().__contains__(folder)
            rules.reload()
            return is_found

    rules.is_ignored("x.log")
    rules._specs = ReloadedWhenFound(rules._specs)
    assert rules.is_ignored("x.log")


def test_nothing_brings_back_a_file_of_an_ignored_folder(tmp_path: Path) -> None:
    fill(tmp_path, {".gitignore": "build\n!keep.log\n", "build/.gitignore": "!*\n"})
    rules = IgnoreRules(tmp_path)
    paths = ["build/keep.log", "build/a/x.md", "built/keep.log", "build"]
    assert [rules.is_ignored(path) for path in paths] == [True, True, False, True]


def test_nothing_is_remembered_of_folders_that_are_not_there(tmp_path: Path) -> None:
    fill(tmp_path, {"here/a.json": ""})
    rules = IgnoreRules(tmp_path)
    for number in range(10):
        assert not rules.is_ignored(f"here/{number}/gone/a.json")
        assert not rules.is_ignored(f"here/a.json/{number}")
        assert not rules.is_ignored(f"{number}/a/b", is_folder=True)
    assert set(rules._specs) == {"", "here/"}


@pytest.mark.parametrize("is_there", [True, False])
def test_each_folder_above_a_path_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    fill(tmp_path, {".gitignore": "*.log\n!keep.log\n"})
    folder = "/".join(["a"] * 500)
    if is_there:
        fill(tmp_path, {f"{folder}/a.json": ""})
    looked: list[str] = []
    look = IgnoreRules._spec

    def looking(rules: IgnoreRules, folder: str) -> object:
        looked.append(folder)
        return look(rules, folder)

    monkeypatch.setattr(IgnoreRules, "_spec", looking)
    rules = IgnoreRules(tmp_path)
    for name, is_ignored in (("a.json", False), ("x.log", True), ("keep.log", False)):
        looked.clear()
        assert rules.is_ignored(f"{folder}/{name}") == is_ignored
        # The root, and either all that is there or the first that is not.
        assert len(looked) == len(set(looked)) == (501 if is_there else 2)


@pytest.mark.anyio
async def test_writing_gitignore_takes_files_out_and_brings_them_back(files: FileStore) -> None:
    await files.write("x.log", b"")
    taken = await files.write(".gitignore", b"*.log")
    assert [(each.path, each.operation) for each in taken.changes] == [
        (".gitignore", "added"),
        ("x.log", "removed"),
    ]
    brought = await files.delete(".gitignore")
    assert [(each.path, each.operation) for each in brought.changes] == [
        (".gitignore", "removed"),
        ("x.log", "added"),
    ]
