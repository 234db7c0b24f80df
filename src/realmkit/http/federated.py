"""`/_federated-search`: several realms of this server under one sort and one page."""

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import BadRequest, NotFound
from realmkit.http import bodies
from realmkit.http.search_answers import SearchAnswers
from realmkit.http.stations import Stations


class FederatedSearch:
    """Like `_search`, with the realms in the body."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations
        self._answers = SearchAnswers(stations)

    async def search(self, request: Request) -> Response:
        body = await bodies.read_json_object(request)
        realm_urls = self._realms_of(body.get("realms"))
        return await self._answers.answer(request, realm_urls, body)

    def _realms_of(self, asked: object) -> list[str]:
        if not isinstance(asked, list) or not asked:
            raise BadRequest(
                "`realms` must be supplied in the request body: a list of realm URLs.",
                pointer="/realms",
            )
        known = [mounted.realm.url for mounted in self._stations.mounted.values()]
        missing = [str(url)[:300] for url in asked if url not in known]
        if missing:
            raise NotFound(
                f"Realms not found: {', '.join(missing)}. The realms here are: {', '.join(known)}.",
                pointer="/realms",
            )
        return [str(url) for url in dict.fromkeys(asked)]
