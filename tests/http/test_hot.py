"""Which hot modules are kept, and which of them go first."""

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from realmkit.http.hot import Before, HotModules
from realmkit.modules import ServedModule
from realmkit.modules.files_then import identity_of
from realmkit.modules.served import javascript

pytestmark = pytest.mark.anyio


@pytest.fixture
def hot(tmp_path: Path) -> "Hot":
    return Hot(tmp_path)


class Hot:
    """Hot modules with room for three bodies of 10,000 bytes."""

    def __init__(self, folder: Path) -> None:
        self.modules = HotModules(50_000)
        self._file = folder / "module.ts"
        self._file.write_text("export {};")

    def put(self, path: str, size: int = 10_000, before: Before | None = None) -> None:
        before = before or self.modules.before("http://h/r/")
        self.modules.remember(Request(scope_of(path)), before, self._served(size), "identity")

    def has(self, path: str) -> bool:
        return self.modules.find(scope_of(path)) is not None

    def _served(self, size: int) -> ServedModule:
        file = str(self._file)
        rests_on = ((file, identity_of(file)),)
        return javascript(b" " * size, is_immutable=False, rests_on=rests_on)


def scope_of(path: str) -> dict[str, Any]:
    headers = [(b"host", b"h"), (b"accept-encoding", b"identity")]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    return {**scope, "query_string": b"", "headers": headers}


async def test_what_was_asked_for_longest_ago_goes_first(hot: Hot) -> None:
    for path in ("/a", "/b", "/c"):
        hot.put(path)
    assert hot.has("/a")
    hot.put("/d")

    assert [path for path in ("/a", "/b", "/c", "/d") if hot.has(path)] == ["/a", "/c", "/d"]


async def test_what_was_read_before_a_change_is_not_kept(hot: Hot) -> None:
    before = hot.modules.before("http://h/r/")
    hot.modules.forget()
    hot.put("/a", before=before)

    assert not hot.has("/a")


async def test_what_is_larger_than_there_is_room_drives_nothing_out(hot: Hot) -> None:
    hot.put("/a")
    hot.put("/large", 60_000)

    assert hot.has("/a")
    assert not hot.has("/large")
