"""From filters as they were read to conditions on rows, by means of card definitions.

One walk resolves every path in every branch, so a filter that resolves is a valid one.
A path through plurals has many values, and one of them suffices; a path that ends at a
null, at nothing, or at an empty plural has null there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from realmkit.cards.code_refs import CARD_DEF, CodeRef
from realmkit.cards.definitions import Definition
from realmkit.cards.json_text import pointer_to
from realmkit.errors import BadRequest
from realmkit.query.conditions import (
    FALSE,
    AnyElement,
    Comparison,
    Condition,
    Containing,
    Each,
    Has,
    IsType,
    Key,
    Matches,
    NullElement,
    OneOf,
    Present,
    Within,
    any_one,
    every,
    negation,
    paths_of,
)
from realmkit.query.forms import in_form
from realmkit.query.matching import Alternative, Words
from realmkit.query.nodes import (
    AnyOf,
    Contains,
    Direction,
    Eq,
    Every,
    Filter,
    In,
    Item,
    MatchesText,
    Not,
    On,
    Page,
    Query,
    Range,
    Scope,
    SortKey,
    TypeIs,
    Value,
)
from realmkit.query.paths import (
    IS_CARD_INSTANCE_FILE,
    DefinitionsNeeded,
    FieldPath,
    PathResolver,
    Step,
)
from realmkit.query.search_rows import Kind, fold
from realmkit.query.values import bound_of, key_of, sorted_as

COMPARISONS: Mapping[str, Comparison] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, slots=True)
class GeneralOrder:
    """By a column that every entry has."""

    by: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class ValueOrder:
    """By the values of one kind at a path; a plural has its least, or its greatest when the
    order descends."""

    path: str
    kind: Kind
    direction: Direction

    @property
    def is_plural(self) -> bool:
        return "[]" in self.path


Order = GeneralOrder | ValueOrder


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query asks of any realm: nothing in it is left to be looked up in definitions."""

    condition: Condition
    order: tuple[Order, ...]
    words: Words
    """What the filter looks for in texts, wherever it does so."""
    page: Page
    scope: Scope

    @property
    def ranked_by(self) -> tuple[str, ...]:
        """Stems; entries with more of them in their title come first. None under a sort."""
        return () if self.order else self.words.stems

    @property
    def paths(self) -> frozenset[str]:
        """Every path that is looked at."""
        ordered = (order.path for order in self.order if isinstance(order, ValueOrder))
        return frozenset([*paths_of(self.condition), *ordered])


def resolve(query: Query, known: Mapping[str, Definition | None]) -> Asked:
    """Resolve `query` with the definitions in `known`.

    Raises `DefinitionsNeeded` for definitions that `known` does not mention, and
    `BadRequest` for paths and values that make no sense.
    """
    named = [*_named(query.filter), *(key.on for key in query.sort if key.on)]
    if unknown := [ref.type_key for ref in named if ref.type_key not in known]:
        # All of them at once, not as one after another is met.
        raise DefinitionsNeeded(unknown)
    paths = PathResolver(known)
    condition = _Conditions(paths).condition(query.filter)
    page = query.page
    if page.size is None and page.number:
        raise BadRequest("A page number needs a page size.", pointer="/page/number")
    order = tuple(_orders(query.sort, paths))
    words = Words(tuple(_wanted(query.filter)))
    return Asked(condition, order, words, page, query.scope)


def check_fields(
    query: Query, type_keys: Collection[str], known: Mapping[str, Definition | None]
) -> None:
    """Refuse names of sparse fields that none of these types has.

    Raises `BadRequest` and `DefinitionsNeeded` as `resolve` does.
    """
    definitions = [known[key] for key in sorted(type_keys)]
    refs = [definition.code_ref for definition in definitions if definition is not None]
    paths = PathResolver(known)
    for position, name in enumerate(query.fields or ()):
        refusal: BadRequest | None = None
        for ref in refs:
            try:
                paths.resolve(name, ref, f"/fields/card/{position}", purpose="list of fields")
            except BadRequest as exc:
                refusal = exc
            else:
                break
        else:
            if refusal is not None:
                raise refusal


