"""Saying that something is out of date though no file has changed.

`_invalidate` names URLs, `_reindex` and `_full-reindex` mean the whole realm. Both write
it to the change log, as an edit would: every server's caches, the indexer and open pages
hear of it there. They answer when that is recorded; the index follows.
"""

from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import BadRequest
from realmkit.http import bodies
from realmkit.http.seqs import HEADER, client_request_id
from realmkit.http.stations import MountedRealm, Stations


class OutOfDate:
    """A realm's `_invalidate`, `_reindex` and `_full-reindex`."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def invalidate(self, request: Request, mounted: MountedRealm) -> Response:
        """Have the files at `data.attributes.urls`, and what rests on them, looked at again."""
        urls = _urls_of(await bodies.read_json_object(request))
        paths = [_path_of(url, number, mounted) for number, url in enumerate(urls)]
        files = [await mounted.files.resolve(path) or path for path in paths]
        return await self._announce(request, mounted, files)

    async def reindex(self, request: Request, mounted: MountedRealm) -> Response:
        """Have everything of the realm made again: modules, definitions, and its index."""
        await self._stations.modules.wipe(mounted.realm)
        await self._stations.definitions.cache.wipe(mounted.realm.url)
        return await self._announce(
            request, mounted, [found.path for found in await mounted.files.walk()]
        )

    async def _announce(
        self, request: Request, mounted: MountedRealm, paths: list[str]
    ) -> Response:
        result = await mounted.files.announce(paths, client_request_id(request))
        return Response(status_code=204, headers={HEADER: str(result.seq)})


def _urls_of(document: dict[str, Any]) -> list[str]:
    place = "/data/attributes/urls"
    value: Any = document
    for member in ("data", "attributes", "urls"):
        value = cast("dict[str, Any]", value).get(member) if isinstance(value, dict) else None
    if not isinstance(value, list):
        raise BadRequest("The body needs `data.attributes.urls`, a list of URLs.", pointer=place)
    for number, url in enumerate(cast("list[object]", value)):
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise BadRequest("This is no absolute URL.", pointer=f"{place}/{number}")
    return cast("list[str]", value)


def _path_of(url: str, number: int, mounted: MountedRealm) -> str:
    path = mounted.realm.path_of(url)
    if not path:
        raise BadRequest(
            f"`{url[:300]}` does not lie in the realm {mounted.realm.url}.",
            pointer=f"/data/attributes/urls/{number}",
        )
    return path
