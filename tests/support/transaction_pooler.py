"""A pooler in transaction mode, as pgbouncer is one, before the tests' PostgreSQL.

A client logs in to the pooler alone. Each of its transactions then runs on whichever
connection to the server has been idle longest, so the next one runs on another as long
as there is one: whoever leaves session state on a connection does not find it again,
and somebody else does. Nothing is reset between two clients. Connections that a client
leaves in the middle of a transaction are replaced.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

CANCEL_REQUEST = 80877102
ENCRYPTION_REQUESTS = (80877103, 80877104)
# What a client is told of the server when it logs in.
PARAMETERS = (
    "server_version",
    "server_encoding",
    "client_encoding",
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "integer_datetimes",
    "standard_conforming_strings",
)
# A client's messages that the server answers with one ReadyForQuery each.
SYNC, QUERY, FUNCTION_CALL = b"S", b"Q", b"F"
READY_FOR_QUERY, TERMINATE = b"Z", b"X"

_LOST = (ConnectionError, asyncio.IncompleteReadError)


@asynccontextmanager
async def transaction_pooler(
    direct: str, *, backends: int
) -> AsyncGenerator[TransactionPooler, None]:
    """A pooler with so many connections to the database at `direct`."""
    pooler = TransactionPooler(direct)
    await pooler.start(backends)
    try:
        yield pooler
    finally:
        await pooler.stop()


class TransactionPooler:
    """Listens at `url`, and lends its clients connections to the database at `direct`."""

    def __init__(self, direct: str) -> None:
        self.url = ""
        self._direct = direct
        self._backends: set[Backend] = set()
        self._idle: asyncio.Queue[Backend] = asyncio.Queue()
        self._clients: dict[tuple[int, int], Client] = {}
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self, backends: int) -> None:
        for _ in range(backends):
            await self._add_backend()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        name = conninfo_to_dict(self._direct)["dbname"]
        self.url = f"postgresql://anybody@127.0.0.1:{port}/{name}"

    async def stop(self) -> None:
        self._server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        for backend in self._backends:
            await backend.close()

    async def idle_backend(self) -> Backend:
        """The connection that has been idle longest; waits until there is one."""
        return await self._idle.get()

    def take_back(self, backend: Backend) -> None:
        self._idle.put_nowait(backend)

    async def replace(self, backend: Backend) -> None:
        self._backends.discard(backend)
        await backend.close()
        await self._add_backend()

    async def _add_backend(self) -> None:
        backend = await Backend.connect(self._direct)
        self._backends.add(backend)
        self.take_back(backend)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            # Only `stop` cancels it, and the streams would complain of a cancelled task.
            with suppress(*_LOST, asyncio.CancelledError):
                await self._greet(reader, writer)
        finally:
            writer.close()
            self._serving.discard(task)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code, body = await _startup(reader)
        while code in ENCRYPTION_REQUESTS:
            writer.write(b"N")
            code, body = await _startup(reader)
        if code == CANCEL_REQUEST:
            # The client that is meant waits for the hang-up, as it would for the server's.
            if client := self._clients.get(struct.unpack("!ii", body)):
                await client.cancel()
            return
        client = Client(self, reader, writer)
        key = (len(self._clients) + 1, secrets.randbits(31))
        self._clients[key] = client
        await client.run(key, next(iter(self._backends)).parameters())


class Client:
    """One connection of a client, and the backend of its transaction while it is in one."""

    def __init__(
        self, pooler: TransactionPooler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.writer = writer
        self._pooler = pooler
        self._reader = reader
        self._backend: Backend | None = None
        # How many ReadyForQuery it waits for, and whether more of a batch is to come.
        self._owed = 0
        self._is_within_batch = False
        self._cancelling = asyncio.Lock()

    async def run(self, key: tuple[int, int], parameters: dict[str, str]) -> None:
        """Log it in, and pass on what it says until it hangs up."""
        login = _message(b"R", struct.pack("!i", 0))
        for name, value in parameters.items():
            login += _message(b"S", f"{name}\0{value}\0".encode())
        login += _message(b"K", struct.pack("!ii", *key))
        self.writer.write(login + _message(READY_FOR_QUERY, b"I"))
        try:
            while True:
                kind, message = await _read_message(self._reader)
                if kind == TERMINATE:
                    return
                if self._backend is None:
                    self._backend = await self._pooler.idle_backend()
                    self._backend.client = self
                self._is_within_batch = kind not in (SYNC, QUERY, FUNCTION_CALL)
                self._owed += not self._is_within_batch
                self._backend.writer.write(message)
        finally:
            backend, self._backend = self._backend, None
            if backend is not None:
                await self._pooler.replace(backend)

    async def hear(self, kind: bytes, message: bytes) -> None:
        """Pass on what its backend answers. The end of a transaction frees the backend."""
        if kind == READY_FOR_QUERY:
            self._owed -= 1
            is_idle = message.endswith(b"I")
            if is_idle and not self._owed and not self._is_within_batch:
                # A cancellation on its way must not meet the backend's next client.
                async with self._cancelling:
                    backend, self._backend = self._backend, None
                    assert backend is not None
                    backend.client = None
                    self._pooler.take_back(backend)
        self.writer.write(message)

    async def cancel(self) -> None:
        """Cancel what it runs now, if anything."""
        async with self._cancelling:
            if self._backend is not None:
                await self._backend.cancel()


class Backend:
    """One connection to the server. Psycopg logs in and cancels; all else is passed through."""

    def __init__(
        self,
        connection: AsyncConnection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.writer = writer
        self.client: Client | None = None
        self._connection = connection
        self._reader = reader
        self._passing_on = asyncio.create_task(self._pass_on(), name="backend of a pooler")

    @staticmethod
    async def connect(url: str) -> Backend:
        connection = await AsyncConnection.connect(url, autocommit=True)
        own = socket.socket(fileno=os.dup(connection.fileno()))
        return Backend(connection, *await asyncio.open_connection(sock=own))

    def parameters(self) -> dict[str, str]:
        known = {name: self._connection.info.parameter_status(name) for name in PARAMETERS}
        return {name: value for name, value in known.items() if value is not None}

    async def cancel(self) -> None:
        await self._connection.cancel_safe()

    async def close(self) -> None:
        self._passing_on.cancel()
        self.writer.close()
        await self._connection.close()

    async def _pass_on(self) -> None:
        with suppress(*_LOST):
            while True:
                kind, message = await _read_message(self._reader)
                # Without a client it can only be a notice, which concerns nobody.
                if self.client is not None:
                    await self.client.hear(kind, message)
        if self.client is not None:
            self.client.writer.close()


async def _startup(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The code and the body of a message that opens a connection."""
    length, code = struct.unpack("!ii", await reader.readexactly(8))
    return code, await reader.readexactly(length - 8)


async def _read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The kind of a message, and all of it."""
    head = await reader.readexactly(5)
    (length,) = struct.unpack("!i", head[1:])
    return head[:1], head + await reader.readexactly(length - 4)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body
