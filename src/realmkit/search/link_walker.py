"""Following relationships to fill `included`, layer by layer and safe on cycles.

A layer costs the same few statements however many resources it holds: one for all
the entries it links to, and one for each query-backed field. Nothing is looked at
twice. A link that leads nowhere stays as it is and is listed in its resource's
`meta.brokenLinks`; it never spoils the document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from realmkit.cards.addresses import card_id, instance_url, resolve_link
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.relationships import is_query_backed, split_position
from realmkit.config import Realm
from realmkit.db import Database
from realmkit.errors import BadRequest
from realmkit.search.field_searches import FieldSearches
from realmkit.search.found import Found, by_url, found
from realmkit.search.served import Resource, served_resource


@dataclass(frozen=True, slots=True)
class Visited:
    """A resource on the way, and the key of its own type if that is known."""

    resource: Resource
    type_key: str | None


@dataclass(frozen=True, slots=True)
class _Link:
    """One relationship with a target. `is_followed` is false for what only gets its `data`."""

    owner: Resource
    key: str
    target: str
    is_followed: bool


class LinkWalker:
    """Walks the links of served resources. Made for one request."""

    def __init__(
        self,
        db: Database,
        field_searches: FieldSearches,
        realms: Mapping[str, Realm],
        names: ModuleNames,
        *,
        depth: int,
    ) -> None:
        self._db = db
        self._field_searches = field_searches
        self._realms = realms
        self._names = names
        self._depth = depth

    async def walk(
        self, roots: Sequence[Visited], *, skip_query_backed_expansion: bool = False
    ) -> list[Resource]:
        """Complete the relationships of `roots` in place and return `included`.

        `included` is in breadth-first order and holds no root. Resources linked
        `depth + 1` steps away are included; their own links are named, not followed.
        With `skip_query_backed_expansion` the results of query-backed fields are named
        by their umbrella and neither listed one by one nor followed.
        """
        included: list[Resource] = []
        seen = {visited.resource["id"] for visited in roots}
        layer = list(roots)
        for distance in range(self._depth + 2):
            if not layer:
                break
            await self._field_searches.fill(
                [(visited.resource, visited.type_key) for visited in layer],
                umbrella_only=skip_query_backed_expansion,
            )
            links = [
                link
                for visited in layer
                for link in self._links(visited.resource, skip_query_backed_expansion)
            ]
            targets = await self._look_up(links)
            is_last = distance > self._depth
            layer = []
            for link in links:
                target = targets.get(link.target)
                self._complete(link, target)
                if target is None or target.error is not None or is_last or not link.is_followed:
                    continue
                if target.id not in seen:
                    seen.add(target.id)
                    resource = served_resource(
                        target, self._realms.get(target.realm_url), self._names
                    )
                    layer.append(Visited(resource, target.types[0] if target.types else None))
            included += [visited.resource for visited in layer]
        return included

    def _links(self, resource: Resource, skip_query_backed: bool) -> list[_Link]:
        links: list[_Link] = []
        for key, relationship in resource["relationships"].items():
            link = relationship["links"].get("self")
            if link is None:
                continue
            # A result of a query-backed field says which card it is.
            data = relationship.get("data")
            target = data["id"] if data else self._target(link, resource["id"])
            is_followed = not (skip_query_backed and is_query_backed(relationship))
            links.append(_Link(resource, key, target, is_followed))
        return links

    def _target(self, link: str, id: str) -> str:
        try:
            return resolve_link(self._names.to_url(link), id)
        except BadRequest:
            # What is no URL leads nowhere, like any other broken link.
            return link

    async def _look_up(self, links: Sequence[_Link]) -> dict[str, Found]:
        """The entries that links lead to, by target as resolved."""
        targets = dict.fromkeys(link.target for link in links if self._is_served(link.target))
        if not targets:
            return {}
        urls = [url for target in targets for url in dict.fromkeys((instance_url(target), target))]
        rows = await self._db.read(by_url(self._db.dialect), (orjson.dumps(urls).decode(),))
        entries: dict[tuple[str, str], Found] = {}
        for row in rows:
            entry = found(row)
            entries[entry.url, entry.type] = entry
        by_target: dict[str, Found] = {}
        for target in targets:
            # A card whose id has a dot in it is still a card.
            entry = entries.get((instance_url(target), "instance")) or entries.get((target, "file"))
            if entry is not None:
                by_target[target] = entry
        return by_target

    def _is_served(self, target: str) -> bool:
        return any(target.startswith(realm_url) for realm_url in self._realms)

    def _complete(self, link: _Link, target: Found | None) -> None:
        """Write the relationship's `data`, and the broken link if it is one."""
        relationship = link.owner["relationships"][link.key]
        if target is not None:
            relationship["data"] = target.identifier
        elif "data" not in relationship:
            relationship["data"] = {"type": "card", "id": card_id(link.target)}
        reason = self._reason(link, target)
        if reason is not None:
            broken: list[dict[str, Any]] = link.owner["meta"].setdefault("brokenLinks", [])
            broken.append(
                {
                    "field": split_position(link.key)[0],
                    "target": card_id(link.target),
                    "reason": reason,
                }
            )

    def _reason(self, link: _Link, target: Found | None) -> str | None:
        if target is None:
            if self._is_served(link.target):
                return f"{card_id(link.target)} was not found."
            return f"{card_id(link.target)} lies in no realm served here."
        if target.error is not None:
            return str(target.error.get("detail") or target.error.get("title") or "It is broken.")
        return None
