"""PostgreSQL's way into a search doc: `jsonb`, with every value cast to what it is compared as.

A value of another kind becomes null before it is cast, so no cast can fail. Text is
compared byte by byte, as SQLite does, and numbers as the doubles that JavaScript wrote.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from realmkit.query.dialect import Below, Comparison, Element, Spot
from realmkit.query.values import ComparedAs

JSON_TYPES: Mapping[ComparedAs, str] = {"text": "string", "number": "number", "boolean": "boolean"}
CASTS: Mapping[ComparedAs, str] = {"text": "text", "number": "float8", "boolean": "boolean"}


class PathLiteral(str):
    """A path as an array literal: a kind of its own, for parameters have one type each."""

    __slots__ = ()


class PostgresDialect:
    """Search docs as `jsonb`."""

    def path(self, names: tuple[str, ...]) -> object:
        escaped = (name.replace("\\", "\\\\").replace('"', '\\"') for name in names)
        return PathLiteral("{" + ",".join(f'"{name}"' for name in escaped) + "}")

    def compare(
        self, spot: Spot, comparison: Comparison, value: str, compared_as: ComparedAs
    ) -> str:
        return f"({_typed(spot, compared_as)} {comparison} {value}::{CASTS[compared_as]})"

    def is_one_of(self, spot: Spot, values: str, compared_as: ComparedAs) -> str:
        members = (
            f"(SELECT member::{CASTS[compared_as]}"
            f" FROM jsonb_array_elements_text({values}::text::jsonb) member)"
        )
        return f"({_typed(spot, compared_as)} IN {members})"

    def contains(self, spot: Spot, text: str) -> str:
        return f"(strpos(realmkit_fold({_typed(spot, 'text')}), {text}::text) > 0)"

    def is_null(self, spot: Spot) -> str:
        return f"coalesce(jsonb_typeof({_json(spot)}), 'null') = 'null'"

    def elements(self, below: Below, alias: str, condition: str) -> str:
        return f"EXISTS (SELECT 1 FROM {_each(below, alias)} WHERE {condition})"

    def document_of(self, element: Element) -> str:
        # `#>` would reach into an array by position.
        value = f"{element.alias}.value"
        return f"CASE jsonb_typeof({value}) WHEN 'object' THEN {value} END"

    def sort_value(self, spot: Spot, compared_as: ComparedAs) -> str:
        # Booleans have no least or greatest here; as numbers they do.
        typed = _typed(spot, compared_as)
        return f"{typed}::integer" if compared_as == "boolean" else typed

    def extreme(self, below: Below, alias: str, value: str, which: Literal["min", "max"]) -> str:
        return f"(SELECT {which}({value}) FROM {_each(below, alias)})"

    def asked(self, values: str, examples: Sequence[str | int | float | bool]) -> str:
        names = "".join(f", v{number}" for number in range(1, len(examples) + 1))
        columns = "".join(
            f", (value ->> {number})::{CASTS[_kind(example)]}"
            for number, example in enumerate(examples)
        )
        return (
            f"asked (number{names}) AS MATERIALIZED (SELECT number - 1{columns}"
            f" FROM jsonb_array_elements({values}::text::jsonb)"
            " WITH ORDINALITY AS each (value, number))"
        )

    def listed(self, values: str) -> str:
        return f"jsonb_array_elements({values}::text::jsonb)"

    def texts(self, values: str) -> str:
        return f"(SELECT jsonb_array_elements_text({values}::text::jsonb))"


def _typed(spot: Spot, compared_as: ComparedAs) -> str:
    """The spot's value, null if it is of another kind."""
    json = _json(spot)
    if compared_as == "text":
        value = f"{json} #>> '{{}}'"
        return f"(CASE jsonb_typeof({json}) WHEN 'string' THEN {value} END COLLATE \"C\")"
    kind, cast = JSON_TYPES[compared_as], CASTS[compared_as]
    return f"(CASE jsonb_typeof({json}) WHEN '{kind}' THEN ({json})::{cast} END)"


def _each(below: Below, alias: str) -> str:
    json = _json(below)
    array = f"CASE jsonb_typeof({json}) WHEN 'array' THEN {json} END"
    return f"jsonb_array_elements({array}) {alias} (value)"


def _json(spot: Spot) -> str:
    if isinstance(spot, Element):
        return f"{spot.alias}.value"
    return f"({spot.document} #> {spot.path}::text[])"


def _kind(example: str | int | float | bool) -> ComparedAs:
    if isinstance(example, bool):
        return "boolean"
    return "text" if isinstance(example, str) else "number"
