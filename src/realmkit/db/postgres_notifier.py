"""One connection of its own, on which a process listens and holds its locks.

It is never a pooler's: LISTEN and session locks belong to a connection. Between
commands the loop watches its socket, so a notification is heard when it comes; during
a command psycopg watches. When the connection is lost so are its locks; everybody is
told to look, once then and once more when it is back. What was to be said meanwhile, to
those who wait for one of those locks too, is said then.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor

from realmkit.db.completion import completed
from realmkit.db.database import Row
from realmkit.db.notifier import CHANNELS, Channel, HeldLock, tell
from realmkit.db.statements import load_sql
from realmkit.errors import TryLater

logger = logging.getLogger(__name__)

NOTIFIER_SQL = load_sql(__package__ or "", "postgres_notifier.sql", "postgres")
LOCK_CHANNELS: tuple[Channel, ...] = ("module_cache_populated", "realm_lock_released")
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
# A connection that was cut without a word is noticed by asking.
HEARTBEAT_S = 15.0
ANSWER_WITHIN_S = 5.0


class PostgresNotifier:
    """A `Notifier` over PostgreSQL. `start` before use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._heard: defaultdict[str, list[Callable[[str], None]]] = defaultdict(list)
        self._looks: list[Callable[[], None]] = []
        self._held: dict[int, HeldLock] = {}
        self._unsaid: set[tuple[Channel, str]] = set()
        self._connection: AsyncConnection[Row] | None = None
        self._watched: int | None = None
        self._turn = asyncio.Lock()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        state = "listening" if self._connection else "cut off"
        return f"<PostgresNotifier {state}: {len(self._held)} locks>"

    async def start(self) -> None:
        """Connect and listen. Raises `psycopg.Error` if the server is not there."""
        await self._connect()
        self._keeper = asyncio.create_task(self._keep(), name="notifier")

    async def stop(self) -> None:
        """Let go of every lock and of the connection."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        async with self._turn:
            await self._disconnect()

    def listen(self, channel: Channel, heard: Callable[[str], None]) -> None:
        self._heard[channel].append(heard)

    def after_gap(self, look: Callable[[], None]) -> None:
        self._looks.append(look)

    async def try_lock(self, key: int) -> HeldLock | None:
        # A session is given its own locks again, so who holds what here is ours to know.
        if key in self._held:
            return None
        held = self._held[key] = HeldLock(key)
        try:
            return held if await completed(self._take(held)) else None
        except BaseException:
            # Given up while the server was answering: it may have been granted.
            if self._held.get(key) is held:
                await completed(self._give_back(held))
            raise

    async def release(self, held: HeldLock, channel: Channel) -> None:
        await completed(self._release(held, channel))

    async def _take(self, held: HeldLock) -> bool:
        is_granted = False
        try:
            rows = await self._command(NOTIFIER_SQL["try_lock"], (held.key,))
            is_granted = rows[0][0]
        except TryLater:
            # It may have been granted for a moment, in which others were refused.
            self._owe(held.key)
            raise
        finally:
            if not is_granted:
                self._forget(held)
        return is_granted

    async def _give_back(self, held: HeldLock) -> None:
        """Let go of a lock that nobody used; whoever was refused meanwhile waits on either."""
        for channel in LOCK_CHANNELS:
            await self._release(held, channel)

    async def _release(self, held: HeldLock, channel: Channel) -> None:
        said: tuple[Channel, str] = (channel, str(held.key))
        try:
            if self._held.get(held.key) is held:
                # Noted as free only afterwards: until then the session itself has it.
                try:
                    await self._command(NOTIFIER_SQL["let_go"], (held.key, *said))
                finally:
                    self._forget(held)
                    # Whoever was refused here until now may have heard of it before that.
                    self._hear(*said)
            else:
                await self._command(NOTIFIER_SQL["say"], said)
        except TryLater:
            # The lock is gone, but those who wait for it at other processes do not know.
            self._unsaid.add(said)

    def _owe(self, key: int) -> None:
        """Say later that a lock is free, on either channel."""
        self._unsaid |= {(channel, str(key)) for channel in LOCK_CHANNELS}

    def _forget(self, held: HeldLock) -> None:
        if self._held.get(held.key) is held:
            del self._held[held.key]

    async def _command(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Run one statement on the connection. Raises `TryLater` if there is none."""
        async with self._turn:
            connection = self._connection
            if connection is None:
                raise TryLater("The other servers of this database cannot be reached for now.")
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    cursor = await connection.execute(sql.encode(), params or None)
                    return await cursor.fetchall() if cursor.description else []
            except (psycopg.Error, TimeoutError) as exc:
                # Whatever it was: what the session holds is known again once there is another.
                self._lost.set()
                raise TryLater("The connection to the other servers was lost.") from exc
            finally:
                self._watch(connection)

    # The connection.

    async def _keep(self) -> None:
        while True:
            try:
                await self._keep_once()
            except Exception:
                # Nobody else would connect again.
                logger.exception("The connection that listens is made anew.")
                self._lost.set()
                await asyncio.sleep(FIRST_PAUSE_S)

    async def _keep_once(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_S):
                await self._lost.wait()
        if not self._lost.is_set():
            with suppress(TryLater):
                await self._command(NOTIFIER_SQL["is_there"])
            return
        logger.warning(
            "The connection that listens was lost, and %d locks with it.", len(self._held)
        )
        async with self._turn:
            await self._disconnect()
        self._tell_to_look()
        await self._reconnect()
        self._tell_to_look()
        await self._say_the_unsaid()

    async def _reconnect(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return await self._connect()
            except (psycopg.Error, TimeoutError):
                # Not all at once, when a whole fleet lost its server.
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _say_the_unsaid(self) -> None:
        while self._unsaid:
            said = self._unsaid.pop()
            try:
                await self._command(NOTIFIER_SQL["say"], said)
            except TryLater:
                self._unsaid.add(said)
                return

    async def _connect(self) -> None:
        connection = await AsyncConnection.connect(
            self._url,
            autocommit=True,
            cursor_factory=AsyncRawCursor,
            connect_timeout=int(ANSWER_WITHIN_S),
            # By which an operator sees in `pg_stat_activity` whose locks these are.
            fallback_application_name=f"realmkit {os.getpid()} locks",
        )
        try:
            connection.add_notify_handler(lambda heard: self._hear(heard.channel, heard.payload))
            async with asyncio.timeout(ANSWER_WITHIN_S):
                for channel in CHANNELS:
                    await connection.execute(f"listen {channel}".encode())
        except BaseException:
            await connection.close()
            raise
        self._lost.clear()
        self._connection = connection
        self._watch(connection)

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._unwatch()
        for key in self._held:
            self._owe(key)
        self._held.clear()
        if connection is not None:
            await connection.close()

    def _watch(self, connection: AsyncConnection[Row]) -> None:
        """Have the loop watch the socket again, and hear what came with the last answer."""
        if connection.closed or connection is not self._connection:
            self._lost.set()
            return
        self._watched = connection.pgconn.socket
        asyncio.get_running_loop().add_reader(self._watched, self._hear_all, connection)
        self._hear_all(connection)

    def _unwatch(self) -> None:
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            self._watched = None

    def _hear_all(self, connection: AsyncConnection[Row]) -> None:
        try:
            connection.pgconn.consume_input()
        except psycopg.Error:
            # The socket of a lost connection is readable for ever.
            self._unwatch()
            self._lost.set()
            return
        while heard := connection.pgconn.notifies():
            self._hear(heard.relname.decode(), heard.extra.decode())

    def _hear(self, channel: str, payload: str) -> None:
        for heard in self._heard[channel]:
            tell(heard, payload)

    def _tell_to_look(self) -> None:
        for look in self._looks:
            tell(look)
