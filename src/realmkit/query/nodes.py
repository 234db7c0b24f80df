"""What a query is once it has been read: small frozen nodes, nothing resolved yet.

Paths are kept as the author wrote them, code refs are resolved and folded, and
every node remembers its JSON pointer, so that a later complaint can name it.
"""

from dataclasses import dataclass
from typing import Literal

from realmkit.cards.code_refs import CodeRef
from realmkit.query.matching import Words

Scalar = str | int | float | bool | None
Value = Scalar | CodeRef
Format = Literal["isolated", "embedded", "fitted", "atom", "head", "edit"]
Scope = Literal["cards", "files", "all"]
Direction = Literal["asc", "desc"]

GENERAL_SORT_KEYS = ("lastModified", "createdAt", "cardURL")
"""What every entry can be sorted by."""


@dataclass(frozen=True, slots=True)
class TypeIs:
    """The card's definition is `ref` or descends from it."""

    ref: CodeRef


@dataclass(frozen=True, slots=True)
class Eq:
    """The value at `path` equals `value`; null equals null and absent."""

    path: str
    value: Value
    pointer: str


@dataclass(frozen=True, slots=True)
class In:
    """The value at `path` equals one of `values`. No values, no match."""

    path: str
    values: tuple[Value, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Contains:
    """The text at `path` contains `text`, whatever the case of either."""

    path: str
    text: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Range:
    """One value at `path` lies within every bound: pairs of gt, gte, lt, lte and a limit."""

    path: str
    bounds: tuple[tuple[Literal["gt", "gte", "lt", "lte"], str | int | float], ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class MatchesText:
    """The card's texts have these words."""

    words: Words


@dataclass(frozen=True, slots=True)
class Every:
    filters: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    filters: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True wherever `filter` is not true, null and absent included."""

    filter: "Filter"


@dataclass(frozen=True, slots=True)
class On:
    """The card is a `ref`, and the paths in `filter` are paths of that definition."""

    ref: CodeRef
    filter: "Filter"


@dataclass(frozen=True, slots=True)
class Item:
    """One element of the plural at `path` satisfies `filter`, whose paths begin at the element."""

    path: str
    filter: "Filter"
    pointer: str


Filter = TypeIs | Eq | In | Contains | Range | MatchesText | Every | AnyOf | Not | On | Item


@dataclass(frozen=True, slots=True)
class SortKey:
    """One sort key: a general key, or a path of `on` (of any card, if that is None)."""

    by: str
    on: CodeRef | None
    direction: Direction
    pointer: str
    is_general: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """`number` counts from 0; `size` None is everything."""

    number: int = 0
    size: int | None = None


@dataclass(frozen=True, slots=True)
class HTMLRequest:
    """Which prerendered HTML comes with each result; `render_type` None is its native type."""

    format: Format = "fitted"
    render_type: CodeRef | None = None


@dataclass(frozen=True, slots=True)
class Query:
    filter: Filter = Every(())
    sort: tuple[SortKey, ...] = ()
    page: Page = Page()
    realms: tuple[str, ...] | None = None
    """Realm URLs with a trailing slash; None when the query names none."""
    fields: tuple[str, ...] | None = None
    """Names of a sparse card resource's fields; None is all of them."""
    scope: Scope = "cards"
    html: HTMLRequest | None = None
