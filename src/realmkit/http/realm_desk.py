"""A realm's desk: which resource a path, a method and a media type mean.

The names that begin with `_` and are listed here belong to the realm itself. Every
other path means what the client asks for it as: the same `person` is a browser
module, a source file, a card or a page. An unknown Accept gets 406, never a guess.
"""

from starlette.requests import Request
from starlette.responses import Response

from realmkit.cards.code_refs import is_module_path
from realmkit.errors import BadRequest, Forbidden, NotAcceptable
from realmkit.extraction import type_of_file
from realmkit.http import answers, negotiation
from realmkit.http.atomic import Atomic
from realmkit.http.cards import Cards
from realmkit.http.events import Events
from realmkit.http.hot import HotModules
from realmkit.http.html import HTMLPages
from realmkit.http.listing import Listings
from realmkit.http.modules import Modules
from realmkit.http.multi_get import MultiGet
from realmkit.http.negotiation import API, CARD, FILE_META, HTML, JAVASCRIPT, JSON, SOURCE
from realmkit.http.out_of_date import OutOfDate
from realmkit.http.reports import Reports
from realmkit.http.resource import Handler, Methods
from realmkit.http.search import Search
from realmkit.http.source import Source
from realmkit.http.stations import MountedRealm, Stations

_VARY = "Accept"


