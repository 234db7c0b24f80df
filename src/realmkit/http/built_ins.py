"""Modules and stylesheets that are no files of any realm.

`/_icons/<name>` is an icon component, `/_inert?names=a,b` a module of commands
that do nothing, `/_styles/<id>.css` a scoped stylesheet that prerendered HTML names.
"""

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import BadRequest, NotFound
from realmkit.http import answers
from realmkit.http.modules import module_answer
from realmkit.http.stations import Stations

_MOST_NAMES = 200


class BuiltIns:
    """The three server-level resources that cards and their HTML refer to."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def icon(self, request: Request, name: str) -> Response:
        served = await self._stations.modules.serve_icon(name, request.query_params.get("v"))
        return await module_answer(request, served)

    async def inert(self, request: Request) -> Response:
        names = [name for name in request.query_params.get("names", "").split(",") if name]
        if len(names) > _MOST_NAMES or not all(name.isidentifier() for name in names):
            raise BadRequest("`names` must list JavaScript names, separated by commas.")
        return await module_answer(request, self._stations.modules.serve_inert(names))

    async def style(self, request: Request, name: str) -> Response:
        style_id = name.removesuffix(".css")
        css = await self._stations.index.style(style_id)
        if css is None:
            raise NotFound(f"There is no stylesheet `{style_id}`.")
        # The id holds a hash of the CSS.
        return answers.validated(
            request,
            css.encode(),
            media_type="text/css; charset=utf-8",
            headers={"cache-control": answers.IMMUTABLE},
        )
