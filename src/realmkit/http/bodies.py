"""Reading request bodies: measured while they stream, parsed with a readable refusal.

A body that announces too much is refused before a byte is read; one that lies
about its length is refused at the byte that goes too far.
"""

from typing import Any, cast

from starlette.requests import Request

from realmkit.cards.json_text import read_json
from realmkit.errors import BadRequest, TooLarge

# A list of addresses, say.
JSON_LIMIT = 512 * 1024
# Ten thousand values of the longest addresses fit.
SEARCH_LIMIT = 4 * 1024 * 1024


async def read_bytes(request: Request, limit: int) -> bytes:
    """The whole body, or `TooLarge` as soon as it is known to exceed `limit` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large(limit)
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


async def read_json_object(request: Request, limit: int = JSON_LIMIT) -> dict[str, Any]:
    """The body as a JSON object; `BadRequest` says where the JSON breaks."""
    body = await read_bytes(request, limit)
    if not body.strip():
        raise BadRequest("The request needs a JSON body, and this one is empty.")
    value = read_json(body)
    if not isinstance(value, dict):
        raise BadRequest("The request body must be a JSON object.", pointer="")
    return cast("dict[str, Any]", value)


def too_large(limit: int) -> TooLarge:
    size = f"{limit // (1024 * 1024)} MB" if limit >= 1024 * 1024 else f"{limit // 1024} KB"
    return TooLarge(f"The body is larger than the {size} that may be written here.")
