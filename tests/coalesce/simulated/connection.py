"""The simulated PostgreSQL's side of the connection on which a process listens and locks.

`PostgresNotifier` runs over it as it is. It knows the statements that the notifier sends,
and promises what PostgreSQL promises: a session is given its own locks again and has to
let go as often, its locks end with it, and notifications are heard in the middle of a
command, after it, or never when the connection is lost first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import psycopg
from tests.coalesce.simulated.world import Notify

if TYPE_CHECKING:
    from tests.coalesce.simulated.process import Process


COMMANDS = ("tries the lock", "lets go", "says")


class Answer:
    """A cursor with the rows it found."""

    description = True

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self._rows = rows

    async def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows


class Connection:
    """Stands for psycopg's `AsyncConnection`, and for its `pgconn` as well."""

    socket = 7

    def __init__(self, process: Process) -> None:
        self.process = process
        self.closed = False
        self._world = process.world
        self._heard: list[Callable[[Any], None]] = []
        self._arrived: deque[Notify] = deque()
        self._commands = 0
        self._world.connections.append(self)

    @staticmethod
    async def connect(url: Process, **_: object) -> Connection:
        if url.has_been_connected:
            await url.world.ask(url, "is connected again", lambda: None)
        url.has_been_connected = True
        return Connection(url)

    @property
    def pgconn(self) -> Connection:
        return self

    def add_notify_handler(self, heard: Callable[[Any], None]) -> None:
        self._heard.append(heard)

    async def execute(self, sql: bytes, params: Sequence[Any] | None = None) -> Answer:
        if sql.startswith(b"listen"):
            return Answer([])
        if self.closed:
            raise psycopg.OperationalError("the connection is closed")
        assert self._commands == 0, "two commands at once"
        self._commands += 1
        try:
            return Answer([(await self._command(sql, params or ()),)])
        finally:
            self._commands -= 1

    async def _command(self, sql: bytes, params: Sequence[Any]) -> Any:
        ask = self._world.ask
        if sql.startswith(b"select pg_try_advisory_lock"):
            return await ask(self.process, "tries the lock", lambda: self._grant(params[0]))
        if sql.startswith(b"select pg_advisory_unlock"):
            key, channel, payload = params
            return await ask(self.process, "lets go", lambda: self._let_go(key, channel, payload))
        if sql.startswith(b"select pg_notify"):
            return await ask(self.process, "says", lambda: self._world.notify(*params))
        raise AssertionError(f"the simulation does not know {sql!r}")

    def _grant(self, key: int) -> bool:
        holder, times = self._world.locks.get(key, (self, 0))
        if holder is not self:
            return False
        self._world.locks[key] = (self, times + 1)
        return True

    def _let_go(self, key: int, channel: str, payload: str) -> bool:
        holder, times = self._world.locks.get(key, (None, 0))
        if holder is self:
            if times > 1:
                self._world.locks[key] = (self, times - 1)
            else:
                del self._world.locks[key]
        self._world.notify(channel, payload)
        return holder is self

    # What comes in.

    def receive(self, said: Notify) -> None:
        """A notification arrives: during a command psycopg sees it, or leaves it in libpq's
        buffer when it came with the answer; else the socket is readable."""
        if not self._commands:
            self._arrived.append(said)
            self.process.loop.socket_is_readable()
        elif self._world.chance.random() < 0.5:
            for heard in self._heard:
                heard(said)
        else:
            self._arrived.append(said)

    def consume_input(self) -> None:
        if self.closed:
            raise psycopg.OperationalError("the server closed the connection")

    def notifies(self) -> Notify | None:
        return self._arrived.popleft() if self._arrived else None

    # Its end.

    def cut(self) -> None:
        """The server is gone: locks, notices, and the answers that were on their way."""
        self.closed = True
        world = self._world
        world.disconnected(self)
        for step in world.steps:
            if step.process is self.process and step.what in COMMANDS:
                step.has_happened = True
                step.result = psycopg.OperationalError("the connection was lost")
        self.process.loop.socket_is_readable()

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._world.disconnected(self)
