"""`<realm>_search`: one realm, asked by QUERY.

The body is the query; the answer is a page of card resources. A page that renders
(`X-Boxel-During-Prerender`) gets query-backed links named and not expanded.
"""

from starlette.requests import Request
from starlette.responses import Response

from realmkit.http import answers, bodies
from realmkit.http.negotiation import CARD
from realmkit.http.seqs import wait_until_indexed
from realmkit.http.stations import MountedRealm, Stations
from realmkit.http.walks import walk_for


class Search:
    """Answers structured searches over a realm, or over the realms that the body names."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def answer(self, request: Request, mounted: MountedRealm) -> Response:
        engine = self._stations.search
        query = engine.parse(await bodies.read_json_object(request))
        await wait_until_indexed(request, self._stations, mounted.realm)
        page = await engine.search(
            [mounted.realm.url],
            query,
            walk=walk_for(request),
        )
        return answers.document(page.to_document(), media_type=CARD)
