"""PostgreSQL: a pool of connections for reads and transactions, through psycopg.

Reads run in autocommit, so each sees the last commit; transactions are read committed
and several may be open at once, each on a connection of its own. Rows that must be
changed one writer after another are locked by the statements that change them. A
transaction never takes so many connections that reads could wait for it: `WRITERS`
are fewer than the pool holds. Notifications and locks have a connection of their own.

Behind a pooler such as pgbouncer statements are not prepared, for the next one may run
on another of its connections.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.errors import ProgramLimitExceeded, QueryCanceled
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool

from realmkit.config import SetupError
from realmkit.db.completion import completed
from realmkit.db.database import Dialect, Params, Row, Statement
from realmkit.db.locks import Locks
from realmkit.db.notifier import Channel
from realmkit.db.postgres_migrate import CONNECT_TIMEOUT_S, migrate, place_of
from realmkit.db.postgres_notifier import NOTIFIER_SQL, PostgresNotifier
from realmkit.db.transactions import OpenTransaction, turn_within
from realmkit.errors import OurBug, TooSlow, TransactionLost, TryLater

CONNECTIONS = 10
WRITERS = 4

Connection = AsyncConnection[Row]


class PostgresDatabase:
    """A `Database` over one PostgreSQL database."""

    dialect: Dialect = "postgres"

    def __init__(self, url: str, *, direct: str | None = None) -> None:
        self.where = place_of(url)
        self.statements = 0
        self.notifier = PostgresNotifier(direct or url)
        self.locks = Locks(self.notifier)
        self._writers = asyncio.Semaphore(WRITERS)
        self._reading: set[Connection] = set()
        self._is_closing = False
        self._pool = AsyncConnectionPool(
            url,
            connection_class=AsyncConnection[Row],
            kwargs={
                "autocommit": True,
                "cursor_factory": AsyncRawCursor,
                "prepare_threshold": None if direct else 5,
                "connect_timeout": CONNECT_TIMEOUT_S,
                "fallback_application_name": f"realmkit {os.getpid()}",
            },
            configure=_configure,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=CONNECT_TIMEOUT_S,
            open=False,
        )

    @staticmethod
    async def open(url: str, *, direct: str | None = None) -> PostgresDatabase:
        """Connect and run what migrations the database lacks. Raises `SetupError`.

        `direct` is an address of the same database that leads past a pooler.
        """
        database = PostgresDatabase(url, direct=direct)
        try:
            await migrate(direct or url)
            await database.notifier.start()
            await database._pool.open(wait=True, timeout=CONNECT_TIMEOUT_S)
        except SetupError:
            await database._let_go()
            raise
        except psycopg.Error as exc:
            await database._let_go()
            raise SetupError(
                f"PostgreSQL at {database.where} cannot be used: {_first_line(exc)}."
            ) from exc
        return database

    def __repr__(self) -> str:
        return f"<PostgresDatabase {self.where}: {self.statements} statements>"

    async def read(
        self, sql: str, params: Params = (), *, budget_s: float | None = None
    ) -> list[Row]:
        self.statements += 1
        try:
            async with asyncio.timeout(budget_s):
                with translated(sql):
                    return await self._read(sql, params)
        except TimeoutError as exc:
            raise TooSlow("Reading took longer than its time budget.") from exc

    async def read_one(
        self, sql: str, params: Params = (), *, budget_s: float | None = None
    ) -> Row | None:
        rows = await self.read(sql, params, budget_s=budget_s)
        return rows[0] if rows else None

    @asynccontextmanager
    async def transaction(
        self, *, within_s: float | None = None
    ) -> AsyncGenerator[PostgresTransaction, None]:
        begin = "begin"
        if within_s is not None:
            begin += f"; set local lock_timeout = {max(1, int(within_s * 1000))}"
        async with turn_within(self._writers, within_s):
            with translated(begin):
                connection = await self._begin(begin)
            transaction = PostgresTransaction(self, connection)
            try:
                try:
                    yield transaction
                except BaseException:
                    # A lost connection has rolled back already.
                    with suppress(TryLater):
                        await self._finish(connection, "rollback")
                    raise
                await self._finish(connection, "commit", then=transaction.committed)
            finally:
                await completed(self._pool.putconn(connection))

    async def close(self) -> None:
        if self._is_closing:
            return
        # Reads that would go on for long are given up; a commit is waited for.
        self._is_closing = True
        for _ in range(WRITERS):
            await self._writers.acquire()
        for connection in list(self._reading):
            await connection.cancel_safe(timeout=1)
        await self._let_go()

    async def _let_go(self) -> None:
        await self.notifier.stop()
        await self._pool.close()

    async def _read(self, sql: str, params: Params) -> list[Row]:
        for _ in range(CONNECTIONS):
            async with self._pool.connection() as connection:
                self._reading.add(connection)
                try:
                    return await (await connection.execute(sql.encode(), params or None)).fetchall()
                except psycopg.OperationalError:
                    # The server was restarted since the pool connected: another connection.
                    if self._is_closing or not connection.broken:
                        raise
                finally:
                    self._reading.discard(connection)
        raise TryLater("The database does not answer.")

    async def _begin(self, begin: str) -> Connection:
        for _ in range(CONNECTIONS):
            connection = await self._pool.getconn()
            self.statements += 1
            try:
                await connection.execute(begin.encode())
            except BaseException as exc:
                was_broken = connection.broken
                await completed(self._give_back(connection))
                if not was_broken or not isinstance(exc, psycopg.OperationalError):
                    raise
            else:
                return connection
        raise TryLater("The database does not answer.")

    async def _give_back(self, connection: Connection) -> None:
        with suppress(psycopg.Error):
            await connection.rollback()
        await self._pool.putconn(connection)

    async def _finish(
        self, connection: Connection, verdict: str, then: Callable[[], None] = lambda: None
    ) -> None:
        """Commit or roll back, and see it through even if the caller is cancelled meanwhile."""

        async def finish() -> None:
            with translated(verdict):
                ended = await connection.execute(verdict.encode())
            if verdict == "commit" and ended.statusmessage != "COMMIT":
                # A statement failed and somebody went on as if it had not.
                raise TransactionLost("The database undid the whole change.")
            then()

        self.statements += 1
        await completed(finish())


class PostgresTransaction(OpenTransaction):
    """A `Transaction` on one connection of the pool."""

    def __init__(self, database: PostgresDatabase, connection: Connection) -> None:
        super().__init__()
        self._database = database
        self._connection = connection

    async def execute(self, sql: str, params: Params = ()) -> int:
        return (await self._run(sql, params)).rowcount

    async def execute_all(self, statements: Sequence[Statement]) -> None:
        for sql, rows in statements:
            if rows:
                self._database.statements += 1
                with translated(sql):
                    await self._connection.cursor().executemany(sql.encode(), rows)

    async def fetch(self, sql: str, params: Params = ()) -> list[Row]:
        cursor = await self._run(sql, params)
        return await cursor.fetchall()

    async def notify(self, channel: Channel, payload: str) -> None:
        await self._run(NOTIFIER_SQL["say"], (channel, payload))

    async def run(self, sql: str) -> None:
        await self._run(sql)

    async def _run(self, sql: str, params: Params = ()) -> psycopg.AsyncCursor[Row]:
        self._database.statements += 1
        with translated(sql):
            return await self._connection.execute(sql.encode(), params or None)


async def _configure(connection: AsyncConnection[Any]) -> None:
    # JSON is read by us, from text, as it is on SQLite.
    connection.adapters.register_loader("jsonb", TextLoader)


def _first_line(exc: BaseException) -> str:
    return str(exc).strip().partition("\n")[0].rstrip(".")


@contextmanager
def translated(sql: str) -> Generator[None, None, None]:
    """Turn psycopg's errors into ours. The SQL goes to our own log only, as a note."""
    try:
        yield
    except QueryCanceled as exc:
        raise TooSlow("Reading took longer than its time budget.") from exc
    except psycopg.OperationalError as exc:
        # More than a row, a key or a text can hold will be so the next time as well.
        if isinstance(exc, ProgramLimitExceeded):
            raise _failed(exc, sql) from exc
        # Busy, full, restarting or not there: the next try may succeed.
        raise TryLater("The database is busy or cannot be reached.") from exc
    except (psycopg.Error, TypeError, UnicodeEncodeError) as exc:
        raise _failed(exc, sql) from exc


def _failed(exc: Exception, sql: str) -> OurBug:
    exc.add_note(f"in the statement: {sql}")
    return OurBug("A statement of the database failed.")
