"""What a filter asks of the index's rows: its meaning with every path and value resolved.

A condition knows nothing of SQL or of a database. It is two-valued: it is true of an
entry or it is not, and `Negation` turns exactly that around. Conditions are plain
values, so that equal ones are recognised and asked once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from realmkit.query.matching import Words
from realmkit.query.search_rows import Kind

Comparison = Literal["=", ">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True)
class Key:
    """A value as rows hold it: text, or a number with the digits that a double has no room for."""

    kind: Kind
    number: float | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Within:
    """The value lies within every bound; all of them are of one kind."""

    bounds: tuple[tuple[Comparison, Key], ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these; all of them are of one kind."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Containing:
    """The value is a text with `folded` somewhere in it, once it is folded itself."""

    folded: str


@dataclass(frozen=True, slots=True)
class Present:
    """There is a value, of whatever kind; null is none."""


@dataclass(frozen=True, slots=True)
class AnyElement:
    """There is an element, null or not."""


@dataclass(frozen=True, slots=True)
class NullElement:
    """There is an element that is null."""


Test = Within | OneOf | Containing | Present | AnyElement | NullElement


@dataclass(frozen=True, slots=True)
class Constant:
    is_true: bool


@dataclass(frozen=True, slots=True)
class IsType:
    """The entry's definition has this type key, or descends from the one that has."""

    type_key: str


@dataclass(frozen=True, slots=True)
class Has:
    """A row at `path` passes the test; within `Each`, a row of its element."""

    path: str
    test: Test


@dataclass(frozen=True, slots=True)
class Each:
    """Some element at `path`, which ends with `[]`, satisfies a condition on its own rows."""

    path: str
    condition: "Condition"
    includes_null: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    """The entry's words are as asked. Each alternative wants at least one term."""

    words: Words


@dataclass(frozen=True, slots=True)
class All:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOne:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    condition: "Condition"


Condition = Constant | IsType | Has | Each | Matches | All | AnyOne | Negation

TRUE, FALSE = Constant(True), Constant(False)


def every(conditions: Iterator[Condition]) -> Condition:
    """Their conjunction, without what is constant or said twice."""
    kept: dict[Condition, None] = {}
    for condition in conditions:
        if condition == FALSE:
            return FALSE
        if isinstance(condition, All):
            kept |= dict.fromkeys(condition.conditions)
        elif condition != TRUE:
            kept[condition] = None
    if not kept:
        return TRUE
    return next(iter(kept)) if len(kept) == 1 else All(tuple(kept))


def any_one(conditions: Iterator[Condition]) -> Condition:
    """Their disjunction, without what is constant or said twice."""
    kept: dict[Condition, None] = {}
    for condition in conditions:
        if condition == TRUE:
            return TRUE
        if isinstance(condition, AnyOne):
            kept |= dict.fromkeys(condition.conditions)
        elif condition != FALSE:
            kept[condition] = None
    if not kept:
        return FALSE
    return next(iter(kept)) if len(kept) == 1 else AnyOne(tuple(kept))


def negation(condition: Condition) -> Condition:
    match condition:
        case Constant(is_true):
            return Constant(not is_true)
        case Negation(inner):
            return inner
        case _:
            return Negation(condition)


def simplified(condition: Condition, known: Callable[[Condition], bool | None]) -> Condition:
    """`condition` with those parts replaced whose truth is `known` without looking at rows."""
    truth = known(condition)
    if truth is not None:
        return Constant(truth)
    match condition:
        case All(conditions):
            return every(simplified(one, known) for one in conditions)
        case AnyOne(conditions):
            return any_one(simplified(one, known) for one in conditions)
        case Negation(inner):
            return negation(simplified(inner, known))
        case Each(_, inner):
            # Some element may satisfy what is always true, so that stays; what never is, goes.
            inner = simplified(inner, known)
            return FALSE if inner == FALSE else replace(condition, condition=inner)
        case _:
            return condition


def paths_of(condition: Condition) -> Iterator[str]:
    """Every path that a condition looks at."""
    match condition:
        case Has(path, _):
            yield path
        case Each(path, inner):
            yield path
            yield from paths_of(inner)
        case All(conditions) | AnyOne(conditions):
            for one in conditions:
                yield from paths_of(one)
        case Negation(inner):
            yield from paths_of(inner)
        case _:
            pass