class RealmDesk:
    """Finds the resource inside a realm. Every answer says which realm gave it."""

    def __init__(self, stations: Stations, pages: HTMLPages, hot: HotModules) -> None:
        self._stations = stations
        self._atomic = Atomic(stations)
        self._pages = pages
        self._cards = Cards(stations)
        self._events = Events(stations)
        self._listings = Listings()
        self._modules = Modules(stations, hot)
        self._multi_get = MultiGet(stations)
        self._out_of_date = OutOfDate(stations)
        self._reports = Reports(stations)
        self._search = Search(stations)
        self._source = Source(stations)

    def methods_at(self, request: Request, mounted: MountedRealm, path: str) -> Methods:
        """The resource at the realm-relative `path`."""
        methods = self._reserved(mounted, path) or self._path(request, mounted, path)
        return {method: _signed(handler, mounted) for method, handler in methods.items()}

    def _reserved(self, mounted: MountedRealm, path: str) -> Methods | None:
        reports, realm = self._reports, mounted
        match path:
            case "_info":
                info: Handler = lambda request: reports.info(request, realm)  # noqa: E731
                return {"GET": info, "QUERY": info}
            case "_types":
                return {"GET": lambda request: reports.types(request, realm)}
            case "_mtimes":
                return {"GET": lambda request: reports.mtimes(request, realm)}
            case "_dependencies":
                return {"GET": lambda request: reports.dependencies(request, realm)}
            case "_indexing-errors":
                return {"GET": lambda request: reports.indexing_errors(request, realm)}
            case "_search":
                return {"QUERY": lambda request: self._search.answer(request, realm)}
            case "_cards":
                return {"QUERY": lambda request: self._multi_get.answer(request, realm)}
            case "_modules":
                return {"GET": lambda request: self._modules.manifest(request, realm)}
            case "_atomic":
                return {"POST": _writing(realm, lambda it: self._atomic.carry_out(it, realm))}
            case "_invalidate":
                return {"POST": _writing(realm, lambda it: self._out_of_date.invalidate(it, realm))}
            case "_reindex" | "_full-reindex":
                return {"POST": _writing(realm, lambda it: self._out_of_date.reindex(it, realm))}
            case "_events":
                return {"GET": lambda request: self._events.stream(request, realm)}
            case _:
                return None

    def _path(self, request: Request, mounted: MountedRealm, path: str) -> Methods:
        async def read(request: Request) -> Response:
            return await self._read(request, mounted, path)

        if path == "" or path.endswith("/"):

            async def create(request: Request) -> Response:
                return await self._cards.create(request, mounted, path)

            return {"GET": read, "POST": _writing(mounted, create)}

        async def write(request: Request) -> Response:
            if _is_card(request):
                raise BadRequest(
                    "A card is created by POST to the folder it shall lie in, "
                    f"such as {mounted.realm.url}; an existing one is changed by PATCH."
                )
            return await self._source.write(request, mounted, path)

        async def patch(request: Request) -> Response:
            return await self._cards.patch(request, mounted, path)

        async def delete(request: Request) -> Response:
            if negotiation.asks_for(request.headers, CARD):
                return await self._cards.delete(request, mounted, path)
            return await self._source.delete(request, mounted, path)

        writes = {"POST": write, "PATCH": patch, "DELETE": delete}
        return {"GET": read} | {name: _writing(mounted, each) for name, each in writes.items()}

    async def _read(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        is_folder = path == "" or path.endswith("/")
        if is_folder and (elsewhere := await _without_slash(request, mounted, path)):
            return elsewhere
        offers = (API, HTML, CARD, JSON) if is_folder else _offers_of_file(path)
        wanted = negotiation.choose(_accept(request), offers)
        if wanted is None:
            raise NotAcceptable(
                f"`{mounted.realm.url_of(path)}` can be had as {', '.join(offers)}, "
                f"and not as `{(_accept(request) or '')[:200]}`."
            )
        if is_folder:
            match wanted:
                case "text/html":
                    return await self._pages.folder(request, mounted, path)
                case "application/vnd.card+json":
                    return await self._cards.get(request, mounted, path + "index")
                case _:
                    return await self._listings.get(request, mounted, path)
        match wanted:
            case "application/vnd.card+json":
                return await self._cards.get(request, mounted, path)
            case "application/vnd.card+source":
                return await self._source.get(request, mounted, path)
            case "application/vnd.card.file-meta+json":
                return await self._source.get_meta(request, mounted, path)
            case "text/html" if type_of_file(path) != HTML:
                return await self._read_as_page(request, mounted, path)
            case _:
                return await self._read_plainly(request, mounted, path)

    async def _read_as_page(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """What a browser's address bar gets: a card's page, or else the file."""
        if page := await self._pages.card(request, mounted, path):
            return page
        return await self._read_plainly(request, mounted, path)

    async def _read_plainly(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """What `*/*` gets: a module, a file's bytes, and failing both the card of that name."""
        # A name that is exactly a file's is that file, even where `<name>.gts` exists.
        if not is_module_path(path) and (
            file := await self._source.get_raw(request, mounted, path)
        ):
            return file
        if module := await self._modules.get(request, mounted, path):
            return module
        return await self._cards.get(request, mounted, path)


async def _without_slash(request: Request, mounted: MountedRealm, path: str) -> Response | None:
    """`person/` leads to `person`, with the query, where no such folder has what is asked for."""
    files, bare = mounted.files, path.removesuffix("/")
    if not bare or await files.resolve(bare) is None:
        return None
    is_for_card = negotiation.asks_for(request.headers, CARD)
    if await files.stat(f"{path}index.json") if is_for_card else files.locate(bare).is_dir():
        return None
    query = request.url.query
    return answers.redirect(mounted.realm.url_of(bare) + (f"?{query}" if query else ""))


def _offers_of_file(path: str) -> tuple[str, ...]:
    if is_module_path(path):
        own = (JAVASCRIPT,)
    else:
        known = type_of_file(path)
        own = (JAVASCRIPT, known) if known == negotiation.BYTES else (known, JAVASCRIPT)
    others = (CARD, SOURCE, FILE_META, HTML, JSON)
    return tuple(dict.fromkeys(own + others))


def _accept(request: Request) -> str | None:
    """The Accept header; `?acceptHeader=` stands in for it where none can be sent."""
    return request.query_params.get("acceptHeader") or negotiation.lines_of(
        request.headers, "accept"
    )


def _is_card(request: Request) -> bool:
    """True when a body is sent as a card document and not as a file's bytes."""
    if negotiation.asks_for(request.headers, SOURCE):
        return False
    sent = negotiation.media_type_of(request.headers.get("content-type"))
    return sent == CARD or negotiation.asks_for(request.headers, CARD)


def _writing(mounted: MountedRealm, handler: Handler) -> Handler:
    """The same in a realm that may be written; in another it is refused."""

    async def answer(request: Request) -> Response:
        if not mounted.realm.is_writable:
            raise Forbidden(f"The realm {mounted.realm.url} is read-only.")
        return await handler(request)

    return answer


def _signed(handler: Handler, mounted: MountedRealm) -> Handler:
    async def answer(request: Request) -> Response:
        response = await handler(request)
        response.headers.setdefault("vary", _VARY)
        response.headers["x-boxel-realm-url"] = mounted.realm.url
        response.headers["x-boxel-realm-public-readable"] = "true"
        return response

    return answer