def _orders(keys: Sequence[SortKey], paths: PathResolver) -> Iterator[Order]:
    for key in keys:
        if key.is_general:
            yield GeneralOrder(key.by, key.direction)
            continue
        pointer = f"{key.pointer}/by"
        path = paths.resolve(key.by, key.on or CARD_DEF, pointer, purpose="sort")
        if path is None:
            # Nobody knows the definition that the key speaks of.
            continue
        if path.leaf == "composite":
            raise BadRequest(
                f'"{key.by}" holds more than a plain value, so nothing can be sorted by it.',
                pointer=pointer,
            )
        yield ValueOrder(_row_path(path.steps), sorted_as(path.leaf), key.direction)


def _named(filter_: Filter) -> Iterator[CodeRef]:
    """The definitions that a filter names."""
    match filter_:
        case TypeIs(ref):
            yield ref
        case On(ref, inner):
            yield ref
            yield from _named(inner)
        case Every(filters) | AnyOf(filters):
            for one in filters:
                yield from _named(one)
        case Not(inner):
            yield from _named(inner)
        case _:
            pass


def _wanted(filter_: Filter) -> Iterator[Alternative]:
    match filter_:
        case MatchesText(words):
            yield from words.alternatives
        case Every(filters) | AnyOf(filters):
            for one in filters:
                yield from _wanted(one)
        case On(_, inner):
            yield from _wanted(inner)
        case _:
            pass


@dataclass(frozen=True, slots=True)
class _Ground:
    """The definition that paths begin at, and the way from it to the element that `item` asks
    about, if one does."""

    on: CodeRef
    prefix: tuple[str, ...] = ()


