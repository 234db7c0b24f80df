"""SQLite: one writer thread, and readers that never hold up the event loop.

The file is in WAL mode, so readers see the last commit while the writer works. A
read first runs on the loop itself, where a point read costs a few microseconds; if
it is not done within `LOOP_ALLOWANCE_S` it is interrupted and starts again on a
reader thread. Writes run on one thread, one `begin immediate` at a time.

Only apsw may open the file: a second SQLite library in one process drops the locks.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import (
    AsyncGenerator,
    Callable,
    Generator,
    Mapping,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import apsw

from realmkit.config import SetupError
from realmkit.db.completion import completed
from realmkit.db.database import Dialect, Params, Row, Statement
from realmkit.db.locks import Locks
from realmkit.db.migrate import migrations, pending
from realmkit.db.notifier import Channel, LocalNotifier
from realmkit.db.statements import load_sql
from realmkit.db.transactions import OpenTransaction, turn_within
from realmkit.errors import OurBug, TooSlow, TransactionLost, TryLater

T = TypeVar("T")

LOOP_ALLOWANCE_S = 0.002
MOST_SLOW_KNOWN = 1_000
READER_THREADS = 2
BUSY_TIMEOUT_MS = 10_000
# How many of SQLite's own instructions pass between two looks at the clock.
STEPS_BETWEEN_LOOKS = 1_000


class SqliteDatabase:
    """A `Database` over one file."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.statements = 0
        self.notifier = LocalNotifier()
        self.locks = Locks(self.notifier)
        self._turn = asyncio.Lock()
        self._writer_thread = ThreadPoolExecutor(1, "realmkit-db-writer")
        self._reader_threads = ThreadPoolExecutor(READER_THREADS, "realmkit-db-reader")
        self._readers: SimpleQueue[_Reader] = SimpleQueue()
        # Statements that the loop had no time for when they were last run.
        self._slow = set[str]()
        self._closing = threading.Event()

    @staticmethod
    async def open(path: Path) -> SqliteDatabase:
        """Open or create the file and run what migrations it lacks. Raises `SetupError`."""
        database = SqliteDatabase(path)
        try:
            await database._on_writer(database._connect)
        except (apsw.Error, OSError) as exc:
            await database.close()
            raise SetupError(f"The database at {path} cannot be opened: {exc}.") from exc
        except SetupError:
            await database.close()
            raise
        return database

    def __repr__(self) -> str:
        return f"<SqliteDatabase {self.path.name}: {self.statements} statements>"

    async def read(
        self, sql: str, params: Params = (), *, budget_s: float | None = None
    ) -> list[Row]:
        self.statements += 1
        deadline = None if budget_s is None else time.monotonic() + budget_s
        bindings = bind(params)
        with translated(sql):
            if sql in self._slow:
                return await self._read_on_thread(sql, bindings, deadline)
            try:
                return self._on_loop.run(sql, bindings, time.monotonic() + LOOP_ALLOWANCE_S)
            except (apsw.InterruptError, apsw.BusyError):
                if len(self._slow) >= MOST_SLOW_KNOWN:
                    self._slow.clear()
                self._slow.add(sql)
                return await self._read_on_thread(sql, bindings, deadline)

    async def read_one(
        self, sql: str, params: Params = (), *, budget_s: float | None = None
    ) -> Row | None:
        rows = await self.read(sql, params, budget_s=budget_s)
        return rows[0] if rows else None

    @asynccontextmanager
    async def transaction(
        self, *, within_s: float | None = None
    ) -> AsyncGenerator[SqliteTransaction, None]:
        async with turn_within(self._turn, within_s):
            transaction = SqliteTransaction(self)
            try:
                # Inside the `try`: a caller cancelled here may have begun all the same.
                await transaction.begin()
                yield transaction
            except BaseException:
                await self._finish("rollback")
                raise
            await self._finish("commit", then=transaction.committed)

    async def close(self) -> None:
        # Reads that would go on for long are given up; a commit is waited for.
        self._closing.set()
        async with self._turn:
            await self._on_writer(self._disconnect)
        self._writer_thread.shutdown()
        self._reader_threads.shutdown()

    # Reading on a thread.

    async def _read_on_thread(
        self, sql: str, bindings: Mapping[str, object], deadline: float | None
    ) -> list[Row]:
        abandoned = threading.Event()

        def work() -> list[Row]:
            reader = self._readers.get()
            started = time.monotonic()
            try:
                rows = reader.run(sql, bindings, deadline, abandoned)
            finally:
                self._readers.put(reader)
            if time.monotonic() - started < LOOP_ALLOWANCE_S / 2:
                self._slow.discard(sql)
            return rows

        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._reader_threads, work)
        except asyncio.CancelledError:
            abandoned.set()
            raise

    # Writing.

    async def _on_writer(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer_thread, work)

    async def _finish(self, verdict: str, then: Callable[[], None] = lambda: None) -> None:
        """Commit or roll back, and see it through even if the caller is cancelled meanwhile."""

        def work() -> None:
            with translated(verdict):
                try:
                    if self.writer.in_transaction:
                        self.writer.execute(verdict)
                    elif verdict == "commit":
                        raise _undone()
                finally:
                    # A commit that failed, on a full disk say, leaves its transaction open.
                    if self.writer.in_transaction:
                        self.writer.execute("rollback")

        async def finish() -> None:
            await self._on_writer(work)
            then()

        self.statements += 1
        await completed(finish())

    # Opening and closing, on the writer's thread.

    def _connect(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.writer = apsw.Connection(str(self.path))
        self.writer.set_busy_timeout(BUSY_TIMEOUT_MS)
        self.writer.execute("pragma journal_mode = wal")
        self.writer.execute("pragma synchronous = normal")
        self.writer.execute("pragma foreign_keys = on")
        self._migrate()
        self._on_loop = _Reader(self.path, self._closing, busy_timeout_ms=0)
        for _ in range(READER_THREADS):
            self._readers.put(_Reader(self.path, self._closing, busy_timeout_ms=BUSY_TIMEOUT_MS))

    def _migrate(self) -> None:
        sql = load_sql(__package__ or "", "migrate.sql", "sqlite")
        self.writer.execute(sql["history_table"])
        applied = dict(self.writer.execute(sql["history"]))
        for migration in pending(migrations("sqlite"), applied, where=str(self.path)):
            with self.writer:
                self.writer.execute(migration.sql)
                self.writer.execute(
                    sql["remember"],
                    bind(
                        (
                            migration.version,
                            migration.name,
                            migration.checksum,
                            time.time_ns() // 1_000_000,
                        )
                    ),
                )

    def _disconnect(self) -> None:
        if hasattr(self, "_on_loop"):
            self._on_loop.close()
            for _ in range(READER_THREADS):
                self._readers.get().close()
        if hasattr(self, "writer"):
            self.writer.close()


class SqliteTransaction(OpenTransaction):
    """A `Transaction` on the database's writer connection."""

    def __init__(self, database: SqliteDatabase) -> None:
        super().__init__()
        self._database = database

    async def execute(self, sql: str, params: Params = ()) -> int:
        bindings = bind(params)

        def work(writer: apsw.Connection) -> int:
            writer.execute(sql, bindings).fetchall()
            return writer.changes()

        return await self._run(sql, work)

    async def execute_all(self, statements: Sequence[Statement]) -> None:
        runs = [(sql, rows) for sql, rows in statements if rows]
        if not runs:
            return

        def work(writer: apsw.Connection) -> None:
            for sql, rows in runs:
                writer.executemany(sql, map(bind, rows)).fetchall()

        self._database.statements += len(runs) - 1
        await self._run(runs[0][0], work)

    async def fetch(self, sql: str, params: Params = ()) -> list[Row]:
        bindings = bind(params)
        return await self._run(sql, lambda writer: writer.execute(sql, bindings).fetchall())

    async def notify(self, channel: Channel, payload: str) -> None:
        self.on_commit(lambda: self._database.notifier.notify(channel, payload))

    async def begin(self) -> None:
        await self._on_writer("begin immediate", lambda writer: writer.execute("begin immediate"))

    async def run(self, sql: str) -> None:
        await self._run(sql, lambda writer: writer.execute(sql).fetchall())

    async def _run(self, sql: str, work: Callable[[apsw.Connection], T]) -> T:
        def in_transaction(writer: apsw.Connection) -> T:
            # Outside of one it would be committed by itself.
            if not writer.in_transaction:
                raise _undone()
            return work(writer)

        return await self._on_writer(sql, in_transaction)

    async def _on_writer(self, sql: str, work: Callable[[apsw.Connection], T]) -> T:
        def translated_work() -> T:
            with translated(sql):
                return work(self._database.writer)

        self._database.statements += 1
        return await self._database._on_writer(translated_work)


def _undone() -> TransactionLost:
    """SQLite undoes a whole transaction when the disk is full, whatever its statements do."""
    return TransactionLost("The database cannot be written: its disk is full or not there.")


class _Reader:
    """A read-only connection whose statements are interrupted at a deadline."""

    def __init__(self, path: Path, closing: threading.Event, *, busy_timeout_ms: int) -> None:
        self._closing = closing
        self._connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        self._connection.set_busy_timeout(busy_timeout_ms)
        self._connection.set_progress_handler(self._is_to_stop, STEPS_BETWEEN_LOOKS)
        self._deadline: float | None = None
        self._abandoned: threading.Event | None = None

    def run(
        self,
        sql: str,
        bindings: Mapping[str, object],
        deadline: float | None,
        abandoned: threading.Event | None = None,
    ) -> list[Row]:
        self._deadline, self._abandoned = deadline, abandoned
        return self._connection.execute(sql, bindings).fetchall()

    def close(self) -> None:
        self._connection.close()

    def _is_to_stop(self) -> bool:
        if self._closing.is_set() or (self._abandoned is not None and self._abandoned.is_set()):
            return True
        return self._deadline is not None and time.monotonic() > self._deadline


def bind(params: Params) -> dict[str, object]:
    """`$1` is a *named* parameter in SQLite, so values are bound by name."""
    return {str(number): value for number, value in enumerate(params, 1)}


@contextmanager
def translated(sql: str) -> Generator[None, None, None]:
    """Turn apsw's errors into ours. The SQL goes to our own log only, as a note on the cause."""
    try:
        yield
    except apsw.InterruptError as exc:
        raise TooSlow("Reading took longer than its time budget.") from exc
    except (apsw.BusyError, apsw.LockedError) as exc:
        raise TryLater("The database is busy.") from exc
    except (apsw.FullError, apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError) as exc:
        raise TryLater("The database cannot be written: its disk is full or not there.") from exc
    except (apsw.Error, TypeError) as exc:
        exc.add_note(f"in the statement: {sql}")
        raise OurBug("A statement of the database failed.") from exc
