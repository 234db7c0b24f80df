"""The Chrome DevTools Protocol over a pair of pipes.

A message is JSON ended by a zero byte, in both directions. Calls carry a number
and are answered in any order; events come unasked. Flat sessions: a message to
or from one page carries that page's session id on the browser's one pipe.
Nothing here knows what the methods mean, and no call waits for ever: when the
pipe ends, every open call fails with `BrowserGone`.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

log = logging.getLogger(__name__)

EventHandler = Callable[[str, msgspec.Raw], None]


class BrowserGone(Exception):
    """The browser's end of the pipe closed: it exited, crashed or was killed."""


class CommandRefused(Exception):
    """The browser answered a command with an error; the message is its own."""


class _Refusal(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Message(msgspec.Struct, rename="camel"):
    """Any message from the browser. Bodies stay undecoded until someone wants them."""

    id: int | None = None
    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")
    result: msgspec.Raw = msgspec.Raw(b"{}")
    error: _Refusal | None = None
    session_id: str = ""


class CDPConnection(asyncio.Protocol):
    """The browser's pipe: `call` a method, `listen` to a session's events."""

    def __init__(self) -> None:
        self._calls: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._listeners: dict[str, EventHandler] = {}
        self._last_id = 0
        self._partial: list[bytes] = []
        self._decoder = msgspec.json.Decoder(_Message)
        self._reading: asyncio.ReadTransport | None = None
        self._writing: asyncio.WriteTransport | None = None
        self.closed = asyncio.Event()

    @classmethod
    async def open(cls, read_fd: int, write_fd: int) -> "CDPConnection":
        """Take over both descriptors; they are closed with the connection."""
        loop = asyncio.get_running_loop()
        connection = cls()
        connection._reading, _ = await loop.connect_read_pipe(
            lambda: connection, os.fdopen(read_fd, "rb", buffering=0)
        )
        connection._writing, _ = await loop.connect_write_pipe(
            _WriteSide, os.fdopen(write_fd, "wb", buffering=0)
        )
        return connection

    async def call(
        self, method: str, params: Mapping[str, Any] | None = None, *, session_id: str = ""
    ) -> msgspec.Raw:
        """Send a command and return its undecoded result."""
        if self.closed.is_set() or self._writing is None:
            raise BrowserGone(f"Chromium is gone; {method} was not sent.")
        self._last_id += 1
        call_id = self._last_id
        message: dict[str, Any] = {"id": call_id, "method": method, "params": params or {}}
        if session_id:
            message["sessionId"] = session_id
        answer = self._calls[call_id] = asyncio.get_running_loop().create_future()
        self._writing.write(msgspec.json.encode(message) + b"\0")
        try:
            return await answer
        finally:
            self._calls.pop(call_id, None)

    def listen(self, session_id: str, handler: EventHandler) -> None:
        """Have `handler(method, params)` called for each event of the session; "" is the browser."""
        self._listeners[session_id] = handler

    def forget(self, session_id: str) -> None:
        self._listeners.pop(session_id, None)

    def close(self) -> None:
        """Close both pipes and fail the open calls."""
        for transport in (self._reading, self._writing):
            if transport is not None:
                transport.close()
        self._end()

    # What asyncio calls as bytes arrive.

    def data_received(self, data: bytes) -> None:
        # Only the new bytes are searched, so a huge message costs its length once.
        *complete, rest = data.split(b"\0")
        if complete:
            complete[0] = b"".join([*self._partial, complete[0]])
            self._partial.clear()
        if rest:
            self._partial.append(rest)
        for message in complete:
            self._deliver(message)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def _deliver(self, data: bytes) -> None:
        try:
            message = self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            # An unreadable message is not worth the connection: a call that
            # waits for it has a deadline of its own.
            log.warning("An unreadable message of %d bytes from Chromium: %s", len(data), exc)
            return
        if message.id is None:
            if handler := self._listeners.get(message.session_id):
                handler(message.method, message.params)
            return
        answer = self._calls.get(message.id)
        if answer is None or answer.done():
            return
        if message.error is not None:
            answer.set_exception(CommandRefused(message.error.message))
        else:
            answer.set_result(message.result)

    def _end(self) -> None:
        self.closed.set()
        if self._writing is not None:
            self._writing.close()
        for answer in self._calls.values():
            if not answer.done():
                answer.set_exception(BrowserGone("Chromium went away."))


class _WriteSide(asyncio.Protocol):
    """The half that only writes; its loss is seen by the half that reads."""
