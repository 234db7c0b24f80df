"""JSON and text as both databases can store it.

Neither PostgreSQL nor SQLite's functions can hold a NUL, and neither encodes half a
surrogate pair; cards can produce both. They become the replacement character: a
strange character in one field must not cost the card its place in the index.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

import orjson

REPLACEMENT = "\ufffd"


def to_json(value: Any) -> str | None:
    """JSON text, or None for None: an absent document is a null column."""
    if value is None:
        return None
    try:
        encoded = orjson.dumps(value)
    except TypeError:
        # Half a surrogate pair, or a number beyond 64 bits.
        encoded = orjson.dumps(_cleaned(value))
    if b"\\u0000" in encoded:
        encoded = orjson.dumps(_cleaned(value))
    return encoded.decode()


def from_json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


@overload
def storable(text: str) -> str: ...
@overload
def storable(text: None) -> None: ...
def storable(text: str | None) -> str | None:
    """`text` without what a text column cannot hold."""
    if text is None:
        return None
    text = text.replace("\0", REPLACEMENT)
    if text.isascii():
        return text
    # Through UTF-16, in which two halves that belong together are one character again.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): _cleaned(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(member) for member in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    return value
