"""How far a document is filled for the one who asks for it.

A page that renders (`X-Boxel-During-Prerender`) gets query-backed links named and not
expanded. Another server (`X-Realmkit-Asked-By`) gets the cards themselves and nothing
with them: it follows links on its own, and two servers whose cards link to each other
must not ask each other for ever. Everybody else gets everything.
"""

from starlette.requests import ClientDisconnect, Request

from realmkit.search import Walk

DURING_PRERENDER = "x-boxel-during-prerender"
ASKED_BY = "x-realmkit-asked-by"
VARY = "Accept, X-Boxel-During-Prerender, X-Realmkit-Asked-By"


def is_during_prerender(request: Request) -> bool:
    """True for a request that a rendering card made. An empty header is as good as none."""
    return bool(request.headers.get(DURING_PRERENDER, "").strip())


def is_of_a_server(request: Request) -> bool:
    return ASKED_BY in request.headers


def walk_for(request: Request) -> Walk:
    """The walk that this request wants; it ends when the client is gone."""

    async def stop_if_gone() -> None:
        if await request.is_disconnected():
            raise ClientDisconnect

    of_a_server = is_of_a_server(request)
    return Walk(
        skip_query_backed_expansion=of_a_server or is_during_prerender(request),
        follows_links=not of_a_server,
        asks_other_servers=not of_a_server,
        between_layers=stop_if_gone,
    )


def view_of(request: Request) -> str:
    """Keeps the ETags of the three views of a card apart, even where their bodies agree."""
    if is_of_a_server(request):
        return "alone"
    return "named" if is_during_prerender(request) else ""
