"""Cards by id and searches in one request, answered from the index.

This is how servers ask each other for all that one layer of a document needs. Query-backed
fields name their results and links name their targets; nothing is followed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realmkit.cards.addresses import card_id
from realmkit.cards.code_refs import ModuleNames
from realmkit.db import Database
from realmkit.search.found import Found, look_up, urls_of
from realmkit.search.known import CurrentDefinitions, KnownDefinitions
from realmkit.search.link_walker import LinkWalker, Walk
from realmkit.search.many_searches import Answer, ManySearches, Search
from realmkit.search.served import Resource
from realmkit.search.stored import StoredCards


@dataclass(frozen=True, slots=True)
class Lookups:
    """Looks up what another server asks for."""

    db: Database
    definitions: CurrentDefinitions
    names: ModuleNames
    stored: StoredCards
    links: LinkWalker
    searches: ManySearches

    async def document(
        self, realm_url: str, ids: Sequence[str], searches: Sequence[Mapping[str, Any]], walk: Walk
    ) -> dict[str, Any]:
        """`{data, searches: [{data: [identifiers]} or {errors}], meta: {missing}}`.

        `ids` may lie in any realm served here, `searches` are queries over `realm_url`;
        each resource is in `data` once. One statement for the searches, one for the
        entries and one for each query-backed field.
        """
        known = self.definitions.for_request()
        answers = await self.searches.found(
            [Search(query, (realm_url,)) for query in searches], known
        )
        named = [one["id"] for answer in answers for one in answer.ids]
        entries = await self._entries([*map(self.names.to_url, ids), *named])
        chosen: dict[tuple[str, str], Found] = {}
        unknown: list[str] = []
        for id in ids:
            url = self.names.to_url(id)
            entry = entries.get(("card", card_id(url))) or entries.get(("file-meta", url))
            if entry is None:
                unknown.append(id)
            else:
                chosen[_key(entry)] = entry
        for one in (one for answer in answers for one in answer.ids):
            if entry := entries.get((one["type"], one["id"])):
                chosen[_key(entry)] = entry
        sound = [entry for entry in chosen.values() if entry.error is None]
        broken = [_missing(entry, entry.error) for entry in chosen.values() if entry.error]
        # What the index has not seen yet.
        stored = await self.stored.documents(unknown)
        return {
            "data": [*await self._resources(sound, known, walk), *stored["data"]],
            "searches": [_said(answer) for answer in answers],
            "meta": {"missing": [*broken, *stored["meta"]["missing"]]},
        }

    async def _entries(self, ids: Iterable[str]) -> dict[tuple[str, str], Found]:
        """What the index has under these ids, by type and id."""
        urls = (url for id in ids for url in urls_of(id))
        return {_key(entry): entry for entry in await look_up(self.db, urls)}

    async def _resources(
        self, entries: Iterable[Found], known: KnownDefinitions, walk: Walk
    ) -> list[Resource]:
        roots = [self.links.visited(entry) for entry in entries]
        await self.links.walk(roots, known, walk)
        return [root.resource for root in roots]


def _key(entry: Found) -> tuple[str, str]:
    return entry.resource_type, entry.id


def _missing(entry: Found, error: Mapping[str, Any]) -> dict[str, Any]:
    """A card that does not render is told of as one that cannot be had."""
    return {"id": entry.id, "status": "500", "title": "Internal Server Error", **error}


def _said(answer: Answer) -> dict[str, Any]:
    """`{data: [identifiers]}`, or why there is no answer."""
    if answer.refusal is None:
        return {"data": answer.ids}
    return {"errors": [answer.refusal.to_error_object()]}
