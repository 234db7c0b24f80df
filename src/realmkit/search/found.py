"""Rows of the index as searches and link look-ups read them."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Found:
    """One entry. `error` is a JSON:API error object when its last visit failed."""

    realm_url: str
    url: str
    type: str
    resource: dict[str, Any] | None
    types: list[str]
    display_names: list[str]
    icon_html: str | None
    error: dict[str, Any] | None
    last_modified: int | None
    created_at: int | None
    generation: int

    @property
    def is_file(self) -> bool:
        return self.type == "file"

    @property
    def id(self) -> str:
        return self.url if self.is_file else card_id(self.url)

    @property
    def identifier(self) -> dict[str, str]:
        """The JSON:API resource identifier."""
        return {"type": "file-meta" if self.is_file else "card", "id": self.id}


def found(row: Row) -> Found:
    """Decode a row of `COLUMNS`."""
    realm_url, url, type_, resource, types, names, icon, error, modified, created, generation = row
    return Found(
        realm_url=realm_url,
        url=url,
        type=type_,
        resource=orjson.loads(resource) if resource else None,
        types=orjson.loads(types) if types else [],
        display_names=orjson.loads(names) if names else [],
        icon_html=icon,
        error=orjson.loads(error) if error else None,
        last_modified=modified,
        created_at=created,
        generation=generation,
    )
