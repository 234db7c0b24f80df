"""Many cards by id, for a page that renders: each alone, its query-backed fields answered.

A card whose file is the one that was indexed comes from the index, and its query-backed
fields name their results, so that the page asks nothing more than the cards they name.
Any other comes from its file as it is stored: a card that was never indexed, whose file
has changed since, or whose last visit failed. While a module waits to be indexed all
cards do, because the definitions that the index knows may be those of before. Cards of
other servers are fetched from there: a page asks nobody but us for them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from realmkit.cards.addresses import card_id, instance_url
from realmkit.cards.code_refs import ModuleNames
from realmkit.db import Database
from realmkit.search.found import SQL, found
from realmkit.search.known import CurrentDefinitions
from realmkit.search.link_walker import LinkWalker, Walk
from realmkit.search.other_servers import OtherServers, Unreachable
from realmkit.search.served import Resource
from realmkit.search.stored import StoredCards

ALONE = Walk(skip_query_backed_expansion=True, follows_links=False)


@dataclass(frozen=True, slots=True)
class ManyCards:
    """Looks cards up in the index and in their files."""

    db: Database
    definitions: CurrentDefinitions
    names: ModuleNames
    stored: StoredCards
    links: LinkWalker
    others: OtherServers | None = None

    async def documents(self, ids: Iterable[str]) -> dict[str, Any]:
        """`{data: [resources], meta: {missing: [{id, status, title, detail}]}}`, in order.

        One statement for the cards, one for what they link to and one for each query-backed
        field, however many cards, and what is asked of other servers.
        """
        wanted = {card_id(self.names.to_url(id)): id for id in ids}
        foreign = [url for url in wanted if self._is_foreign(url)]
        remote = await self.others.resources(foreign) if self.others and foreign else {}
        here = {url: id for url, id in wanted.items() if url not in remote}
        indexed = await self._indexed(here)
        answer = await self.stored.documents(id for url, id in here.items() if url not in indexed)
        stored = {card_id(resource["id"]): resource for resource in answer["data"]}
        found = {**indexed, **stored}
        missing: list[dict[str, Any]] = answer["meta"]["missing"]
        for url, one in remote.items():
            if isinstance(one, Unreachable):
                missing.append(_unreachable(wanted[url], one))
            else:
                found[url] = one
        data = [found[url] for url in wanted if url in found]
        return {"data": data, "meta": {"missing": missing}}

    def _is_foreign(self, url: str) -> bool:
        return "://" in url and not url.startswith(f"{self.names.public_url}/")

    async def _indexed(self, ids: Iterable[str]) -> dict[str, Resource]:
        urls = [instance_url(id) for id in ids]
        rows = await self.db.read(SQL[self.db.dialect]["unchanged"], (orjson.dumps(urls).decode(),))
        roots = [self.links.visited(found(tuple(columns))) for *columns, _ in rows]
        generation = rows[0][-1] if rows else None
        await self.links.walk(roots, self.definitions.for_request(generation), ALONE)
        return {root.resource["id"]: root.resource for root in roots}


def _unreachable(id: str, failure: Unreachable) -> dict[str, Any]:
    return {
        "id": id,
        "status": "404" if failure.status == 404 else "502",
        "title": "Not Found" if failure.status == 404 else "Other Server",
        "detail": failure.message,
    }
