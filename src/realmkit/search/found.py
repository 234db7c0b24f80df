"""Rows of the index as searches and link look-ups read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from realmkit.cards.addresses import card_id
from realmkit.db import Dialect, Row
from realmkit.query.dialects import DIALECTS

COLUMNS = (
    "i.realm_url, i.url, i.type, i.pristine_doc, i.types, i.display_names, i.icon_html,"
    " i.error_doc, i.last_modified, i.resource_created_at, i.generation"
)

# What a link shows needs neither icon nor names.
_LINKED = COLUMNS.replace("i.display_names, i.icon_html", "NULL, NULL")


def by_url(dialect: Dialect) -> str:
    """A statement for the entries of a JSON array of URLs, in any realm."""
    is_wanted = DIALECTS[dialect].one_of_texts("i.url", "$1")
    return f"SELECT {_LINKED} FROM entries i WHERE {is_wanted}"


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
    def identifier(self) -> dict[str, str]:
        """The JSON:API resource identifier."""
        return {"type": "file-meta" if self.is_file else "card", "id": self.id}


def found(row: Row) -> Found:
    """Decode a row of `COLUMNS`."""
    realm_url, url, type_, resource, types, names, icon, error, modified, created, generation = row
    return Found(
        url if type_ == "file" else card_id(url),
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
