"""JSON: what its outermost value is."""

from typing import Any, cast

import orjson

from realmkit.extraction.looking import TEXT_LIMIT, Extract, WrongKind, decoded

KEYS_LIMIT = 100


def read(content: bytes, suffix: str) -> Extract:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as exc:
        raise WrongKind(f"It is no JSON: {exc}.") from exc
    text, note = decoded(content)
    return Extract({**_shape(value), "content": text[:TEXT_LIMIT]}, note)


def _shape(value: object) -> dict[str, Any]:
    match value:
        case dict():
            keys = list(cast("dict[str, object]", value))
            return {"shape": "object", "keys": keys[:KEYS_LIMIT], "itemCount": len(keys)}
        case list():
            items = cast("list[object]", value)
            first = items[0] if items else None
            keys = list(cast("dict[str, object]", first)) if isinstance(first, dict) else []
            return {"shape": "array", "keys": keys[:KEYS_LIMIT], "itemCount": len(items)}
        case bool():
            return {"shape": "boolean"}
        case int() | float():
            return {"shape": "number"}
        case str():
            return {"shape": "string"}
        case _:
            return {"shape": "null"}
