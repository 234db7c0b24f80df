"""Browser modules, and the manifest that says where the current ones are.

Only this file turns a `ServedModule` into an answer. What a module is, and whether
it compiles, is the module path's business.
"""

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import NotFound
from realmkit.http import answers, conditional
from realmkit.http.hot import HotModules
from realmkit.http.stations import MountedRealm, Stations
from realmkit.modules import ServedModule


class Modules:
    """A realm's modules by path, and its manifest."""

    def __init__(self, stations: Stations, hot: HotModules) -> None:
        self._modules = stations.modules
        self._hot = hot

    async def get(self, request: Request, mounted: MountedRealm, path: str) -> Response | None:
        """The module at `path`, or None when no module has that name."""
        realm = mounted.realm
        version = request.query_params.get("v")
        try:
            if path.endswith(".map"):
                return module_answer(
                    request,
                    await self._modules.serve_map(realm, path.removesuffix(".map"), version),
                )
            source = await self._modules.canonical_path(realm, path)
            if source is None:
                return None
            before = self._hot.before(realm.url, realm.root / source)
            served = await self._modules.serve(realm, path, version)
        except NotFound:
            return None
        if "x-boxel-disable-module-cache" not in request.headers:
            self._hot.remember(request, before, served)
        return module_answer(request, served)

    async def manifest(self, request: Request, mounted: MountedRealm) -> Response:
        """`_modules`: every module of the realm with its current version."""
        manifest = await self._modules.manifest(mounted.realm)
        return answers.validated(request, manifest.body, media_type="application/vnd.api+json")


def module_answer(request: Request, served: ServedModule) -> Response:
    """200 with the module, 304 when the client holds it, or the redirect to its version."""
    headers = {"x-boxel-cache": "miss", **served.headers}
    if served.etag and conditional.is_not_modified(
        request.headers.get("if-none-match"), served.etag
    ):
        kept = {name: value for name, value in headers.items() if not name.startswith("content-")}
        return Response(status_code=304, headers=kept)
    return Response(served.body, status_code=served.status, headers=headers)
