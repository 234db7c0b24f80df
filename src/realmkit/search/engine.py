"""Answering a query, and building the documents that cards are served as.

One statement finds the page, one counts the total, one more fetches HTML when it
is asked for; several realms are one search under one sort. What needs links or
query-backed fields goes through the link walker.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from realmkit.config import Realm
from realmkit.db import Database
from realmkit.files import FileStore
from realmkit.index import IndexStore
from realmkit.query import Query


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of results as JSON:API resources. `total` counts every match, not the page."""

    data: list[dict[str, Any]]
    total: int
    included: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Realms that could not be asked: `{realm, type, message}`."""

    def to_document(self) -> dict[str, Any]:
        """The body of `_search`: data, included, meta.page.total and meta.errors if any."""
        raise NotImplementedError


class SearchEngine:
    """Searches the mounted realms. `public_url` is the server's origin, no trailing slash."""

    def __init__(
        self,
        db: Database,
        index: IndexStore,
        files: Mapping[Realm, FileStore],
        *,
        public_url: str,
        link_depth: int = 5,
    ) -> None:
        raise NotImplementedError

    def parse(self, body: object, *, relative_to: str | None = None) -> Query:
        """Read a query body (decoded JSON) with this server's spellings. Raises `BadRequest`."""
        raise NotImplementedError

    async def search(
        self,
        realm_urls: Sequence[str],
        query: Query,
        *,
        with_included: bool = True,
        skip_query_backed_expansion: bool = False,
    ) -> SearchPage:
        """Answer `query` over `realm_urls` (which win over `query.realms`).

        Raises `BadRequest` naming a path no definition has. With `query.html`, each
        resource carries `meta.html`, `styles`, `displayName`, `iconHTML` and links are
        not walked. `with_included=False` walks no links either.
        """
        raise NotImplementedError

    async def search_ids(self, realm_urls: Sequence[str], query: Query) -> list[str]:
        """Return only the ids of the page, in order."""
        raise NotImplementedError

    async def card_document(
        self, id: str, *, skip_query_backed_expansion: bool = False
    ) -> dict[str, Any] | None:
        """Return the served document `{data, included?}` of the card, or None if the index
        has no such card. A broken card's document has `data.meta.error`."""
        raise NotImplementedError

    async def stored_documents(self, ids: Iterable[str]) -> dict[str, Any]:
        """Return `{data: [resources], meta: {missing: [{id,status,title,detail}]}}`, read from files."""
        raise NotImplementedError
