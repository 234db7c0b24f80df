"""What the transactions of both databases do alike, written over the little that differs."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from realmkit.db.database import Params, Row, Statement
from realmkit.errors import RealmkitError, TransactionLost, TryLater


@asynccontextmanager
async def turn_within(
    turns: asyncio.Lock | asyncio.Semaphore, within_s: float | None
) -> AsyncGenerator[None, None]:
    """A writer's turn. Raises `TryLater` if it has not come after so long."""
    try:
        async with asyncio.timeout(within_s):
            await turns.acquire()
    except TimeoutError as exc:
        raise TryLater("Others are writing to the database.") from exc
    try:
        yield
    finally:
        turns.release()


class OpenTransaction(ABC):
    """A `Transaction`, less how one database runs a statement."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], None]] = []
        self._savepoints = 0

    @abstractmethod
    async def run(self, sql: str) -> None:
        """Run a statement that has no parameters and no rows."""

    @abstractmethod
    async def execute_all(self, statements: Sequence[Statement]) -> None: ...

    @abstractmethod
    async def fetch(self, sql: str, params: Params = ()) -> list[Row]: ...

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> None:
        await self.execute_all([(sql, list(rows))])

    async def fetch_one(self, sql: str, params: Params = ()) -> Row | None:
        rows = await self.fetch(sql, params)
        return rows[0] if rows else None

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None, None]:
        self._savepoints += 1
        name = f"savepoint_{self._savepoints}"
        await self.run(f"savepoint {name}")
        try:
            yield
        except BaseException as exc:
            try:
                await self.run(f"rollback to {name}")
                await self.run(f"release {name}")
            except RealmkitError as lost:
                if isinstance(exc, Exception):
                    # A full disk, or a connection that broke, took the savepoint along.
                    why = exc if isinstance(exc, TryLater) else None
                    detail = why.detail if why else "The database undid the whole change."
                    raise TransactionLost(detail) from (why or lost)
            raise
        await self.run(f"release {name}")

    def on_commit(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def committed(self) -> None:
        """Call whoever waited for the commit, in the order they asked."""
        for callback in self._callbacks:
            callback()
