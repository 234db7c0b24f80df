"""Realm addresses, and finding what the machine offers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realmkit.config import (
    Realm,
    Settings,
    SetupError,
    find_chromium,
    find_node,
)

ATLAS = Realm("http://127.0.0.1:4201/atlas/", Path("/folder"), "atlas")


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("Country/fr.json", "Country/fr.json"),
        ("a b.json", "a%20b.json"),
        ("Ülke.json", "%C3%9Clke.json"),
        ("50%.json", "50%25.json"),
        ("what?#.json", "what%3F%23.json"),
        ("it's (1), @home!.json", "it's%20(1),%20@home!.json"),
    ],
)
def test_paths_are_spelt_as_browsers_spell_them(path: str, url: str) -> None:
    assert ATLAS.url_of(path) == ATLAS.url + url


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_path_survives_its_url(path: str) -> None:
    assert ATLAS.path_of(ATLAS.url_of(path)) == path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (ATLAS.url, ""),
        ("http://127.0.0.1:4201/atlas", ""),
        (f"{ATLAS.url}person?v=1#x", "person"),
        ("http://127.0.0.1:4201/atlases/x", None),
        ("http://elsewhere/atlas/x", None),
    ],
)
def test_which_urls_lie_in_a_realm(url: str, path: str | None) -> None:
    assert ATLAS.path_of(url) == path


def test_the_database_lies_in_the_state_folder_unless_named(tmp_path: Path) -> None:
    assert Settings(state_dir=tmp_path).database == f"sqlite://{tmp_path}/realmkit.db"
    assert Settings(database_url="sqlite:///x.db").database == "sqlite:///x.db"


@pytest.mark.parametrize(
    ("variable", "find"), [("REALMKIT_NODE", find_node), ("REALMKIT_CHROMIUM", find_chromium)]
)
def test_a_named_program_that_is_not_there_is_one_readable_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, find: object
) -> None:
    monkeypatch.setenv(variable, "/nowhere/at/all")
    with pytest.raises(SetupError, match=f"{variable} names /nowhere/at/all"):
        assert callable(find) and find()


def test_an_old_node_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.0.0\n")
    old.chmod(0o755)
    monkeypatch.setenv("REALMKIT_NODE", str(old))
    with pytest.raises(SetupError, match="not Node 20"):
        find_node()
    old.write_text("#!/bin/sh\necho v20.19.0\n")
    assert find_node() == old


def test_no_chromium_to_be_had_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("REALMKIT_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("realmkit.config._CHECKOUT", tmp_path)
    with pytest.raises(SetupError, match="install chromium-headless-shell"):
        find_chromium()
