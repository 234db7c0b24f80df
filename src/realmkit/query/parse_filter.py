"""Reading a filter: one operator a node, `type` and `on` beside it, nothing unknown.

The number of nodes and their depth are limited, so that neither this reader nor a
database meets an expression it cannot hold.
"""

from collections.abc import Mapping
from typing import Any, Literal, cast

from realmkit.cards.code_refs import CodeRef, ModuleNames
from realmkit.cards.json_text import expect_code_ref, expect_object, json_kind, pointer_to
from realmkit.cards.near_miss import did_you_mean
from realmkit.errors import BadRequest
from realmkit.query.matching import read_words
from realmkit.query.nodes import (
    AnyOf,
    Contains,
    Eq,
    Every,
    Filter,
    In,
    Item,
    MatchesText,
    Not,
    On,
    Range,
    TypeIs,
    Value,
)

MAX_DEPTH = 32
MAX_NODES = 300
MAX_IN_VALUES = 10_000
LARGEST_NUMBER = 1e300

OPERATORS = ("eq", "in", "contains", "range", "matches", "every", "any", "not", "item")
ANCHORS = ("type", "on")
BOUNDS = ("gt", "gte", "lt", "lte")

_Bound = tuple[Literal["gt", "gte", "lt", "lte"], str | int | float]


class FilterReader:
    """Reads filters whose code refs resolve against `relative_to`."""

    def __init__(self, names: ModuleNames, relative_to: str | None) -> None:
        self._names = names
        self._relative_to = relative_to
        self._nodes = 0

    def read(self, value: object, pointer: str) -> Filter:
        return self._read(value, pointer, depth=0, in_item=False)

    def code_ref(self, value: object, pointer: str) -> CodeRef:
        members = expect_code_ref(value, pointer)
        if self._relative_to is None and members["module"].startswith((".", "/")):
            raise BadRequest(
                f"`{members['module']}` is relative, and there is nothing it could be relative to.",
                pointer=pointer_to(pointer, "module"),
            )
        return self._names.resolve(members, self._relative_to)

    def _read(self, value: object, pointer: str, *, depth: int, in_item: bool) -> Filter:
        self._count_node(pointer, depth)
        members = expect_object(value, "A filter", pointer)
        operator = _operator(members, pointer)
        if in_item and any(anchor in members for anchor in ANCHORS):
            raise BadRequest(
                "Inside `item` every path begins at the element, so there is no `type` or `on`.",
                pointer=pointer,
            )
        anchor = next((name for name in ("on", "type") if name in members), None)
        if anchor is None:
            assert operator is not None
            return self._operand(operator, members[operator], pointer, depth, in_item)
        ref = self.code_ref(members[anchor], pointer_to(pointer, anchor))
        if operator is None:
            return TypeIs(ref)
        operand = self._operand(operator, members[operator], pointer, depth, in_item)
        return On(ref, operand)

    def _operand(
        self, operator: str, value: object, pointer: str, depth: int, in_item: bool
    ) -> Filter:
        place = pointer_to(pointer, operator)
        match operator:
            case "every":
                return Every(self._list(operator, value, place, depth, in_item))
            case "any":
                return AnyOf(self._list(operator, value, place, depth, in_item))
            case "not":
                return Not(self._read(value, place, depth=depth + 1, in_item=in_item))
            case "item":
                return self._item(value, place, depth)
            case "matches":
                return _matches(value, place, in_item=in_item)
            case _:
                return self._fields(operator, value, place, depth)

    def _list(
        self, operator: str, value: object, pointer: str, depth: int, in_item: bool
    ) -> tuple[Filter, ...]:
        if not isinstance(value, list):
            raise BadRequest(
                f"`{operator}` must be an array of filters, not {json_kind(value)}.",
                pointer=pointer,
            )
        return tuple(
            self._read(one, pointer_to(pointer, position), depth=depth + 1, in_item=in_item)
            for position, one in enumerate(cast("list[object]", value))
        )

    def _item(self, value: object, pointer: str, depth: int) -> Filter:
        members = dict(expect_object(value, "`item`", pointer))
        path = members.pop("path", None)
        if not isinstance(path, str) or not path:
            raise BadRequest(
                "`item` needs the `path` of the plural field whose elements it asks about.",
                pointer=pointer,
            )
        return Item(path, self._read(members, pointer, depth=depth + 1, in_item=True), pointer)

    def _fields(self, operator: str, value: object, pointer: str, depth: int) -> Filter:
        """Read `{<path>: <operand>, ...}`; several paths are a conjunction."""
        members = expect_object(value, f"`{operator}`", pointer)
        if not members:
            raise BadRequest(f"`{operator}` names no field.", pointer=pointer)
        filters: list[Filter] = []
        for path, operand in members.items():
            place = pointer_to(pointer, path)
            self._count_node(place, depth)
            filters.append(self._field(operator, path, operand, place))
        return filters[0] if len(filters) == 1 else Every(tuple(filters))

    def _field(self, operator: str, path: str, operand: object, pointer: str) -> Filter:
        match operator:
            case "eq":
                return Eq(path, self._value(operand, pointer), pointer)
            case "in":
                return self._in(path, operand, pointer)
            case "contains":
                # Null means the same under `contains` as under `eq`.
                if operand is None:
                    return Eq(path, None, pointer)
                if not isinstance(operand, str):
                    raise BadRequest(
                        f"`contains` looks for text, not {json_kind(operand)}.", pointer=pointer
                    )
                return Contains(path, operand, pointer)
            case _:
                return self._range(path, operand, pointer)

    def _in(self, path: str, operand: object, pointer: str) -> In:
        if not isinstance(operand, list):
            raise BadRequest(
                f"`in` must be an array of values, not {json_kind(operand)}.", pointer=pointer
            )
        values = cast("list[object]", operand)
        if len(values) > MAX_IN_VALUES:
            raise BadRequest(f"`in` holds at most {MAX_IN_VALUES} values.", pointer=pointer)
        return In(
            path,
            tuple(
                self._value(value, pointer_to(pointer, position))
                for position, value in enumerate(values)
            ),
            pointer,
        )

    def _range(self, path: str, operand: object, pointer: str) -> Range:
        members = expect_object(operand, "A range", pointer)
        if not members:
            raise BadRequest("A range needs gt, gte, lt or lte.", pointer=pointer)
        bounds: list[_Bound] = []
        for name, limit in members.items():
            place = pointer_to(pointer, name)
            if name not in BOUNDS:
                raise BadRequest(
                    f'Unknown bound "{name}"; a range has gt, gte, lt and lte.', pointer=place
                )
            if limit is None:
                raise BadRequest(
                    "'null' is not a permitted value in a 'range' filter", pointer=place
                )
            if isinstance(limit, bool) or not isinstance(limit, str | int | float):
                raise BadRequest(
                    f"A bound is text or a number, not {json_kind(limit)}.", pointer=place
                )
            bounds.append((name, limit if isinstance(limit, str) else _number(limit, place)))
        return Range(path, tuple(bounds), pointer)

    def _value(self, value: object, pointer: str) -> Value:
        if value is None or isinstance(value, str | bool):
            return value
        if isinstance(value, int | float):
            return _number(value, pointer)
        if isinstance(value, dict):
            return self.code_ref(cast("dict[str, Any]", value), pointer)
        raise BadRequest("An array cannot be compared; use `in`.", pointer=pointer)

    def _count_node(self, pointer: str, depth: int) -> None:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise BadRequest(f"The filter nests deeper than {MAX_DEPTH} levels.", pointer=pointer)
        if self._nodes > MAX_NODES:
            raise BadRequest(f"The filter has more than {MAX_NODES} conditions.", pointer=pointer)


