"""The HTTP parser, with one thing changed: what it cannot read gets a JSON:API refusal.

The parser knows a fixed list of methods, so a made-up one never reaches the edge.
"""

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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
    """uvicorn's protocol over httptools."""

    def send_400_response(self, msg: str) -> None:
        self.transport.write(_ANSWER)
        self.transport.close()
