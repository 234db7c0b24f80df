"""Making a query's value comparable with what a field holds in the search doc.

Values are compared as text, as numbers or as booleans, and never across. The
definition decides which; where it does not say, the value's own type does.
"""

import math
import re
from typing import Literal

from realmkit.cards.code_refs import CodeRef
from realmkit.cards.json_text import json_kind
from realmkit.errors import BadRequest
from realmkit.query.conditions import Key
from realmkit.query.forms import in_form
from realmkit.query.nodes import Value
from realmkit.query.paths import Leaf
from realmkit.query.search_rows import EXACT_BELOW, Kind, number_key, text_key

# The longest number that anything here is made to read.
MAX_DIGITS = 300
_WHOLE = re.compile(r"[+-]?[0-9]+")
# What JSON writes, and a sign or a bare point; not what one language or another reads besides.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def key_of(value: Value, leaf: Leaf, path: str, pointer: str) -> Key | None:
    """Return what rows hold in place of `value`; None is null. Raises `BadRequest` for a
    value that the field can never hold."""
    if value is None:
        return None
    match leaf:
        case "composite":
            raise BadRequest(
                f'"{path}" holds more than a plain value, so it can only be compared with null;'
                f' name a field of it behind "{path}.".',
                pointer=pointer,
            )
        case "number":
            return _number(value, path, pointer)
        case "boolean":
            return _boolean(value, path, pointer)
        case "date" | "datetime":
            return _date(value, leaf, path, pointer)
        case "email" | "phone-number":
            return _address(value, leaf, path, pointer)
        case "string" | "code-ref":
            return _text(value, path, pointer)
        case "json" | "unknown":
            return _as_it_is(value)


def bound_of(value: str | int | float, leaf: Leaf, path: str, pointer: str) -> Key | None:
    """The same for a bound of a range. A number orders no texts: `"10"` comes before `"9"`."""
    if leaf in ("string", "code-ref") and not isinstance(value, str):
        raise _holds_text(value, path, pointer)
    return key_of(value, leaf, path, pointer)


def sorted_as(leaf: Leaf) -> Kind:
    """How values of a field are put in order."""
    return {"number": Kind.NUMBER, "boolean": Kind.BOOLEAN}.get(leaf, Kind.TEXT)


def _number(value: Value, path: str, pointer: str) -> Key:
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Cards are run by JavaScript: a number of JSON is a double. Text may hold more.
        return _number_key(float(value))
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= MAX_DIGITS and _NUMBER.fullmatch(text):
            if _WHOLE.fullmatch(text):
                return _number_key(int(text))
            number = float(text)
            if math.isfinite(number):
                return _number_key(number)
    raise BadRequest(f'"{path}" holds numbers, and {_said(value)} is none.', pointer=pointer)


def _number_key(number: int | float) -> Key:
    nearest, digits = number_key(number)
    return Key(Kind.NUMBER, nearest, digits)


def _boolean(value: Value, path: str, pointer: str) -> Key:
    if value is True or value == "true":
        return Key(Kind.BOOLEAN, 1.0)
    if value is False or value == "false":
        return Key(Kind.BOOLEAN, 0.0)
    raise BadRequest(f'"{path}" is true or false, not {_said(value)}.', pointer=pointer)


def _date(value: Value, leaf: Literal["date", "datetime"], path: str, pointer: str) -> Key:
    text = in_form(value, leaf) if isinstance(value, str) else None
    if text is not None:
        return _text_key(text)
    kind, example = (
        ("days", "2026-11-23") if leaf == "date" else ("moments", "2026-11-23T09:30:00Z")
    )
    raise BadRequest(
        f'"{path}" holds {kind}, and {_said(value)} is none; one is written as {example}.',
        pointer=pointer,
    )


def _address(
    value: Value, leaf: Literal["email", "phone-number"], path: str, pointer: str
) -> Key | None:
    """An empty one is null, as it is in the search doc."""
    text = in_form(value, leaf) if isinstance(value, str) else None
    if text is None and isinstance(value, str) and not value.strip():
        return None
    if text is None:
        kind = "e-mail addresses" if leaf == "email" else "telephone numbers"
        raise BadRequest(f'"{path}" holds {kind}, and {_said(value)} is none.', pointer=pointer)
    return _text_key(text)


def _text(value: Value, path: str, pointer: str) -> Key:
    if isinstance(value, CodeRef):
        return _text_key(value.type_key)
    if isinstance(value, str):
        return _text_key(value)
    # Who asks for a code of digits may well write a number.
    if isinstance(value, int) and not isinstance(value, bool):
        return _text_key(str(value))
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_BELOW:
        return _text_key(str(int(value)))
    raise _holds_text(value, path, pointer)


def _holds_text(value: Value, path: str, pointer: str) -> BadRequest:
    return BadRequest(f'"{path}" holds text, and {_said(value)} is none.', pointer=pointer)


def _text_key(text: str) -> Key:
    return Key(Kind.TEXT, None, text_key(text))


def _as_it_is(value: Value) -> Key:
    if isinstance(value, CodeRef):
        return _text_key(value.type_key)
    if isinstance(value, bool):
        return Key(Kind.BOOLEAN, float(value))
    assert value is not None
    return _text_key(value) if isinstance(value, str) else _number_key(float(value))


def _said(value: Value) -> str:
    if isinstance(value, str):
        return f'"{value[:100]}"'
    return "a code ref" if isinstance(value, CodeRef) else json_kind(value)
