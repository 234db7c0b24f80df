"""Asking servers of cards that know nothing but GET and `_search`, as Boxel's do.

Cards of one realm are a search by ids, or a plain GET where it is only one card or where
nobody knows yet which realm a card lies in: the first card's answer says it.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from realmkit.cards.addresses import card_id
from realmkit.search.other_servers import JSONClient, Unreachable
from realmkit.search.remote_resources import checked_resource, resource_of_realm
from realmkit.search.served import Resource

IDS_A_SEARCH = 200
MOST_GETS = 20
"""How many cards of a server that names no realm are asked for one by one."""
MOST_REALMS = 10_000
_REALM_URL = re.compile(r"https?://[^/?#]+/(?:[^?#]+/)?")

Answers = dict[str, Resource | Unreachable]
"""By id as given."""


class PlainPeers:
    """Remembers which realms there are from what they answer."""

    def __init__(self, client: JSONClient) -> None:
        self._client = client
        self._realm_urls: dict[str, None] = {}

    def realm_of(self, id: str) -> str | None:
        """The known realm that `id` lies in."""
        return max((url for url in self._realm_urls if id.startswith(url)), key=len, default=None)

    def remember(self, realm_url: str | None, id: str) -> None:
        """A realm named itself, answering for `id`."""
        if realm_url and _REALM_URL.fullmatch(realm_url) and id.startswith(realm_url):
            if len(self._realm_urls) >= MOST_REALMS:
                self._realm_urls.clear()
            self._realm_urls[realm_url] = None

    async def search(self, realm_url: str, query: Mapping[str, Any]) -> list[Resource]:
        """The page that `query` finds. Raises `Unreachable`."""
        document, _ = await self._client.ask("QUERY", f"{realm_url}_search", query)
        data = document.get("data") if isinstance(document, dict) else None
        if not isinstance(data, list):
            raise Unreachable("unknown", f"{realm_url} answered a search with no list of results.")
        self.remember(realm_url, realm_url)
        return [resource_of_realm(one, realm_url) for one in cast("list[object]", data)]

    async def of_realm(self, realm_url: str, ids: Sequence[str]) -> Answers:
        """Cards of a realm that is known."""
        if len(ids) == 1:
            return {ids[0]: await self.get(ids[0])}
        pieces = [ids[at : at + IDS_A_SEARCH] for at in range(0, len(ids), IDS_A_SEARCH)]
        found = await asyncio.gather(*(self._by_ids(realm_url, piece) for piece in pieces))
        return {id: one for piece in found for id, one in piece.items()}

    async def get(self, id: str) -> Resource | Unreachable:
        """One card by its own address."""
        try:
            document, headers = await self._client.ask("GET", card_id(id))
            data = document.get("data") if isinstance(document, dict) else None
            resource = checked_resource(data, card_id(id))
        except Unreachable as exc:
            return exc
        if resource["id"] != card_id(id):
            return Unreachable(
                "unknown", f"{card_id(id)} was answered with another card's document."
            )
        self.remember(headers.get("x-boxel-realm-url"), id)
        return resource

    async def one_by_one(self, ids: Sequence[str]) -> Answers:
        """The first few of them by their own addresses."""
        asked = ids[:MOST_GETS]
        found = await asyncio.gather(*(self.get(id) for id in asked))
        too_many = f"Only {MOST_GETS} cards of one server are asked for one by one."
        return {
            **dict(zip(asked, found, strict=True)),
            **dict.fromkeys(ids[MOST_GETS:], Unreachable("network", too_many)),
        }

    async def _by_ids(self, realm_url: str, ids: Sequence[str]) -> Answers:
        query = {
            "filter": {"in": {"id": [card_id(id) for id in ids]}},
            "scope": "all",
            "page": {"size": 2 * len(ids)},
        }
        try:
            resources = await self.search(realm_url, query)
        except Unreachable as exc:
            if exc.status in (400, 404, 405):
                # It holds cards and knows no such search: one by one, then.
                return await self.one_by_one(ids)
            return dict.fromkeys(ids, exc)
        by_id = {resource["id"]: resource for resource in reversed(resources)}
        return {
            id: by_id.get(card_id(id))
            or Unreachable("network", f"{card_id(id)} was not found.", 404)
            for id in ids
        }
