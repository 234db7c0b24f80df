"""The answers resources give: JSON documents, bytes with conditions, redirects.

HEAD is not handled here. Every resource answers HEAD as it answers GET, and the
edge drops the body on its way out.
"""

from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from realmkit.http import conditional, ranges
from realmkit.http.negotiation import API

REVALIDATE = "public, max-age=0, must-revalidate"
IMMUTABLE = "public, max-age=31536000, immutable"
NO_STORE = "no-store"


def document(
    content: Any,
    *,
    status: int = 200,
    media_type: str = API,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON document that nobody may keep."""
    return Response(
        orjson.dumps(content),
        status_code=status,
        media_type=media_type,
        headers={"cache-control": NO_STORE, **(headers or {})},
    )


def validated(
    request: Request,
    body: bytes,
    *,
    media_type: str,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A body with its ETag: 304 when the client holds it already.

    The ETag is the body's content hash unless the caller knows one.
    """
    etag = etag or conditional.etag_of(body)
    sent = {"cache-control": REVALIDATE, **(headers or {}), "etag": etag}
    if conditional.is_held(request.headers, etag):
        return Response(status_code=304, headers=sent)
    return Response(body, media_type=media_type, headers=sent)


def ranged(
    request: Request,
    body: bytes,
    *,
    media_type: str,
    etag: str,
    headers: Mapping[str, str],
) -> Response:
    """A file's bytes, whole or in one range. If-None-Match is weighed before Range."""
    sent = {**headers, "etag": etag, "accept-ranges": "bytes"}
    if conditional.is_held(request.headers, etag):
        return Response(status_code=304, headers=sent)
    asked = None
    if request.method == "GET" and ranges.may_use_range(request.headers.get("if-range"), etag):
        asked = ranges.parse_range(request.headers.get("range"), len(body))
    if asked is None:
        return Response(body, media_type=media_type, headers=sent)
    if isinstance(asked, ranges.Unsatisfiable):
        return Response(status_code=416, headers={**sent, "content-range": f"bytes */{len(body)}"})
    return Response(
        body[asked.first : asked.last + 1],
        status_code=206,
        media_type=media_type,
        headers={**sent, "content-range": f"bytes {asked.first}-{asked.last}/{len(body)}"},
    )


def redirect(location: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """302: the thing lives at `location`, which is already percent-encoded."""
    return Response(
        status_code=302,
        headers={"location": location, "cache-control": NO_STORE, **(headers or {})},
    )


def http_date(seconds: float) -> str:
    """Unix seconds as an HTTP date."""
    return formatdate(seconds, usegmt=True)
