"""Compiling filters and sort keys to SQL expressions over `entries i`.

One walk resolves every path in every branch, so a filter that compiles is a valid
one. Everything a person wrote goes through `Params`; what differs between databases
is asked of the dialect. The meaning is two-valued throughout: a condition is true or
it is not, and `not` turns exactly that around.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

from realmkit.cards.code_refs import CARD_DEF, CodeRef
from realmkit.cards.definitions import Definition
from realmkit.errors import BadRequest
from realmkit.query.dialect import Below, Comparison, Dialect, Element, Spot
from realmkit.query.nodes import (
    AnyOf,
    Contains,
    Eq,
    Every,
    Filter,
    In,
    Item,
    Not,
    On,
    Range,
    SortKey,
    TypeIs,
)
from realmkit.query.params import Params
from realmkit.query.paths import FieldPath, PathResolver, Step
from realmkit.query.sqlite import fold
from realmkit.query.values import Comparable, ComparedAs, comparable, sorted_as

COMPARISONS: Mapping[str, Comparison] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
TRUE, FALSE = "TRUE", "FALSE"


@dataclass(frozen=True, slots=True)
class _Ground:
    """What paths are spoken of: a definition, and the JSON document they reach into.

    Inside `item` the document is one element, and `prefix` is the way to it from `on`.
    """

    on: CodeRef
    document: str
    prefix: tuple[str, ...] = ()


class ConditionCompiler:
    """Compiles the filters of one query; paths resolve with the definitions in `known`."""

    def __init__(
        self, known: Mapping[str, Definition | None], dialect: Dialect, params: Params
    ) -> None:
        self._paths = PathResolver(known)
        self._dialect = dialect
        self._params = params
        self._aliases = 0

    def condition(self, filter_: Filter) -> str:
        """The condition on `i` that `filter_` is; `TRUE` if it asks nothing."""
        return self._filter(filter_, _Ground(CARD_DEF, "i.search_doc"))

    def sort_value(self, key: SortKey) -> str | None:
        """What `i` is sorted by; None if nobody knows the definition that `key` speaks of."""
        pointer = f"{key.pointer}/by"
        path = self._paths.resolve(key.by, key.on or CARD_DEF, pointer, purpose="sort")
        if path is None:
            return None
        if path.leaf == "composite":
            raise BadRequest(
                f'"{key.by}" holds more than a plain value, so nothing can be sorted by it.',
                pointer=pointer,
            )
        which: Literal["min", "max"] = "min" if key.direction == "asc" else "max"
        return self._sort_value(path.steps, "i.search_doc", sorted_as(path.leaf), which)

    def _filter(self, filter_: Filter, ground: _Ground) -> str:
        match filter_:
            case TypeIs(ref):
                return self._is_a(ref)
            case On(ref, inner):
                return (
                    f"({self._is_a(ref)} AND {self._filter(inner, _Ground(ref, ground.document))})"
                )
            case Every(filters):
                return self._joined(" AND ", filters, TRUE, ground)
            case AnyOf(filters):
                return self._joined(" OR ", filters, FALSE, ground)
            case Not(inner):
                return f"({self._filter(inner, ground)}) IS NOT TRUE"
            case Item():
                return self._item(filter_, ground)
            case Eq(path, value, pointer):
                return self._in(In(path, (value,), pointer), ground)
            case In():
                return self._in(filter_, ground)
            case Contains():
                return self._contains(filter_, ground)
            case Range():
                return self._range(filter_, ground)

    def _joined(self, word: str, filters: tuple[Filter, ...], of_none: str, ground: _Ground) -> str:
        if not filters:
            return of_none
        return f"({word.join(self._filter(filter_, ground) for filter_ in filters)})"

    def _is_a(self, ref: CodeRef) -> str:
        return (
            f"EXISTS (SELECT 1 FROM index_types t WHERE t.type_key = {self._params.bind(ref.type_key)}"
            " AND t.realm_url = i.realm_url AND t.type = i.type AND t.url = i.url)"
        )

    def _in(self, node: In, ground: _Ground) -> str:
        """Equality with one value is `in` with a list of one."""
        path = self._resolve(node, ground)
        if path is None:
            return FALSE
        values = [comparable(one, path.leaf, node.path, node.pointer) for one in node.values]
        steps, document = path.steps, ground.document
        alternatives = [
            self._reach(steps, document, condition)
            for condition in self._memberships([one for one in values if one is not None])
        ]
        if None in values:
            alternatives.append(self._is_nothing(steps, document))
        if not alternatives:
            return FALSE
        return alternatives[0] if len(alternatives) == 1 else f"({' OR '.join(alternatives)})"

    def _memberships(self, values: Sequence[Comparable]) -> list[Callable[[Spot], str]]:
        """One condition for each kind of value: text, numbers and booleans never mix."""
        kinds: dict[ComparedAs, None] = dict.fromkeys(one.compared_as for one in values)
        return [
            self._membership([one.value for one in values if one.compared_as == kind], kind)
            for kind in kinds
        ]

    def _membership(
        self, values: Sequence[str | int | float | bool], compared_as: ComparedAs
    ) -> Callable[[Spot], str]:
        if len(values) == 1:
            value = self._params.compared(values[0])
            return lambda spot: self._dialect.compare(spot, "=", value, compared_as)
        listed = self._params.compared(orjson.dumps(values).decode())
        return lambda spot: self._dialect.is_one_of(spot, listed, compared_as)

    def _contains(self, node: Contains, ground: _Ground) -> str:
        path = self._resolve(node, ground)
        if path is None:
            return FALSE
        if path.leaf in ("number", "boolean", "composite"):
            raise BadRequest(
                f'`contains` looks into text, and "{node.path}" holds none.', pointer=node.pointer
            )
        text = self._params.compared(fold(node.text))
        return self._reach(
            path.steps, ground.document, lambda spot: self._dialect.contains(spot, text)
        )

    def _range(self, node: Range, ground: _Ground) -> str:
        path = self._resolve(node, ground)
        if path is None:
            return FALSE
        if path.leaf == "boolean":
            raise BadRequest(
                f'"{node.path}" is true or false, which no range orders.', pointer=node.pointer
            )
        bounds: list[tuple[Comparison, str, ComparedAs]] = []
        for name, limit in node.bounds:
            bound = comparable(limit, path.leaf, node.path, f"{node.pointer}/{name}")
            assert bound is not None
            value = self._params.compared(bound.value)
            bounds.append((COMPARISONS[name], value, bound.compared_as))

        def within(spot: Spot) -> str:
            return " AND ".join(self._dialect.compare(spot, *bound) for bound in bounds)

        return self._reach(path.steps, ground.document, within)

    def _item(self, node: Item, ground: _Ground) -> str:
        path = self._resolve(node, ground)
        if path is None:
            return FALSE
        if path.leaf != "composite" or not path.steps[-1].is_plural:
            raise BadRequest(
                f"`item` asks about the elements of a plural field of cards or composites, and"
                f' "{node.path}" is not one.',
                pointer=f"{node.pointer}/path",
            )

        def satisfies(spot: Spot) -> str:
            assert isinstance(spot, Element)
            prefix = (*ground.prefix, *node.path.split("."))
            inside = _Ground(ground.on, self._dialect.document_of(spot), prefix)
            return self._filter(node.filter, inside)

        return self._reach(path.steps, ground.document, satisfies)

    def _resolve(
        self, node: Eq | In | Contains | Range | Item, ground: _Ground
    ) -> FieldPath | None:
        whole = ".".join((*ground.prefix, node.path))
        path = self._paths.resolve(whole, ground.on, node.pointer, purpose="filter")
        if path is None:
            return None
        return FieldPath(path.steps[len(ground.prefix) :], path.leaf, path.element)

    # Reaching into documents. A path through plurals has many values; one of them suffices.

    def _reach(self, steps: Sequence[Step], document: str, condition: Callable[[Spot], str]) -> str:
        below, rest = self._next_spot(steps, document)
        if rest is None:
            return condition(below)
        alias = self._alias()
        element = Element(alias)
        if not rest:
            return self._dialect.elements(below, alias, condition(element))
        inner = self._reach(rest, self._dialect.document_of(element), condition)
        return self._dialect.elements(below, alias, inner)

    def _is_nothing(self, steps: Sequence[Step], document: str) -> str:
        """Whether a value is null or absent: an empty plural is one absent value."""
        below, rest = self._next_spot(steps, document)
        if rest is None:
            return self._dialect.is_null(below)
        alias = self._alias()
        element = Element(alias)
        inner = (
            self._is_nothing(rest, self._dialect.document_of(element))
            if rest
            else self._dialect.is_null(element)
        )
        is_empty = f"NOT {self._dialect.elements(below, alias, TRUE)}"
        return f"({is_empty} OR {self._dialect.elements(below, alias, inner)})"

    def _next_spot(
        self, steps: Sequence[Step], document: str
    ) -> tuple[Below, Sequence[Step] | None]:
        """Return the spot up to the next plural, and the steps beyond; None if there is none."""
        names: list[str] = []
        for position, step in enumerate(steps):
            names.append(step.name)
            if step.is_plural:
                return self._below(document, names), steps[position + 1 :]
        return self._below(document, names), None

    def _below(self, document: str, names: list[str]) -> Below:
        return Below(document, self._params.bind(self._dialect.path(tuple(names))))

    def _sort_value(
        self,
        steps: Sequence[Step],
        document: str,
        compared_as: ComparedAs,
        which: Literal["min", "max"],
    ) -> str:
        """A plural sorts by its least value, or by its greatest when the order descends."""
        below, rest = self._next_spot(steps, document)
        if rest is None:
            return self._dialect.sort_value(below, compared_as)
        alias = self._alias()
        element = Element(alias)
        if rest:
            inside = self._dialect.document_of(element)
            value = self._sort_value(rest, inside, compared_as, which)
        else:
            value = self._dialect.sort_value(element, compared_as)
        return self._dialect.extreme(below, alias, value, which)

    def _alias(self) -> str:
        self._aliases += 1
        return f"e{self._aliases}"
