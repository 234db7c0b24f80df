"""What the stations ask of a database, whichever one it is.

SQL is written with numbered placeholders (`$1`, `$2`), which SQLite and PostgreSQL
both understand. Reads see the last commit and need no transaction; whatever belongs
together is written inside one `transaction()`. Drivers' errors are translated here,
at the door: `TryLater` for a busy or full database, `TooSlow` for a read that spent
its budget, `OurBug` for a statement that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

from realmkit.db.locks import Locks
from realmkit.db.notifier import Channel, Notifier

Dialect = Literal["sqlite", "postgres"]
Row = tuple[Any, ...]
Params = Sequence[object]
Statement = tuple[str, Sequence[Params]]
"""One statement and the parameters of each of its runs."""


class Transaction(Protocol):
    """One writer's turn: all of it is committed, or none of it."""

    async def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement; returns the number of rows it changed."""
        ...

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> None:
        """Run one statement once for each row of parameters."""
        ...

    async def execute_all(self, statements: Sequence[Statement]) -> None:
        """Run many statements in order, in one trip to the database's thread."""
        ...

    async def fetch(self, sql: str, params: Params = ()) -> list[Row]:
        """Every row, including what this transaction has written itself."""
        ...

    async def fetch_one(self, sql: str, params: Params = ()) -> Row | None: ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A part that may fail on its own: an exception undoes it and travels on."""
        ...

    async def notify(self, channel: Channel, payload: str) -> None:
        """Tell every process that listens on `channel`, once this is committed."""
        ...

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` on the loop once the commit has succeeded, never otherwise."""
        ...


class Database(Protocol):
    """Readers and writers. `statements` counts every statement asked for.

    `notifier` and `locks` reach the other processes that share the database.
    """

    dialect: Dialect
    statements: int
    locks: Locks

    @property
    def notifier(self) -> Notifier: ...

    async def read(
        self, sql: str, params: Params = (), *, budget_s: float | None = None
    ) -> list[Row]:
        """Every row. With `budget_s`, raises `TooSlow` (408) once that much time is spent."""
        ...

    async def read_one(
        self, sql: str, params: Params = (), *, budget_s: float | None = None
    ) -> Row | None:
        """The first row, or None."""
        ...

    def transaction(
        self, *, within_s: float | None = None
    ) -> AbstractAsyncContextManager[Transaction]:
        """Wait for a writer's turn, then commit at the end or roll back on an exception.

        SQLite has one writer; on PostgreSQL several transactions may be open at once. With
        `within_s`, `TryLater` is raised after so long a wait for the turn, and after so long
        a wait of a statement for rows that another transaction holds.
        """
        ...

    async def close(self) -> None:
        """Wait for the writer, give up long reads, and let go of the files."""
        ...
