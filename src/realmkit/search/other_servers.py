"""Cards of realms that other servers hold: fetched for links, searched for fields.

The cards that one layer of a walk links to are one request for each realm: a search by
ids, or a plain GET where it is only one card or where the realm is not known yet. Only
the cards that were asked for are taken, and only if they say they are those; whatever
else comes along is ignored, so a server speaks for its own realms alone.

Requests say that they are a server's (`X-Realmkit-Asked-By`), and whoever is asked that
way answers from what it holds: links that lead in circles between servers end there.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from realmkit.cards.addresses import card_id
from realmkit.cards.documents import check_card_document
from realmkit.errors import BadRequest
from realmkit.search.served import Resource

IDS_A_REQUEST = 200
MOST_GETS = 20
"""How many cards of a server that names no realm are asked for one by one."""


_FIRST_FOLDER = re.compile(r"\w+://[^/?#]*/[^/?#]*")
_REALM_URL = re.compile(r"https?://[^/?#]+/(?:[^?#]+/)?")


class Unreachable(Exception):
    """A card or realm of another server that could not be had.

    `type` is `authorization` for 401 and 403, `network` for other failures of the
    request, and `unknown` for an answer that makes no sense.
    """

    def __init__(self, type: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.type = type
        self.message = message
        self.status = status

    def to_json(self) -> dict[str, Any]:
        """`{type, message, status?}`."""
        said: dict[str, Any] = {"type": self.type, "message": self.message}
        return said if self.status is None else {**said, "status": self.status}


class OtherServers(Protocol):
    """Asks other servers."""

    async def resources(self, ids: Sequence[str]) -> Mapping[str, Resource | Unreachable]:
        """The served resources of cards or files, by the ids as given."""
        ...

    async def search(self, realm_url: str, query: Mapping[str, Any]) -> list[Resource]:
        """The page that `query` finds in a realm. Raises `Unreachable`."""
        ...


class JSONClient(Protocol):
    """Sends one request and reads one JSON answer. Raises `Unreachable`."""

    async def ask(
        self, method: str, url: str, body: object = None
    ) -> tuple[object, Mapping[str, str]]:
        """The decoded body and the headers (by lower-case name) of a 2xx answer."""
        ...


class RemoteRealms:
    """`OtherServers` over HTTP. Remembers which realms there are from what they answer."""

    def __init__(self, client: JSONClient) -> None:
        self._client = client
        self._realm_urls: set[str] = set()

    async def resources(self, ids: Sequence[str]) -> Mapping[str, Resource | Unreachable]:
        answers: dict[str, Resource | Unreachable] = {}
        waiting = list(ids)
        # The first card of an unknown realm introduces it; then all the others are one search.
        while waiting:
            by_realm: dict[str, list[str]] = {}
            strangers: dict[str, list[str]] = {}
            for id in waiting:
                realm_url = self._realm_of(id)
                if realm_url is not None:
                    by_realm.setdefault(realm_url, []).append(id)
                else:
                    strangers.setdefault(_neighbourhood(id), []).append(id)
            found = await asyncio.gather(
                *(self._of_realm(realm_url, some) for realm_url, some in by_realm.items()),
                *(self._introduced(some) for some in strangers.values()),
            )
            for one in found:
                answers.update(one)
            waiting = [id for id in waiting if id not in answers]
        return answers

    async def search(self, realm_url: str, query: Mapping[str, Any]) -> list[Resource]:
        document, _ = await self._client.ask("QUERY", f"{realm_url}_search", query)
        data = document.get("data") if isinstance(document, dict) else None
        if not isinstance(data, list):
            raise Unreachable("unknown", f"{realm_url} answered a search with no list of results.")
        self._realm_urls.add(realm_url)
        return [_resource_of_realm(one, realm_url) for one in cast("list[object]", data)]

    def _realm_of(self, id: str) -> str | None:
        return max((url for url in self._realm_urls if id.startswith(url)), key=len, default=None)

    async def _of_realm(
        self, realm_url: str, ids: Sequence[str]
    ) -> dict[str, Resource | Unreachable]:
        if len(ids) == 1:
            return {ids[0]: await self._get(ids[0])}
        pieces = [ids[at : at + IDS_A_REQUEST] for at in range(0, len(ids), IDS_A_REQUEST)]
        found = await asyncio.gather(*(self._by_ids(realm_url, piece) for piece in pieces))
        return {id: one for piece in found for id, one in piece.items()}

    async def _by_ids(
        self, realm_url: str, ids: Sequence[str]
    ) -> dict[str, Resource | Unreachable]:
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
                return await self._one_by_one(ids)
            return dict.fromkeys(ids, exc)
        by_id = {resource["id"]: resource for resource in reversed(resources)}
        return {
            id: by_id.get(card_id(id))
            or Unreachable("network", f"{card_id(id)} was not found.", 404)
            for id in ids
        }

    async def _introduced(self, ids: Sequence[str]) -> dict[str, Resource | Unreachable]:
        """The first card, whose answer says which realm it lies in. If it does not, all of them."""
        first = {ids[0]: await self._get(ids[0])}
        if len(ids) == 1 or self._realm_of(ids[0]) is not None:
            return first
        return {**first, **await self._one_by_one(ids[1:])}

    async def _one_by_one(self, ids: Sequence[str]) -> dict[str, Resource | Unreachable]:
        asked = ids[:MOST_GETS]
        found = await asyncio.gather(*(self._get(id) for id in asked))
        too_many = f"Only {MOST_GETS} cards of one server are asked for one by one."
        return {
            **dict(zip(asked, found, strict=True)),
            **dict.fromkeys(ids[MOST_GETS:], Unreachable("network", too_many)),
        }

    async def _get(self, id: str) -> Resource | Unreachable:
        try:
            document, headers = await self._client.ask("GET", card_id(id))
            data = document.get("data") if isinstance(document, dict) else None
            resource = _checked(data, card_id(id))
        except Unreachable as exc:
            return exc
        if resource["id"] != card_id(id):
            return Unreachable(
                "unknown", f"{card_id(id)} was answered with another card's document."
            )
        realm_url = headers.get("x-boxel-realm-url", "")
        if _REALM_URL.fullmatch(realm_url) and id.startswith(realm_url):
            self._realm_urls.add(realm_url)
        return resource


def _neighbourhood(id: str) -> str:
    """What cards of one realm have in common even if the realm is not known: its first folder."""
    match = _FIRST_FOLDER.match(id)
    return match[0] if match else id


def _resource_of_realm(value: object, realm_url: str) -> Resource:
    resource = _checked(value, realm_url)
    if not str(resource["id"]).startswith(realm_url):
        raise Unreachable("unknown", f"{realm_url} answered with a card of another realm.")
    return resource


def _checked(value: object, asked: str) -> Resource:
    """A resource in our shape, or why it is none. Nothing is taken on trust from elsewhere."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise Unreachable("unknown", f"{asked} answered with no card document.")
    members = cast("dict[str, Any]", value)
    is_file = members.get("type") == "file-meta"
    try:
        checked = check_card_document(
            {"data": {**members, "type": "card"}}, what="The answer", is_partial=is_file
        ).data
    except BadRequest as exc:
        raise Unreachable(
            "unknown", f"{asked} answered with no card document: {exc.detail}"
        ) from exc
    meta = dict(checked.get("meta") or {})
    meta.pop("brokenLinks", None)
    return {
        "type": "file-meta" if is_file else "card",
        "id": checked["id"],
        "links": {"self": checked["id"]},
        "attributes": checked.get("attributes") or {},
        "relationships": dict(_relationships(checked.get("relationships") or {})),
        "meta": meta,
    }


def _relationships(given: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for key, relationship in given.items():
        if not isinstance(relationship, dict):
            continue
        one = cast("dict[str, Any]", relationship)
        links = {name: link for name, link in (one.get("links") or {}).items() if name in _LINKS}
        kept: dict[str, Any] = {"links": {"self": None, **links}}
        data = one.get("data")
        if isinstance(data, list):
            kept["data"] = [
                one for one in cast("list[Any]", data) if isinstance(one.get("id"), str)
            ]
        elif isinstance(data, dict) and isinstance(cast("Any", data).get("id"), str):
            kept["data"] = data
        yield key, kept


_LINKS = ("self", "search")
