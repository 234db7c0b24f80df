"""Following relationships to fill `included`, layer by layer and safe on cycles.

A layer costs the same few statements however many resources it holds: one for all the
entries it links to, one for each query-backed field, and one request for each realm of
another server. Nothing is looked at twice. A link that leads nowhere stays as it is and
is listed in its resource's `meta.brokenLinks`; it never spoils the document.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from realmkit.cards.addresses import card_id, instance_url, resolve_link
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.relationships import is_query_backed, split_position
from realmkit.config import Realm
from realmkit.db import Database
from realmkit.errors import BadRequest, TooSlow
from realmkit.extraction import names_a_file
from realmkit.search.catalog import Catalogs
from realmkit.search.field_searches import FieldSearches
from realmkit.search.found import Found, by_url, found
from realmkit.search.known import KnownDefinitions
from realmkit.search.other_servers import OtherServers, Unreachable
from realmkit.search.served import Resource, served_resource


@dataclass(frozen=True, slots=True)
class Walk:
    """How links are followed for one request.

    With `skip_query_backed_expansion` the results of query-backed fields are named by
    their umbrella and neither listed one by one nor followed. Without `follows_links`
    the relationships of the roots are completed and nothing is included.
    `between_layers` is awaited before each layer but the first; what it raises ends the
    walk.
    """

    skip_query_backed_expansion: bool = False
    follows_links: bool = True
    asks_other_servers: bool = True
    between_layers: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Visited:
    """A resource on the way, and the key of its own type if that is known here."""

    resource: Resource
    type_key: str | None


@dataclass(frozen=True, slots=True)
class _Link:
    """One relationship with a target. `is_followed` is false for what only gets its `data`."""

    owner: Resource
    key: str
    target: str
    is_followed: bool


_Target = Found | Resource | Unreachable
"""What a link leads to: an entry of ours, another server's resource, or why there is none."""


class LinkWalker:
    """Walks the links of served resources.

    `depth` is how many links away a resource may be whose own links are followed;
    `budget_s` is how long a walk may take before it is given up (408).
    """

    def __init__(
        self,
        db: Database,
        catalogs: Catalogs,
        realms: Mapping[str, Realm],
        names: ModuleNames,
        others: OtherServers | None,
        *,
        depth: int,
        budget_s: float,
    ) -> None:
        self._db = db
        self._realms = realms
        self._realm_urls = tuple(realms)
        self._names = names
        self._others = others
        self._depth = depth
        self._budget_s = budget_s
        self._field_searches = FieldSearches(db, catalogs, names, list(realms), budget_s=budget_s)

    async def walk(
        self, roots: Sequence[Visited], known: KnownDefinitions, walk: Walk
    ) -> list[Resource]:
        """Complete the relationships of `roots` in place and return `included`.

        `included` is in breadth-first order and holds no root. Resources linked
        `depth + 1` steps away are included; their own links are named, not followed.
        Raises `TooSlow`, and what `walk.between_layers` raises.
        """
        others = self._others if walk.asks_other_servers else None
        depth = self._depth if walk.follows_links else -1
        deadline = time.monotonic() + self._budget_s
        included: list[Resource] = []
        seen = {visited.resource["id"] for visited in roots}
        layer = list(roots)
        for distance in range(depth + 2):
            if not layer:
                break
            if distance:
                await _may_go_on(walk, deadline)
            brought = await self._field_searches.fill(
                [(visited.resource, visited.type_key) for visited in layer],
                known,
                others,
                umbrella_only=walk.skip_query_backed_expansion,
            )
            links = [
                link
                for visited in layer
                for link in self._links(visited.resource, walk.skip_query_backed_expansion)
            ]
            targets = await self._look_up(links, brought, others)
            layer = []
            for link in links:
                target = targets.get(link.target)
                self._complete(link, target)
                if target is None or distance > depth or not link.is_followed:
                    continue
                id = _id_of(target)
                if id in seen:
                    continue
                visited = self._included(target)
                if visited is not None:
                    seen.add(id)
                    layer.append(visited)
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

    async def _look_up(
        self, links: Sequence[_Link], brought: Mapping[str, Resource], others: OtherServers | None
    ) -> dict[str, _Target]:
        """What the links lead to, by target as resolved. `brought` came with an answer already."""
        here: list[str] = []
        elsewhere: list[str] = []
        for target in dict.fromkeys(link.target for link in links):
            if self._is_served(target):
                here.append(target)
            elif target not in brought:
                elsewhere.append(target)
        entries, strangers = await asyncio.gather(
            self._entries(here), others.resources(elsewhere) if others else _none()
        )
        return {**brought, **entries, **strangers}

    async def _entries(self, targets: Sequence[str]) -> dict[str, Found]:
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
            own = instance_url(target)
            entry = (
                entries.get((own, "instance"))
                or entries.get((target, "file"))
                # JSON that is no card.
                or entries.get((own, "file"))
            )
            if entry is not None:
                by_target[target] = entry
        return by_target

    def _is_served(self, target: str) -> bool:
        return target.startswith(self._realm_urls)

    def _included(self, target: _Target) -> Visited | None:
        """What goes into `included` for a target, if there is anything to show."""
        if isinstance(target, Found):
            if target.error is not None:
                return None
            resource = served_resource(target, self._realms.get(target.realm_url), self._names)
            return Visited(resource, target.types[0] if target.types else None)
        if isinstance(target, Unreachable):
            return None
        # Its query-backed fields were answered by its own server, which knows its realm.
        return Visited(target, None)

    def _complete(self, link: _Link, target: _Target | None) -> None:
        """Write the relationship's `data`, and the broken link if it is one."""
        relationship = link.owner["relationships"][link.key]
        if isinstance(target, Found):
            relationship["data"] = target.identifier
        elif target is not None and not isinstance(target, Unreachable):
            relationship["data"] = {"type": target["type"], "id": target["id"]}
        elif "data" not in relationship:
            kind = "file-meta" if names_a_file(link.target) else "card"
            relationship["data"] = {"type": kind, "id": card_id(link.target)}
        if isinstance(target, Found) and target.error is None:
            return
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

    def _reason(self, link: _Link, target: _Target | None) -> str | None:
        if target is None:
            if self._is_served(link.target):
                return f"{card_id(link.target)} was not found."
            return f"{card_id(link.target)} lies in no realm served here."
        if isinstance(target, Unreachable):
            return target.message
        if isinstance(target, Found) and target.error is not None:
            return str(target.error.get("detail") or target.error.get("title") or "It is broken.")
        return None


def _id_of(target: _Target) -> str | None:
    if isinstance(target, Found):
        return target.id
    return None if isinstance(target, Unreachable) else target["id"]


async def _may_go_on(walk: Walk, deadline: float) -> None:
    if walk.between_layers is not None:
        await walk.between_layers()
    if time.monotonic() > deadline:
        raise TooSlow("Following the links of this document took longer than its time budget.")


async def _none() -> dict[str, Resource | Unreachable]:
    return {}
