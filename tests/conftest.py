"""What every test may ask for."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from realmkit.changes import ChangeLog
from realmkit.config import Realm, find_node
from realmkit.db import Database, open_database
from realmkit.files import FileStore
from realmkit.index import IndexStore

from .support.loops import BACKEND
from .support.postgres import PostgresServer, running_postgres
from .support.realms import realm_in

# Who ends a run from outside ends what it started too: its PostgreSQL, servers and browsers.
signal.signal(signal.SIGTERM, signal.default_int_handler)

# A busy machine generates slowly; that says nothing about the code under test.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# Playwright's own Node needs a library that a bare Debian does not have; ours runs there.
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(find_node()))


@pytest.fixture
def anyio_backend() -> object:
    """Async tests run on the loop that the server runs on."""
    return BACKEND


@pytest.fixture
def realm(tmp_path: Path) -> Realm:
    """An empty, writable realm."""
    return realm_in(tmp_path / "atlas")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of the session's own."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Where an empty database is; a test that asks runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path / 'state' / 'realmkit.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = await server.new_database()
    yield url
    server.drop(url)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A migrated database."""
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def peer(database_url: str, db: Database) -> AsyncIterator[Database]:
    """The database as another process has it. On SQLite there is only one process."""
    if db.dialect == "sqlite":
        yield db
        return
    database = await open_database(database_url)
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
