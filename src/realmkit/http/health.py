"""Is it alive, is it ready, and how is it doing: `/_health`, `/_ready`, `/metrics`."""

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import TryLater
from realmkit.http import answers
from realmkit.http.stations import Stations


class Health:
    """For whoever watches over the process."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def health(self, request: Request) -> Response:
        """200 as long as the process answers."""
        return answers.document({"status": "ok"}, media_type="application/json")

    async def ready(self, request: Request) -> Response:
        """200 once every realm's index has caught up with its log, 503 until then."""
        stations = self._stations
        if not stations.is_ready:
            raise TryLater("The realms are still being scanned.")
        for mounted in stations.mounted.values():
            url = mounted.realm.url
            if await stations.index.indexed_seq(url) < await stations.changes.last_seq(url):
                raise TryLater(f"The realm {url} is being indexed.")
        return answers.document({"status": "ready"}, media_type="application/json")

    async def metrics(self, request: Request) -> Response:
        """Every counter of this process in Prometheus' text format."""
        # Imported when asked for: it costs more than the rest of the start.
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return Response(
            generate_latest(),
            headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": answers.NO_STORE},
        )
