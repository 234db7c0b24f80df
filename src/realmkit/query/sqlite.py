"""SQLite's way into a search doc: JSON functions on text, and one function of our own.

`json_extract` gives booleans as 1 and 0 and objects as text, so every comparison also
asks for the JSON type. The comparison comes first: it is false for most rows, and
the type of those is then never looked at.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import orjson

from realmkit.query.dialect import Below, Comparison, Element, Spot
from realmkit.query.values import ComparedAs

FOLD = "realmkit_fold"


class _Connection(Protocol):
    def create_scalar_function(
        self,
        name: str,
        function: Callable[..., Any],
        numargs: int,
        /,
        *,
        deterministic: bool,
    ) -> None: ...


def register_functions(connection: _Connection) -> None:
    """Give a connection the functions that compiled queries call."""
    connection.create_scalar_function(FOLD, _fold, 1, deterministic=True)


def fold(text: str) -> str:
    """How text is folded before `contains` compares it; SQLite's `lower` knows ASCII only."""
    return text.lower()


def _fold(text: object) -> str | None:
    return fold(text) if isinstance(text, str) else None


class SqliteDialect:
    """Search docs as JSON text."""

    def path(self, names: tuple[str, ...]) -> object:
        return "$" + "".join(f".{orjson.dumps(name).decode()}" for name in names)

    def compare(
        self, spot: Spot, comparison: Comparison, value: str, compared_as: ComparedAs
    ) -> str:
        return f"({_value(spot)} {comparison} {value} AND {_has_type(spot, compared_as)})"

    def is_one_of(self, spot: Spot, values: str, compared_as: ComparedAs) -> str:
        return f"({_value(spot)} IN {self.texts(values)} AND {_has_type(spot, compared_as)})"

    def contains(self, spot: Spot, text: str) -> str:
        return f"({_has_type(spot, 'text')} AND instr({FOLD}({_value(spot)}), {text}) > 0)"

    def is_null(self, spot: Spot) -> str:
        if isinstance(spot, Element):
            return f"{spot.alias}.type = 'null'"
        return f"{_value(spot)} IS NULL"

    def elements(self, below: Below, alias: str, condition: str) -> str:
        return f"EXISTS (SELECT 1 FROM {_each(below, alias)} AND {condition})"

    def document_of(self, element: Element) -> str:
        # A text element is not JSON, and json functions refuse to read it.
        return f"CASE {element.alias}.type WHEN 'object' THEN {element.alias}.value END"

    def sort_value(self, spot: Spot, compared_as: ComparedAs) -> str:
        return f"CASE WHEN {_has_type(spot, compared_as)} THEN {_value(spot)} END"

    def extreme(self, below: Below, alias: str, value: str, which: Literal["min", "max"]) -> str:
        return f"(SELECT {which}({value}) FROM {_each(below, alias)})"

    def asked(self, values: str, examples: Sequence[str | int | float | bool]) -> str:
        count = len(examples)
        names = "".join(f", v{number}" for number in range(1, count + 1))
        columns = "".join(f", json_extract(value, '$[{number}]')" for number in range(count))
        return (
            f"asked (number{names}) AS MATERIALIZED (SELECT key{columns} FROM json_each({values}))"
        )

    def listed(self, values: str) -> str:
        return f"json_each({values})"

    def texts(self, values: str) -> str:
        return f"(SELECT value FROM json_each({values}))"


def _each(below: Below, alias: str) -> str:
    # json_each also lists the members of an object and a lone value; only the elements
    # of an array have whole numbers as keys.
    source = f"json_each({below.document}, {below.path}) {alias}"
    return f"{source} WHERE typeof({alias}.key) = 'integer'"


def _value(spot: Spot) -> str:
    if isinstance(spot, Element):
        return f"{spot.alias}.atom"
    return f"json_extract({spot.document}, {spot.path})"


def _has_type(spot: Spot, compared_as: ComparedAs) -> str:
    is_element = isinstance(spot, Element)
    kind = f"{spot.alias}.type" if is_element else f"json_type({spot.document}, {spot.path})"
    types = {
        "text": "= 'text'",
        "number": "IN ('integer', 'real')",
        "boolean": "IN ('true', 'false')",
    }
    return f"{kind} {types[compared_as]}"
