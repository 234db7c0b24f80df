"""Making a query's value comparable with what a field holds in the search doc.

Values are compared as text, as numbers or as booleans, and never across. The
definition decides which; where it does not say, the value's own type does.
"""

import math
from dataclasses import dataclass
from typing import Literal

from realmkit.cards.code_refs import CodeRef
from realmkit.cards.json_text import json_kind
from realmkit.errors import BadRequest
from realmkit.query.nodes import Value
from realmkit.query.paths import Leaf

ComparedAs = Literal["text", "number", "boolean"]


@dataclass(frozen=True, slots=True)
class Comparable:
    """A value to bind, and how it is compared."""

    value: str | int | float | bool
    compared_as: ComparedAs


def comparable(value: Value, leaf: Leaf, path: str, pointer: str) -> Comparable | None:
    """Return what to compare `value` with; None is null. Raises `BadRequest` for a value
    that the field can never hold."""
    if value is None:
        return None
    match leaf:
        case "composite":
            raise BadRequest(
                f'"{path}" holds more than a plain value, so it can only be compared with null;'
                f' name a field of it, as in "{path}.id".',
                pointer=pointer,
            )
        case "number":
            return _number(value, path, pointer)
        case "boolean":
            return _boolean(value, path, pointer)
        case "string" | "date" | "datetime" | "code-ref":
            return _text(value, path, pointer)
        case "json" | "unknown":
            return _as_it_is(value)


def sorted_as(leaf: Leaf) -> ComparedAs:
    """How values of a field are put in order."""
    return "number" if leaf == "number" else "boolean" if leaf == "boolean" else "text"


def _number(value: Value, path: str, pointer: str) -> Comparable:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Comparable(_as_javascript(value), "number")
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            is_whole = number.is_integer() and abs(number) < 2**53
            return Comparable(int(number) if is_whole else number, "number")
    raise BadRequest(f'"{path}" holds numbers, and {_said(value)} is none.', pointer=pointer)


def _boolean(value: Value, path: str, pointer: str) -> Comparable:
    if isinstance(value, bool):
        return Comparable(value, "boolean")
    if value in ("true", "false"):
        return Comparable(value == "true", "boolean")
    raise BadRequest(f'"{path}" is true or false, not {_said(value)}.', pointer=pointer)


def _text(value: Value, path: str, pointer: str) -> Comparable:
    if isinstance(value, CodeRef):
        return Comparable(value.type_key, "text")
    if isinstance(value, str):
        return Comparable(value, "text")
    if isinstance(value, int) and not isinstance(value, bool):
        return Comparable(str(value), "text")
    raise BadRequest(f'"{path}" holds text, and {_said(value)} is none.', pointer=pointer)


def _as_it_is(value: Value) -> Comparable:
    if isinstance(value, CodeRef):
        return Comparable(value.type_key, "text")
    if isinstance(value, bool):
        return Comparable(value, "boolean")
    assert value is not None
    if isinstance(value, str):
        return Comparable(value, "text")
    return Comparable(_as_javascript(value), "number")


def _as_javascript(number: int | float) -> int | float:
    """Cards are run by JavaScript, whose numbers are doubles: so are those of a search doc."""
    return number if abs(number) < 2**53 else float(number)


def _said(value: Value) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return "a code ref" if isinstance(value, CodeRef) else json_kind(value)
