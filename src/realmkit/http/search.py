"""`<realm>_search`: one realm, asked by QUERY. The body is the query; the answer is a
page of card resources."""

from starlette.requests import Request
from starlette.responses import Response

from realmkit.http import bodies
from realmkit.http.search_answers import SearchAnswers
from realmkit.http.seqs import wait_until_indexed
from realmkit.http.stations import MountedRealm, Stations


class Search:
    """Answers structured searches over a realm."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations
        self._answers = SearchAnswers(stations)

    async def answer(self, request: Request, mounted: MountedRealm) -> Response:
        body = await bodies.read_json_object(request, bodies.SEARCH_LIMIT)
        await wait_until_indexed(request, self._stations, mounted.realm)
        return await self._answers.answer(request, [mounted.realm.url], body)
