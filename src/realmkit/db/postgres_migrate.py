"""The first connection to a PostgreSQL: is it one that will do, and are its tables ours?"""

from __future__ import annotations

import asyncio
import logging

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.conninfo import conninfo_to_dict

from realmkit.clock import SystemClock
from realmkit.config import SetupError
from realmkit.db.database import Row
from realmkit.db.migrate import migrations, pending
from realmkit.db.statements import load_sql

logger = logging.getLogger(__name__)

OLDEST_SERVER = 150000
CONNECT_TIMEOUT_S = 10
STARTS_WITHIN_S = 60
# Any number that nobody else locks; migrations run in one process at a time.
MIGRATIONS_LOCK = 4_201_000_001
# How every refusal begins of a server that starts, recovers or stops (SQLSTATE 57P03, which
# libpq does not hand on). One that is set to another language is not waited for.
_NOT_YET = "the database system is "

Connection = AsyncConnection[Row]


async def migrate(url: str) -> None:
    """Bring the database's tables up to date. Processes that start together take turns.

    Raises `SetupError` for a server or a history that is not ours, `psycopg.Error` when
    the server cannot be reached.
    """
    where = place_of(url)
    async with await _first_connection(url, where) as connection:
        if connection.info.server_version < OLDEST_SERVER:
            raise SetupError(f"PostgreSQL at {where} is older than version 15.")
        if connection.info.parameter_status("server_encoding") != "UTF8":
            raise SetupError(f"The database at {where} is not encoded in UTF-8.")
        while await _migrate_once(connection, where):
            pass


async def _first_connection(url: str, where: str) -> Connection:
    """Connect, and wait for a server that is there and starts, as after a crash."""
    has_waited = False
    until = asyncio.get_running_loop().time() + STARTS_WITHIN_S
    while True:
        try:
            return await AsyncConnection.connect(
                url,
                autocommit=True,
                cursor_factory=AsyncRawCursor,
                # Behind a pooler each migration may run on another of its connections.
                prepare_threshold=None,
                connect_timeout=CONNECT_TIMEOUT_S,
            )
        except psycopg.OperationalError as exc:
            if _NOT_YET not in str(exc) or asyncio.get_running_loop().time() > until:
                raise
        if not has_waited:
            has_waited = True
            logger.warning("PostgreSQL at %s takes no connections yet; waiting for it", where)
        await asyncio.sleep(0.2)


async def _migrate_once(connection: Connection, where: str) -> bool:
    """Run the next migration, if there is one."""
    sql = load_sql(__package__ or "", "migrate.sql", "postgres")
    async with connection.transaction():
        await connection.execute(sql["take_turn"].encode(), [MIGRATIONS_LOCK])
        await connection.execute(sql["without_notices"].encode())
        await connection.execute(sql["history_table"].encode())
        cursor = await connection.execute(sql["history"].encode())
        applied = dict(await cursor.fetchall())
        waiting = pending(migrations("postgres"), applied, where=where)
        if not waiting:
            return False
        migration = waiting[0]
        await connection.execute(migration.sql.encode())
        await connection.execute(
            sql["remember"].encode(),
            [migration.version, migration.name, migration.checksum, SystemClock().now_ms()],
        )
        return True


def place_of(url: str) -> str:
    """Where a database is, for people: never its password. Raises `SetupError`."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as exc:
        raise SetupError("The database's URL cannot be read; use postgresql://host/name.") from exc
    host, port, name = (parts.get(key) for key in ("host", "port", "dbname"))
    return f"{host or 'localhost'}{f':{port}' if port else ''}/{name or ''}"
