"""A realm's folder, and files of every kind to put in it."""

from collections.abc import AsyncIterator

import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.db import open_database
from realmkit.extraction import FileExtractor, FileFacts
from realmkit.files import FileStore

from ..support.loops import BACKEND
from ..support.realms import fill


class Folder:
    """Writes files as anybody does, and tells what is known of them."""

    def __init__(self, store: FileStore, extractor: FileExtractor) -> None:
        self.store = store
        self.extractor = extractor

    async def facts(self, path: str, content: str | bytes | None = None) -> FileFacts:
        if content is not None:
            fill(self.store.root, {path: content})
        return await self.extractor.facts(self.store, path)


@pytest.fixture(scope="module")
async def extractor() -> AsyncIterator[FileExtractor]:
    """One worker for a whole file of tests: none of them may spoil it for the next."""
    extractor = FileExtractor()
    yield extractor
    await extractor.stop()


@pytest.fixture(scope="module")
def anyio_backend() -> object:
    return BACKEND


@pytest.fixture
async def folder(realm: Realm, extractor: FileExtractor) -> AsyncIterator[Folder]:
    db = await open_database(f"sqlite://{realm.root}.db")
    yield Folder(FileStore(realm, db, ChangeLog(db)), extractor)
    await db.close()
