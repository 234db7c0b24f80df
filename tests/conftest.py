"""What every test may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.db import Database, open_database
from realmkit.files import FileStore
from realmkit.index import IndexStore

from .support.realms import realm_in


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio: it is the only loop the server runs on."""
    return "asyncio"


@pytest.fixture
def realm(tmp_path: Path) -> Realm:
    """An empty, writable realm."""
    return realm_in(tmp_path / "atlas")


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite database in a file."""
    database = await open_database(tmp_path / "state" / "realmkit.db")
    yield database
    await database.close()


@pytest.fixture
def changes(db: Database) -> ChangeLog:
    return ChangeLog(db)


@pytest.fixture
def files(realm: Realm, db: Database, changes: ChangeLog) -> FileStore:
    return FileStore(realm, db, changes)


@pytest.fixture
def index(db: Database, changes: ChangeLog) -> IndexStore:
    return IndexStore(db, changes, public_url="http://127.0.0.1:4201")
