"""The edge as one ASGI application.

`build_http(stations)` answers the callable that uvicorn serves. From the outside
in: hot modules are answered from memory; then the host and the origin are
checked; then the path chooses a server resource (`/_…`) or a realm, and the
realm's desk chooses by method and media type. Whatever is raised on the way
becomes a JSON:API error document.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import quote, unquote_to_bytes

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from realmkit.errors import BadRequest, Forbidden, NotFound, TryLater
from realmkit.http import answers, origins
from realmkit.http.built_ins import BuiltIns
from realmkit.http.errors import as_known, error_answer
from realmkit.http.federated import FederatedSearch
from realmkit.http.health import Health
from realmkit.http.hot import HotModules
from realmkit.http.html import HTMLPages
from realmkit.http.realm_desk import RealmDesk
from realmkit.http.resource import Handler, Methods, allowed, handler_for
from realmkit.http.static import HostStatic, prerender_policy
from realmkit.http.stations import Stations


def build_http(stations: Stations, hot: HotModules) -> ASGIApp:
    """The ASGI application for these stations. It starts nothing."""
    edge = Edge(stations, hot)
    return hot.in_front_of(edge)


class Edge:
    """Checks who asks, finds the resource, and turns errors into documents."""

    def __init__(self, stations: Stations, hot: HotModules) -> None:
        self._stations = stations
        self._public_url = stations.settings.public_url
        policy = prerender_policy(self._public_url, stations.settings.allowed_hosts)
        host = HostStatic(stations.static_dir, policy)
        pages = self._pages = HTMLPages(stations, host)
        built_ins = BuiltIns(stations)
        health = Health(stations, hot)
        self._realms = RealmDesk(stations, pages, hot)
        self._paths: dict[str, Methods] = {
            "/": {"GET": pages.home},
            "/_realms": {"GET": pages.realm_list},
            "/_health": {"GET": health.health},
            "/_ready": {"GET": health.ready},
            "/metrics": {"GET": health.metrics},
            "/_inert": {"GET": built_ins.inert},
            "/_federated-search": {"QUERY": FederatedSearch(stations).search},
        }
        self._folders: dict[str, Callable[[Request, str], Handler]] = {
            "/_host/": lambda _, name: lambda request: host.get(request, name),
            "/_icons/": lambda _, name: lambda request: built_ins.icon(request, name),
            "/_styles/": lambda _, name: lambda request: built_ins.style(request, name),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # Whoever still waits when the server's time to stop is over.
            if not self._stations.stopping.is_set():
                raise
            response = error_answer(TryLater("The server is stopping; ask again."))
        except Exception as error:
            known = as_known(error, request)
            response = await self._pages.error(request, known) or error_answer(known)
        for name, value in origins.SHARED_HEADERS.items():
            response.headers.setdefault(name, value)
        if request.method == "HEAD":
            # The length stays: it is the length of what GET would send.
            response = Response(status_code=response.status_code, headers=response.headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        self._check_caller(request)
        path = request.scope["path"]
        if any(character < " " or character == "\x7f" for character in path):
            raise BadRequest("The path holds a control character.")
        # What the query names is asked of the database, and PostgreSQL takes no NUL in a text.
        if b"\0" in unquote_to_bytes(request.scope["query_string"]):
            raise BadRequest("The query holds a NUL character.")
        if _is_query_by_override(request):
            request.scope["method"] = "QUERY"
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return Response(status_code=204, headers=origins.PREFLIGHT_HEADERS)
        methods = self._methods_at(request, path)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"allow": ", ".join(allowed(methods))})
        return await handler_for(methods, request, _hint(methods))(request)

    def _check_caller(self, request: Request) -> None:
        host = request.headers.get("host", "")
        if not origins.is_our_host(host, self._public_url):
            raise Forbidden(
                f"This server does not answer to the name `{host[:200]}`. "
                f"Its address is {self._public_url}."
            )
        # QUERY by override is a read: browsers ask leave before they send that header.
        is_read = request.method in origins.READ_METHODS or _is_query_by_override(request)
        if not is_read and origins.is_rendering(request.headers.get("user-agent", "")):
            raise Forbidden(f"Rendering writes nothing: {request.method} was refused.")
        origin = request.headers.get("origin")
        if not is_read and not origins.may_write(origin, host, self._public_url):
            raise Forbidden(
                f"A page of {(origin or '')[:200]} may read here and may not write. "
                f"Only pages of {self._public_url} may."
            )

    def _methods_at(self, request: Request, path: str) -> Methods:
        """The resource at a path; `NotFound` names what there is instead."""
        if known := self._paths.get(path):
            return known
        for folder, handler in self._folders.items():
            if path.startswith(folder):
                return {"GET": handler(request, path.removeprefix(folder))}
        name, slash, inside = path.removeprefix("/").partition("/")
        mounted = self._stations.mounted.get(name)
        if mounted is None:
            realms = ", ".join(f"/{name}/" for name in self._stations.mounted) or "none"
            raise NotFound(f"Nothing is served at `{path[:300]}`. The realms here are: {realms}.")
        if not slash:
            return {"GET": _add_slash}
        return self._realms.methods_at(request, mounted, inside)


async def _add_slash(request: Request) -> Response:
    query = request.url.query
    return answers.redirect(quote(request.scope["path"]) + "/" + (f"?{query}" if query else ""))


def _is_query_by_override(request: Request) -> bool:
    return request.method == "POST" and request.headers.get("x-http-method-override") == "QUERY"


def _hint(methods: Methods) -> str:
    if "QUERY" in methods and "POST" not in methods:
        return " A client without QUERY sends POST with `X-HTTP-Method-Override: QUERY`."
    return ""
