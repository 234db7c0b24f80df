"""`<realm>_cards`: many cards by id in one request, each alone.

This is what a page loads links with, so a card that was never indexed loads as well
as any other: what the index does not know comes from the card's file, and what another
server holds is fetched there. Another server asks for all that one layer of a document
needs of a realm, searches included, and is answered from the index.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import BadRequest
from realmkit.http import answers, bodies
from realmkit.http.negotiation import CARD
from realmkit.http.seqs import wait_until_indexed
from realmkit.http.stations import MountedRealm, Stations
from realmkit.http.walks import is_of_a_server, walk_for
from realmkit.query.parse import MAX_PAGE_SIZE

MOST_IDS = 1_000
MOST_SEARCHES = 100


class MultiGet:
    """Answers `{"ids": [...], "searches"?: [...]}` with resources and the ids that are missing."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def answer(self, request: Request, mounted: MountedRealm) -> Response:
        """The resources in the order asked for, each id once; then what the searches found."""
        body = await bodies.read_json_object(request)
        ids, searches = _ids(body, mounted.realm.url), _searches(body)
        await wait_until_indexed(request, self._stations, mounted.realm)
        search = self._stations.search
        if searches is None and not is_of_a_server(request):
            document = await search.many_cards.documents(ids)
        else:
            walk = replace(walk_for(request), skip_query_backed_expansion=True, follows_links=False)
            document = await search.lookups.document(mounted.realm.url, ids, searches or [], walk)
        return answers.document(document, media_type=CARD)


def _ids(body: Mapping[str, Any], realm_url: str) -> list[str]:
    """The ids asked for, absolute; they may be left out where searches are asked."""
    ids = body.get("ids", [] if "searches" in body else None)
    if not isinstance(ids, list) or not all(
        isinstance(id, str) for id in cast("list[object]", ids)
    ):
        raise BadRequest("`ids` must be a list of card ids.", pointer="/ids")
    asked = cast("list[str]", ids)
    if len(asked) > MOST_IDS:
        raise BadRequest(f"At most {MOST_IDS} ids may be asked for at once.", pointer="/ids")
    return list(dict.fromkeys(realm_url + id if _is_bare(id) else id for id in asked))


def _searches(body: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Queries, each with a page that has a size; None if nothing is searched for."""
    if "searches" not in body:
        return None
    given = body["searches"]
    if not isinstance(given, list) or not all(
        isinstance(one, dict) for one in cast("list[object]", given)
    ):
        raise BadRequest("`searches` must be a list of queries.", pointer="/searches")
    searches = cast("list[dict[str, Any]]", given)
    if len(searches) > MOST_SEARCHES:
        raise BadRequest(
            f"At most {MOST_SEARCHES} searches may be asked at once.", pointer="/searches"
        )
    return [_within_bounds(query) for query in searches]


def _within_bounds(query: dict[str, Any]) -> dict[str, Any]:
    page = query.get("page") or {}
    if not isinstance(page, dict) or "size" in page:
        return query
    return {**query, "page": {**cast("dict[str, Any]", page), "size": MAX_PAGE_SIZE}}


def _is_bare(id: str) -> bool:
    """True for a realm-relative id such as `Country/fr`."""
    return "://" not in id and not id.startswith("@")
