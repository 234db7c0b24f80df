"""`/_federated-search`: several realms under one sort and one page, also of other servers."""

from typing import cast
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from realmkit.cards.json_text import json_kind
from realmkit.errors import BadRequest
from realmkit.http import bodies
from realmkit.http.search_answers import SearchAnswers
from realmkit.http.seqs import wait_until_all_indexed
from realmkit.http.stations import Stations
from realmkit.query.parse import MAX_REALMS


class FederatedSearch:
    """Like `_search`, with the realms in the body."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations
        self._answers = SearchAnswers(stations)

    async def search(self, request: Request) -> Response:
        body = await bodies.read_json_object(request, bodies.SEARCH_LIMIT)
        realm_urls = _realms_of(body.get("realms"))
        here = [
            mounted.realm
            for mounted in self._stations.mounted.values()
            if mounted.realm.url in realm_urls
        ]
        await wait_until_all_indexed(request, self._stations, here)
        return await self._answers.answer(request, realm_urls, body)


def _realms_of(asked: object) -> list[str]:
    """The realm URLs of a body, each once. Whether they can be asked is found by asking."""
    if not isinstance(asked, list) or not asked:
        raise BadRequest(
            "`realms` must be supplied in the request body: a list of realm URLs.",
            pointer="/realms",
        )
    urls: dict[str, None] = {}
    for position, url in enumerate(cast("list[object]", asked)):
        if not isinstance(url, str) or not _is_url(url.strip()):
            named = f"`{url[:300]}`" if isinstance(url, str) else json_kind(url)
            raise BadRequest(
                f"A realm is a URL such as http://host/realm/, not {named}.",
                pointer=f"/realms/{position}",
            )
        urls[url.strip().rstrip("/") + "/"] = None
    if len(urls) > MAX_REALMS:
        raise BadRequest(f"A query names at most {MAX_REALMS} realms.", pointer="/realms")
    return list(urls)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
