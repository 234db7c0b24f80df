"""uvicorn's protocol over httptools, with two things changed.

What the parser cannot read gets a JSON:API refusal: it knows a fixed list of methods, so
a made-up one never reaches the edge. And a hot module is written as soon as its request
is read, without a task and without going through its headers one by one, which is most
of what an answer from memory costs.
"""

from typing import ClassVar

import orjson
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from realmkit.http.hot import HotModules

_BODY = orjson.dumps(
    {
        "errors": [
            {
                "status": "400",
                "title": "Bad Request",
                "detail": "This is not an HTTP request that can be read: "
                "its method is unknown or its syntax is broken.",
            }
        ]
    }
)
_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\n"
    b"content-type: application/vnd.api+json\r\n"
    b"content-length: " + str(len(_BODY)).encode() + b"\r\n"
    b"connection: close\r\n\r\n" + _BODY
)


class RealmHTTP(HttpToolsProtocol):
    """One connection. `hot` is what may be answered at once."""

    hot: ClassVar[HotModules]
    _dated_fields: ClassVar[list[tuple[bytes, bytes]] | None] = None
    _dated_head: ClassVar[bytes] = b"\r\n"

    # A part of uvicorn that is not promised to stay. Without it hot modules are answered
    # by `HotModules.in_front_of`.
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if not self._answer_at_once(cycle):
            super()._start_asgi_task(cycle, app)

    def _answer_at_once(self, cycle: RequestResponseCycle) -> bool:
        # Who reads slowly, pipelines, expects or closes is left to uvicorn.
        if (
            self.flow.write_paused
            or self.pipeline
            or not cycle.keep_alive
            or cycle.waiting_for_100_continue
            or self.transport.is_closing()
        ):
            return False
        found = self.hot.find(cycle.scope)
        if found is None:
            return False
        body = b"" if cycle.scope["method"] == "HEAD" else found.body
        self.transport.write(found.head + self._default_head() + body)
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()
        return True

    def send_400_response(self, msg: str) -> None:
        self.transport.write(_ANSWER)
        self.transport.close()

    def _default_head(self) -> bytes:
        """The headers that every answer has, the date for one, and the line that ends them."""
        # uvicorn puts another list there each second.
        fields = self.server_state.default_headers
        if fields is not self._dated_fields:
            lines = b"".join(b"%s: %s\r\n" % field for field in fields)
            type(self)._dated_fields, type(self)._dated_head = fields, lines + b"\r\n"
        return self._dated_head


def protocol_with(hot: HotModules) -> type[RealmHTTP]:
    """The protocol of a server whose hot modules these are."""
    return type("HotHTTP", (RealmHTTP,), {"hot": hot})
