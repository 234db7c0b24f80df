"""Following relationships to fill `included`, layer by layer and safe on cycles.

A layer costs the same few statements however many resources it holds: one for all the
entries it links to and one for each query-backed field. What it wants of a realm of
another server, cards and searches, is asked at once. Nothing is looked at twice. A link that
leads nowhere stays as it is and is listed in its resource's `meta.brokenLinks`; it never spoils
the document.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realmkit.cards.addresses import card_id, instance_url, resolve_link
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.relationships import is_query_backed, split_position
from realmkit.config import Realm
from realmkit.db import Database
from realmkit.errors import BadRequest, TooSlow
from realmkit.extraction import names_a_file
from realmkit.search.field_searches import FieldSearches
from realmkit.search.found import Found, look_up, urls_of
from realmkit.search.known import KnownDefinitions
from realmkit.search.many_searches import ManySearches
from realmkit.search.other_servers import (
    OtherServers,
    RemoteSearch,
    Replies,
    Unreachable,
    not_asked,
)
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


# Neither is frozen, for the reason that `Found` is not.
@dataclass(slots=True)
class Visited:
    """A resource on the way, and the key of its own type if that is known here."""

    resource: Resource
    type_key: str | None


@dataclass(slots=True)
class _Link:
    """One relationship with a target. `is_followed` is false for what only gets its `data`,
    `type` the target's resource type where that is known."""

    owner: Resource
    key: str
    target: str
    type: str | None
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
        searches: ManySearches,
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
        self._field_searches = FieldSearches(searches, names, list(realms))

    def visited(self, entry: Found) -> Visited:
        """An entry as a walk begins with it, or comes by it."""
        resource = served_resource(entry, self._realms.get(entry.realm_url), self._names)
        return Visited(resource, entry.types[0] if entry.types else None)

    async def walk(
        self, roots: Sequence[Visited], known: KnownDefinitions, walk: Walk
    ) -> list[Resource]:
        """Complete the relationships of `roots` in place and return `included`.

        `included` is in breadth-first order and holds no root. Resources linked
        `depth + 1` steps away are included; their own links are named, not followed.
        Raises `TooSlow`, and what `walk.between_layers` raises.
        """
        depth = self._depth if walk.follows_links else -1
        deadline = time.monotonic() + self._budget_s
        included: list[Resource] = []
        seen = {_key(visited.resource) for visited in roots}
        layer = list(roots)
        for distance in range(depth + 2):
            if not layer:
                break
            if distance:
                await _may_go_on(walk, deadline)
            links, targets = await self._linked(layer, known, walk)
            layer = []
            for link in links:
                target = targets.get((link.target, link.type))
                self._complete(link, target)
                if target is None or distance > depth or not link.is_followed:
                    continue
                key = _key(target)
                if key in seen:
                    continue
                visited = self._included(target)
                if visited is not None:
                    seen.add(key)
                    layer.append(visited)
            included += [visited.resource for visited in layer]
        return included

    async def _linked(
        self, layer: Sequence[Visited], known: KnownDefinitions, walk: Walk
    ) -> tuple[list[_Link], Mapping[tuple[str, str | None], _Target]]:
        """The links of a layer, its query-backed fields answered first, and what they lead to,
        by target and the type that it is known to have."""
        others = self._others if walk.asks_other_servers else None
        fields = await self._field_searches.of(
            [(visited.resource, visited.type_key) for visited in layer], known
        )
        elsewhere = dict.fromkeys(
            link.target for link in self._links(layer, walk) if not self._is_served(link.target)
        )
        replies, _ = await asyncio.gather(
            _ask(others, list(elsewhere), fields.elsewhere), fields.ask_here()
        )
        fields.write(replies.found, umbrella_only=walk.skip_query_backed_expansion)
        links = list(self._links(layer, walk))
        brought = {
            resource["id"]: resource
            for found in replies.found
            if not isinstance(found, Unreachable)
            for resource in found
        }
        strangers = {**brought, **replies.resources}
        here = dict.fromkeys(
            (link.target, link.type) for link in links if self._is_served(link.target)
        )
        targets: dict[tuple[str, str | None], _Target] = {}
        for link in links:
            if link.target in strangers:
                targets[link.target, link.type] = strangers[link.target]
        return links, {**targets, **await self._entries(list(here))}

    def _links(self, layer: Sequence[Visited], walk: Walk) -> Iterator[_Link]:
        for visited in layer:
            resource = visited.resource
            for key, relationship in resource["relationships"].items():
                link = relationship["links"].get("self")
                if link is None:
                    continue
                # A result of a query-backed field says what it is.
                data = relationship.get("data")
                target = data["id"] if data else self._target(link, resource["id"])
                type_ = data.get("type") if data else None
                if type_ == "card" and visited.type_key is None:
                    # Another server may take anything for a card.
                    type_ = None
                is_skipped = walk.skip_query_backed_expansion and is_query_backed(relationship)
                yield _Link(resource, key, target, type_, not is_skipped)

    def _target(self, link: str, id: str) -> str:
        try:
            return resolve_link(self._names.to_url(link), id)
        except BadRequest:
            # What is no URL leads nowhere, like any other broken link.
            return link

    async def _entries(
        self, targets: Sequence[tuple[str, str | None]]
    ) -> dict[tuple[str, str | None], Found]:
        urls = (url for target, type_ in targets for url in urls_of(target, type_))
        entries = {(entry.url, entry.type): entry for entry in await look_up(self._db, urls)}
        by_target: dict[tuple[str, str | None], Found] = {}
        for target, type_ in targets:
            # A card whose id has a dot in it is still a card.
            own = instance_url(target)
            entry = (
                (None if type_ == "file-meta" else entries.get((own, "instance")))
                or entries.get((target, "file"))
                # JSON that is no card.
                or entries.get((own, "file"))
            )
            if entry is not None:
                by_target[target, type_] = entry
        return by_target

    def _is_served(self, target: str) -> bool:
        return target.startswith(self._realm_urls)

    def _included(self, target: _Target) -> Visited | None:
        """What goes into `included` for a target, if there is anything to show."""
        if isinstance(target, Found):
            if target.error is not None:
                return None
            return self.visited(target)
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


def _key(target: _Target) -> tuple[bool, str] | None:
    """A card and a file may have one id: `x.png.json` holds a card, and `x.png` is there too."""
    if isinstance(target, Found):
        return target.is_file, target.id
    return (
        None if isinstance(target, Unreachable) else (target["type"] == "file-meta", target["id"])
    )


async def _may_go_on(walk: Walk, deadline: float) -> None:
    if walk.between_layers is not None:
        await walk.between_layers()
    if time.monotonic() > deadline:
        raise TooSlow("Following the links of this document took longer than its time budget.")


async def _ask(
    others: OtherServers | None, ids: Sequence[str], searches: Sequence[RemoteSearch]
) -> Replies:
    if others is None:
        return Replies(found=[not_asked(search.realm_url) for search in searches])
    return await others.ask(ids, searches) if ids or searches else Replies(found=())
