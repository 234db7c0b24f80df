"""Rows of the index as searches and link look-ups read them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from realmkit.cards.addresses import card_id, instance_url
from realmkit.db import Database, Dialect, Row, load_sql

SQL: dict[Dialect, Mapping[str, str]] = {
    "sqlite": load_sql(__package__ or "", "found.sql", "sqlite"),
    "postgres": load_sql(__package__ or "", "found.sql", "postgres"),
}
COLUMNS = SQL["sqlite"]["columns"]
GENERATION = SQL["sqlite"]["generation"]
"""A number that every commit to any realm's index raises, as an SQL expression."""


def urls_of(id: str, resource_type: str | None = None) -> tuple[str, ...]:
    """Where what has this id may lie: a card, a file, or either as long as that is not known."""
    match resource_type:
        case "card":
            return (instance_url(id),)
        case "file-meta":
            return (id,)
        case _:
            return instance_url(id), id


async def look_up(db: Database, urls: Iterable[str]) -> "list[Found]":
    """What the index has at these URLs, as cards and as files, in any realm: one statement."""
    distinct = list(dict.fromkeys(urls))
    if not distinct:
        return []
    wanted = (orjson.dumps(distinct).decode(),)
    return [found(row) for row in await db.read(SQL[db.dialect]["by_url"], wanted)]


def id_of(url: str, type_: str) -> str:
    """The id of the entry with this URL and type."""
    return url if type_ == "file" else card_id(url)


def resource_type_of(type_: str) -> str:
    """JSON:API's type of an entry of this type."""
    return "file-meta" if type_ == "file" else "card"


# Not frozen: hundreds are made for one document, and that would make each three times as slow.
@dataclass(slots=True)
class Found:
    """One entry. `error` is a JSON:API error object when its last visit failed."""

    id: str
    realm_url: str
    url: str
    type: str
    resource: dict[str, Any] | None
    types: Sequence[str]
    display_names: Sequence[str]
    icon_html: str | None
    error: dict[str, Any] | None
    last_modified: int | None
    created_at: int | None
    generation: int

    @property
    def is_file(self) -> bool:
        return self.type == "file"

    @property
    def resource_type(self) -> str:
        """JSON:API's type of it."""
        return resource_type_of(self.type)

    @property
    def identifier(self) -> dict[str, str]:
        """The JSON:API resource identifier."""
        return {"type": self.resource_type, "id": self.id}


def found(row: Row) -> Found:
    """Decode a row of `COLUMNS`."""
    realm_url, url, type_, resource, types, names, icon, error, modified, created, generation = row
    return Found(
        id_of(url, type_),
        realm_url,
        url,
        type_,
        orjson.loads(resource) if resource else None,
        _texts(types) if types else (),
        _texts(names) if names else (),
        icon,
        orjson.loads(error) if error else None,
        modified,
        created,
        generation,
    )


# Cards of one definition say the same.
@lru_cache(maxsize=1_000)
def _texts(array: str) -> tuple[str, ...]:
    return tuple(orjson.loads(array))
