"""Files compared with the disk: each kind of change is seen, whoever's folder is held open."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from realmkit.modules.files_then import FilesThen, identity_of

NAMES = ["a.ts", "b.ts", "c.ts", "absent.ts"]


def edit(folder: Path) -> None:
    (folder / "b.ts").write_text("another")


def replace(folder: Path) -> None:
    (folder / "new").write_text("b.ts")
    (folder / "new").replace(folder / "b.ts")


def remove(folder: Path) -> None:
    (folder / "c.ts").unlink()


def add(folder: Path) -> None:
    (folder / "absent.ts").write_text("")


def move_away(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def put_another_in_its_place(folder: Path) -> None:
    move_away(folder)
    folder.mkdir()
    for name in NAMES[:3]:
        os.link(folder.with_name("elsewhere") / name, folder / name)
    edit(folder)


def lead_its_link_elsewhere(folder: Path) -> None:
    other = folder.with_name("other")
    other.mkdir()
    move_away(folder)
    folder.symlink_to(other)


@pytest.mark.parametrize(
    "change",
    [edit, replace, remove, add, move_away, put_another_in_its_place, lead_its_link_elsewhere],
)
@pytest.mark.parametrize("is_quiet", [False, True], ids=["just written", "quiet for long"])
@pytest.mark.parametrize("count", [2, 4], ids=["apart", "in a folder held open"])
def test_every_change_is_seen(
    tmp_path: Path, count: int, is_quiet: bool, change: Callable[[Path], None]
):
    folder = tmp_path / "people"
    folder.mkdir()
    for name in NAMES[:3]:
        (folder / name).write_text(name)
    # The last two of them when there are two: the one that is absent, and one that is not.
    names = ["b.ts", "absent.ts"] if count == 2 else NAMES
    if change is remove:
        names = [name if name != "b.ts" else "c.ts" for name in names]
    files = FilesThen(
        tuple((str(folder / name), identity_of(str(folder / name))) for name in names)
    )
    if is_quiet:
        os.utime(folder, (1, 1))
    assert all(files.are_as_then() for _ in range(2))

    change(folder)
    assert not files.are_as_then()


def test_a_quiet_folder_is_not_asked_again_for_what_was_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []
    monkeypatch.setattr(os, "access", lambda file, *_, **__: asked.append(file))
    files = FilesThen(tuple((str(tmp_path / name), None) for name in NAMES))
    os.utime(tmp_path, (1, 1))
    for _ in range(3):
        assert files.are_as_then()
    assert asked == NAMES

    # A time that is not past yet cannot tell one change from the next.
    os.utime(tmp_path, (2**32, 2**32))
    for _ in range(2):
        assert files.are_as_then()
    assert asked == NAMES * 3


def test_folders_are_closed_when_nobody_holds_on_to_them(tmp_path: Path):
    for name in NAMES[:3]:
        (tmp_path / name).write_text(name)

    def held() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = held()
    paths = [str(tmp_path / name) for name in NAMES]
    several = [FilesThen(tuple((path, identity_of(path)) for path in paths)) for _ in range(5)]
    assert held() == before + 1
    del several
    assert held() == before
