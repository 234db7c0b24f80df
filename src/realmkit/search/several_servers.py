"""One search over realms of several servers: their results under one sort and one page.

Every server sends its first results in order, and here they are merged: by the sort's
keys as far as documents show them, then by id. What another server sends is never HTML
of ours, and a realm that cannot be asked is named while the others answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from realmkit.query import Page, Query
from realmkit.query.nodes import SortKey
from realmkit.query.parse import MAX_PAGE_SIZE
from realmkit.search.other_servers import OtherServers, Unreachable, not_asked
from realmkit.search.search_page import SearchPage
from realmkit.search.served import Resource, sparse

SearchHere = Callable[[Sequence[str], Query], Awaitable[SearchPage]]
_OURS = ("html", "styles", "iconHTML", "displayName")
_GENERAL = {"lastModified": "lastModified", "createdAt": "resourceCreatedAt"}


async def search_everywhere(
    search_here: SearchHere,
    others: OtherServers | None,
    here: Sequence[str],
    elsewhere: Sequence[str],
    body: Mapping[str, Any],
    query: Query,
) -> SearchPage:
    """The page of `query`, which was read from `body`, over realms served here and elsewhere.

    The total counts of other servers what they sent: no more than the page goes far.
    Without `others` their realms are named as not asked.
    """
    size = query.page.size or MAX_PAGE_SIZE
    reach = (query.page.number + 1) * size
    if others is None or reach > MAX_PAGE_SIZE:
        page = await search_here(here, query)
        refused = [not_asked(url) if others is None else _too_far(url) for url in elsewhere]
        return replace(page, errors=[*page.errors, *map(_error, elsewhere, refused)])
    asked = {name: body[name] for name in ("filter", "sort", "scope") if name in body}
    asked["page"] = {"number": 0, "size": reach}
    wide = replace(query, page=Page(0, reach), fields=None)
    ours, answers = await asyncio.gather(
        search_here(here, wide),
        asyncio.gather(*(_ask(others, url, asked) for url in elsewhere)),
    )
    lists = [ours.data]
    errors = list(ours.errors)
    for url, answer in zip(elsewhere, answers, strict=True):
        if isinstance(answer, Unreachable):
            errors.append(_error(url, answer))
        else:
            lists.append([_without_ours(resource) for resource in answer])
    merged = _merged(lists, query.sort)
    data = merged[reach - size : reach]
    included = [] if query.fields is not None else _needed(ours.included, data)
    if query.fields is not None:
        data = [sparse(resource, query.fields) for resource in data]
    total = ours.total + sum(map(len, lists[1:]))
    return SearchPage(data, total, included, errors)


async def _ask(
    others: OtherServers, realm_url: str, query: Mapping[str, Any]
) -> list[Resource] | Unreachable:
    try:
        return await others.search(realm_url, query)
    except Unreachable as exc:
        return exc


def _too_far(realm_url: str) -> Unreachable:
    return Unreachable("network", f"{realm_url} is not asked for a page this far.")


def _error(realm_url: str, failure: Unreachable) -> dict[str, Any]:
    return {"realm": realm_url, **failure.to_json()}


def _without_ours(resource: Resource) -> Resource:
    meta = {name: value for name, value in resource["meta"].items() if name not in _OURS}
    return {**resource, "meta": meta}


def _needed(included: Sequence[Resource], data: Sequence[Resource]) -> list[Resource]:
    present = {resource["id"] for resource in data}
    return [resource for resource in included if resource["id"] not in present]


def _merged(lists: Sequence[Sequence[Resource]], sort: Sequence[SortKey]) -> list[Resource]:
    """Lists that are in order, as one; each keeps its own order, whatever its documents show."""
    waiting = [list(reversed(one)) for one in lists if one]
    merged: list[Resource] = []
    while waiting:
        first = waiting[0]
        for other in waiting[1:]:
            if _comes_before(other[-1], first[-1], sort):
                first = other
        merged.append(first.pop())
        waiting = [one for one in waiting if one]
    return merged


def _comes_before(one: Resource, other: Resource, sort: Sequence[SortKey]) -> bool:
    for key in sort:
        mine, theirs = _value(one, key), _value(other, key)
        if mine == theirs:
            continue
        if mine is None or theirs is None:
            return theirs is None
        if isinstance(mine, str) != isinstance(theirs, str):
            continue
        return (cast("Any", mine) < theirs) == (key.direction == "asc")
    return one["id"] < other["id"]


def _value(resource: Resource, key: SortKey) -> str | float | None:
    """What a document shows of a sort key; a plural by its least value, or its greatest."""
    if key.is_general:
        if key.by == "cardURL":
            return resource["id"]
        return _comparable(resource["meta"].get(_GENERAL[key.by]))
    values: list[object] = [resource["id"] if key.by == "id" else resource["attributes"]]
    if key.by != "id":
        for name in key.by.split("."):
            inner = [
                cast("Mapping[str, object]", value).get(name)
                for value in values
                if isinstance(value, Mapping)
            ]
            lists = [
                cast("list[object]", value) if isinstance(value, list) else [value]
                for value in inner
            ]
            values = [element for one in lists for element in one]
    found = [value for value in map(_comparable, values) if value is not None]
    alike = [value for value in found if isinstance(value, str) == isinstance(found[0], str)]
    if not alike:
        return None
    ordered = sorted(alike, key=lambda value: cast("Any", value))
    return ordered[0] if key.direction == "asc" else ordered[-1]


def _comparable(value: object) -> str | float | None:
    return value if isinstance(value, str | int | float) else None