def _matches(value: object, pointer: str, *, in_item: bool) -> MatchesText:
    if in_item:
        raise BadRequest(
            "`matches` reads the whole card, so it cannot be asked of one element.",
            pointer=pointer,
        )
    if not isinstance(value, str):
        raise BadRequest(
            f"`matches` looks for words in text, not {json_kind(value)}.", pointer=pointer
        )
    return MatchesText(read_words(value, pointer))


def _operator(members: Mapping[str, Any], pointer: str) -> str | None:
    """Return the node's one operator; None if it only names a type."""
    for name in members:
        if name not in OPERATORS and name not in ANCHORS:
            raise BadRequest(
                f'Unknown operator "{name}".{did_you_mean(name, (*OPERATORS, *ANCHORS))}',
                pointer=pointer_to(pointer, name),
            )
    operators = [name for name in OPERATORS if name in members]
    if len(operators) > 1:
        raise BadRequest(
            f"A filter has one operator, and this one has {' and '.join(operators)};"
            " put each in its own filter under `every`.",
            pointer=pointer,
        )
    if not members:
        raise BadRequest("An empty filter asks nothing.", pointer=pointer)
    return operators[0] if operators else None


def _number(value: int | float, pointer: str) -> int | float:
    """Numbers that a 64-bit column cannot hold become floats, as they do in JSON columns."""
    if abs(value) > LARGEST_NUMBER or value != value:
        raise BadRequest("That number is too large to compare.", pointer=pointer)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    return value
