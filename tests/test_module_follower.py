"""Whoever follows the log for the module path goes on, whatever one change did to it."""

import asyncio
from collections.abc import Iterable
from typing import cast

import pytest

from realmkit.app import ModuleFollower
from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.files import FileStore
from realmkit.http.hot import HotModules
from realmkit.http.kept_files import KeptFiles
from realmkit.modules import ModuleService
from realmkit.search import DefinitionCache

pytestmark = pytest.mark.anyio


class Modules:
    """A module path that cannot take the first change it hears of."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[list[str]] = asyncio.Queue()

    def on_change(self, realm_url: str, paths: Iterable[str]) -> None:
        heard = list(paths)
        self.heard.put_nowait(heard)
        if heard == ["a.ts"]:
            raise ValueError("nobody thought of that")


class Definitions:
    def forget(self, realm_url: str, paths: Iterable[str]) -> None:
        assert list(paths) == []


async def test_a_change_that_cannot_be_taken_does_not_end_the_following(
    realm: Realm, files: FileStore, changes: ChangeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realmkit.app.FOLLOW_AGAIN_AFTER_S", 0)
    modules = Modules()
    follower = ModuleFollower(
        changes,
        cast("ModuleService", modules),
        cast("DefinitionCache", Definitions()),
        HotModules(),
        KeptFiles(),
    )
    await follower.start({realm: files})
    await files.write("a.ts", b"")
    async with asyncio.timeout(10):
        assert await modules.heard.get() == ["a.ts"]
        await files.write("b.ts", b"")
        assert await modules.heard.get() == ["b.ts"]
    await follower.stop()
