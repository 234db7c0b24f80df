"""Decoding JSON that strangers wrote, so that everything behind can trust it.

A value that comes back nests no deeper than `MAX_DEPTH` and holds no NUL, which
neither database can store as text; half surrogate pairs are refused as malformed.
"""

from collections.abc import Mapping
from typing import Any, cast

import orjson

from realmkit.errors import BadRequest

MAX_DEPTH = 100


def read_json(body: bytes, *, what: str = "The request body") -> object:
    """Decode JSON. Raises `BadRequest` when it is not UTF-8, malformed, too deep,
    or holds a NUL or half a surrogate pair. `what` names the thing in the message."""
    try:
        body.decode()
    except UnicodeDecodeError as exc:
        raise BadRequest(f"{what} is not UTF-8: byte {exc.start} is no text.") from exc
    try:
        value = cast("object", orjson.loads(body))
    except orjson.JSONDecodeError as exc:
        # orjson also says so of a lone surrogate and of nesting beyond its own limit.
        raise BadRequest(f"{what} is not valid JSON: {exc}.", title="Malformed JSON") from exc
    check_json(value, what=what)
    return value


def check_json(value: object, *, what: str, pointer: str = "") -> None:
    """Refuse decoded JSON that nests too deep or holds text no database can store."""
    if not _is_sound(value, 0):
        _check(value, what, pointer, 0)


def pointer_to(pointer: str, *members: str | int) -> str:
    """Extend a JSON pointer (RFC 6901)."""
    escaped = (str(member).replace("~", "~0").replace("/", "~1") for member in members)
    return "/".join([pointer, *escaped])


def json_kind(value: object) -> str:
    """What a decoded JSON value is, with its article, for error messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "text" if value else "an empty text"
    if isinstance(value, int | float):
        return "a number"
    return "an array" if isinstance(value, list) else "an object"


def expect_object(value: object, what: str, pointer: str) -> Mapping[str, Any]:
    """The members of a decoded JSON object. Raises `BadRequest` for anything else."""
    if not isinstance(value, dict):
        raise BadRequest(f"{what} must be an object, not {json_kind(value)}.", pointer=pointer)
    return cast("Mapping[str, Any]", value)


def expect_code_ref(value: object, pointer: str) -> Mapping[str, Any]:
    """The members of a code ref, `module` and `name` as text among them. Raises `BadRequest`."""
    ref = expect_object(value, "A code ref", pointer)
    for key in ("module", "name"):
        if not isinstance(ref.get(key), str) or not ref[key]:
            raise BadRequest(
                f"A code ref needs `module` and `name` as text; `{key}` is"
                f" {json_kind(ref.get(key))}.",
                pointer=pointer,
            )
    return ref


def _is_sound(value: object, depth: int) -> bool:
    """Whether `_check` surely says nothing. It keeps no pointers, for nearly all JSON is sound."""
    if isinstance(value, str):
        return value.isascii() and "\0" not in value
    if isinstance(value, dict):
        return depth < MAX_DEPTH and all(
            key.isascii() and "\0" not in key and _is_sound(member, depth + 1)
            for key, member in cast("dict[str, object]", value).items()
        )
    if isinstance(value, list):
        return depth < MAX_DEPTH and all(
            _is_sound(member, depth + 1) for member in cast("list[object]", value)
        )
    # What other mappings there are is for `_check` to look into.
    return not isinstance(value, Mapping)


def _check(value: object, what: str, pointer: str, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value, what, pointer)
    elif isinstance(value, Mapping):
        _check_depth(what, pointer, depth)
        for key, member in cast("Mapping[str, object]", value).items():
            _check_text(key, what, pointer)
            _check(member, what, pointer_to(pointer, key), depth + 1)
    elif isinstance(value, list):
        _check_depth(what, pointer, depth)
        for position, member in enumerate(cast("list[object]", value)):
            _check(member, what, pointer_to(pointer, position), depth + 1)


def _check_text(text: str, what: str, pointer: str) -> None:
    if "\0" in text:
        raise BadRequest(f"{what} holds a NUL character, which cannot be stored.", pointer=pointer)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise BadRequest(f"{what} holds half a surrogate pair.", pointer=pointer)


def _check_depth(what: str, pointer: str, depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise BadRequest(f"{what} nests deeper than {MAX_DEPTH} levels.", pointer=pointer)