class _Conditions:
    def __init__(self, paths: PathResolver) -> None:
        self._paths = paths

    def condition(self, filter_: Filter) -> Condition:
        return self._filter(filter_, _Ground(CARD_DEF))

    def _filter(self, filter_: Filter, ground: _Ground) -> Condition:
        match filter_:
            case TypeIs(ref):
                return IsType(self._paths.type_key(ref))
            case On(ref, inner):
                conditions = [IsType(self._paths.type_key(ref)), self._filter(inner, _Ground(ref))]
                return every(iter(conditions))
            case Every(filters):
                # Resolved before they are joined: what cannot match is checked all the same.
                return every(iter([self._filter(one, ground) for one in filters]))
            case AnyOf(filters):
                return any_one(iter([self._filter(one, ground) for one in filters]))
            case Not(inner):
                return negation(self._filter(inner, ground))
            case MatchesText(words):
                return matches(words)
            case Item():
                return self._item(filter_, ground)
            case Eq(_, value, pointer):
                return self._is_one_of(filter_, ((value, pointer),), ground)
            case In(_, values, pointer):
                pointed = ((one, pointer_to(pointer, at)) for at, one in enumerate(values))
                return self._is_one_of(filter_, pointed, ground)
            case Contains():
                return self._contains(filter_, ground)
            case Range():
                return self._range(filter_, ground)

    def _is_one_of(
        self, node: Eq | In, values: Iterable[tuple[Value, str]], ground: _Ground
    ) -> Condition:
        """Equality with one of these (value, its pointer) pairs."""
        path = self._resolve(node, ground)
        if path is None:
            return FALSE
        keys = [key_of(one, path.leaf, node.path, pointer) for one, pointer in values]
        if node.path.rpartition(".")[2] == IS_CARD_INSTANCE_FILE:
            # Whoever it is not true of does not have it.
            is_true = Has(_row_path(path.steps), OneOf((Key(Kind.BOOLEAN, 1.0),)))
            asked = (is_true if key and key.number else negation(is_true) for key in keys)
            return any_one(asked)
        by_kind: dict[Kind, dict[Key, None]] = {}
        for key in keys:
            if key is not None:
                by_kind.setdefault(key.kind, {})[key] = None
        row_path = _row_path(path.steps)
        alternatives: list[Condition] = [
            Has(row_path, OneOf(tuple(one_kind))) for one_kind in by_kind.values()
        ]
        if None in keys:
            alternatives.append(_nothing(path.steps, len(ground.prefix)))
        return any_one(iter(alternatives))

    def _contains(self, node: Contains, ground: _Ground) -> Condition:
        path = self._resolve(node, ground)
        if path is None:
            return FALSE
        if path.leaf in ("number", "boolean", "composite"):
            raise BadRequest(
                f'`contains` looks into text, and "{node.path}" holds none.', pointer=node.pointer
            )
        # Of a number it is the digits that are looked for, however they are grouped.
        digits = in_form(node.text, path.leaf) if path.leaf == "phone-number" else None
        return Has(_row_path(path.steps), Containing(fold(digits or node.text)))

    def _range(self, node: Range, ground: _Ground) -> Condition:
        path = self._resolve(node, ground)
        if path is None:
            return FALSE
        if path.leaf == "boolean":
            raise BadRequest(
                f'"{node.path}" is true or false, which no range orders.', pointer=node.pointer
            )
        bounds: list[tuple[Comparison, Key]] = []
        for name, limit in node.bounds:
            key = bound_of(limit, path.leaf, node.path, f"{node.pointer}/{name}")
            if key is None:
                # An empty address is null, and nothing lies above or below that.
                return FALSE
            bounds.append((COMPARISONS[name], key))
        if len({key.kind for _, key in bounds}) > 1:
            # No value is a number and a text.
            return FALSE
        return Has(_row_path(path.steps), Within(tuple(bounds)))

    def _item(self, node: Item, ground: _Ground) -> Condition:
        path = self._resolve(node, ground)
        if path is None:
            return FALSE
        if path.leaf != "composite" or not path.steps[-1].is_plural:
            raise BadRequest(
                f"`item` asks about the elements of a plural field of cards or composites, and"
                f' "{node.path}" is not one.',
                pointer=_pointer(node),
            )
        inside = _Ground(ground.on, (*ground.prefix, *node.path.split(".")))
        return Each(_row_path(path.steps), self._filter(node.filter, inside))

    def _resolve(
        self, node: Eq | In | Contains | Range | Item, ground: _Ground
    ) -> FieldPath | None:
        whole = ".".join((*ground.prefix, node.path))
        return self._paths.resolve(whole, ground.on, _pointer(node), purpose="filter")


def _pointer(node: Eq | In | Contains | Range | Item) -> str:
    """Where a filter names its path."""
    return f"{node.pointer}/path" if isinstance(node, Item) else node.pointer


def matches(words: Words) -> Condition:
    """`words` as conditions: what has no wanted term is the absence of the unwanted."""
    plain = [each for each in words.alternatives if each.wanted]
    negative = [each for each in words.alternatives if not each.wanted]
    conditions: list[Condition] = [Matches(Words(tuple(plain)))] if plain else []
    for each in negative:
        unwanted = Words(tuple(Alternative((term,), ()) for term in each.unwanted))
        conditions.append(negation(Matches(unwanted)))
    return any_one(iter(conditions))


def _row_path(steps: Sequence[Step]) -> str:
    return ".".join(f"{step.name}[]" if step.is_plural else step.name for step in steps)


def _nothing(steps: Sequence[Step], start: int) -> Condition:
    """Whether the value at `steps` is null, seen from the element that `steps[:start]` leads to."""
    for position in range(start, len(steps)):
        if not steps[position].is_plural:
            continue
        elements = _row_path(steps[: position + 1])
        is_empty = negation(Has(elements, AnyElement()))
        if position == len(steps) - 1:
            return any_one(iter([is_empty, Has(elements, NullElement())]))
        inside = Each(elements, _nothing(steps, position + 1), includes_null=True)
        return any_one(iter([is_empty, inside]))
    # A value of any JSON may be an array, which only its elements have rows for.
    path = _row_path(steps)
    present = [Has(path, Present()), Has(f"{path}[]", AnyElement())]
    return negation(any_one(iter(present)))
