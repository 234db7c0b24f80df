"""Shelves: the entries of a realm that are alike in everything a query's types can ask.

What a filter says of types is settled here, once for each shelf and before any SQL is
written. What is left is asked of the rows of those shelves where it can be true.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from realmkit.query.conditions import FALSE, Condition, Each, Has, IsType, simplified
from realmkit.query.nodes import Scope

TYPES: Mapping[Scope, Collection[str]] = {
    "cards": ("instance",),
    "files": ("file",),
    "all": ("instance", "file"),
}


class Health(IntEnum):
    """How the last visits of entries went."""

    WELL = 0
    BROKEN = 1
    """There is a document all the same: the last good one, or what the file holds."""
    EMPTY = 2
    """There is nothing but the error."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """`size` entries of one realm and one kind, with one adoption chain and the same health."""

    shelf_id: int
    realm_url: str
    type: str
    types: tuple[str, ...]
    health: Health
    size: int


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the index says of a query's realms and paths before a single row is read.

    A path that has no id is on no row.
    """

    shelves: tuple[Shelf, ...]
    path_ids: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Group:
    """Shelves of whose entries the same has still to be asked."""

    shelves: tuple[Shelf, ...]
    condition: Condition

    @property
    def size(self) -> int:
        return sum(shelf.size for shelf in self.shelves)

    @property
    def shelf_ids(self) -> tuple[int, ...]:
        return tuple(shelf.shelf_id for shelf in self.shelves)


def groups(
    condition: Condition, shelves: Iterable[Shelf], path_ids: Mapping[str, int]
) -> list[Group]:
    """Where `condition` can be true, and what is left of it there."""
    found: dict[Condition, list[Shelf]] = {}
    for shelf in shelves:
        left = simplified(condition, lambda part, shelf=shelf: _known(part, shelf, path_ids))
        if left != FALSE:
            found.setdefault(left, []).append(shelf)
    return [Group(tuple(alike), left) for left, alike in found.items()]


def in_scope(
    catalog: Catalog, scope: Scope, realm_urls: Sequence[str], *, with_errors: bool
) -> list[Shelf]:
    """The shelves that a search looks at, empty ones aside."""
    return [
        shelf
        for shelf in catalog.shelves
        if shelf.size
        and shelf.realm_url in realm_urls
        and shelf.type in TYPES[scope]
        and (shelf.health is Health.WELL or (with_errors and shelf.health is Health.BROKEN))
    ]


def _known(part: Condition, shelf: Shelf, path_ids: Mapping[str, int]) -> bool | None:
    match part:
        case IsType(type_key):
            return type_key in shelf.types
        case Has(path, _) | Each(path, _):
            return None if path in path_ids else False
        case _:
            return None
