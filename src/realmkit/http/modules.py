"""Browser modules, and the manifest that says where the current ones are.

Only this file turns a `ServedModule` into an answer, in the content coding that the
client likes best. What a module is, and whether it compiles, is the module path's
business.
"""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import NotAcceptable, NotFound
from realmkit.http import answers, conditional, negotiation
from realmkit.http.content_codings import choose_coding, coded_etag
from realmkit.http.hot import HotModules
from realmkit.http.stations import MountedRealm, Stations
from realmkit.modules import ServedModule
from realmkit.modules.codings import COMPRESSED, Coding


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
                return await module_answer(
                    request,
                    await self._modules.serve_map(realm, path.removesuffix(".map"), version),
                )
            source = await self._modules.canonical_path(realm, path)
            if source is None:
                return None
            before = self._hot.before(realm.url, self._modules.in_front_of(realm, path, source))
            from_memory = "x-boxel-disable-module-cache" not in request.headers
            served = await self._modules.serve(realm, path, version, from_memory=from_memory)
        except NotFound:
            return None
        coding = _coding_for(request, served)
        coded = await _in_coding(served, coding)
        if from_memory:
            self._hot.remember(request, before, coded, coding)
        return _answer(request, coded)

    async def manifest(self, request: Request, mounted: MountedRealm) -> Response:
        """`_modules`: every module of the realm with its current version."""
        manifest = await self._modules.manifest(mounted.realm)
        return answers.validated(request, manifest.body, media_type="application/vnd.api+json")


async def module_answer(request: Request, served: ServedModule) -> Response:
    """200 with the module, 304 when the client holds it, or the redirect to its version."""
    return _answer(request, await _in_coding(served, _coding_for(request, served)))


def _coding_for(request: Request, served: ServedModule) -> Coding:
    """Raises `NotAcceptable` for a client that refuses plain bytes and every coding of ours."""
    accepted = negotiation.lines_of(request.headers, "accept-encoding")
    coding = choose_coding(accepted, is_worth_it=served.codings.is_worth_compressing)
    if coding is None and served.status == 200:
        raise NotAcceptable(
            f"`{request.scope['path']}` can be had in the codings {', '.join(COMPRESSED)} and "
            f"identity, and not in `{(accepted or '')[:200]}`."
        )
    return coding or "identity"


async def _in_coding(served: ServedModule, coding: Coding) -> ServedModule:
    if served.status != 200:
        return served
    body = await served.codings.get(coding)
    etag = coded_etag(served.etag, coding)
    headers = {
        **served.headers,
        "etag": etag,
        "content-length": str(len(body)),
        "vary": "Accept, Accept-Encoding",
    }
    if coding != "identity":
        headers["content-encoding"] = coding
    return replace(served, body=body, etag=etag, headers=headers)


def _answer(request: Request, served: ServedModule) -> Response:
    if served.etag and conditional.is_held(request.headers, served.etag):
        kept = {
            name: value for name, value in served.headers.items() if not name.startswith("content-")
        }
        return Response(status_code=304, headers=kept)
    return Response(served.body, status_code=served.status, headers=dict(served.headers))
