"""A PostgreSQL that is still starting: it refuses so many connections, then serves them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

_STARTUP = 196608


class StartingPostgres:
    """Listens at `url`; `refused` counts whom it sent away with `reason`."""

    def __init__(self, direct: str, *, refuses: int, reason: str) -> None:
        self.url = ""
        self.refused = 0
        self._direct = conninfo_to_dict(direct)
        self._refuses = refuses
        self._reason = reason

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[StartingPostgres, None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        who, name = self._direct["user"], self._direct["dbname"]
        self.url = f"postgresql://{who}@127.0.0.1:{port}/{name}"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = b""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while struct.unpack("!I", startup[4:8] or b"\0" * 4)[0] != _STARTUP:
                if startup:
                    # It asked for encryption first.
                    writer.write(b"N")
                startup = await reader.readexactly(4)
                startup += await reader.readexactly(struct.unpack("!I", startup)[0] - 4)
            if self.refused < self._refuses:
                self.refused += 1
                writer.write(_refusal(self._reason))
                writer.close()
                return
            there, back = await self._connect()
            back.write(startup)
            await asyncio.gather(_relay(reader, back), _relay(there, writer))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = str(self._direct["host"]), self._direct.get("port") or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(Path(host) / f".s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(port))


def _refusal(reason: str) -> bytes:
    fields = f"SFATAL\0VFATAL\0C57P03\0M{reason}\0\0".encode()
    return b"E" + struct.pack("!I", len(fields) + 4) + fields


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
    writer.close()
