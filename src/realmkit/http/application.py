"""The edge as one ASGI application.

`build_http(stations)` answers the callable that uvicorn serves. From the outside
in: hot modules are answered from memory; then the host and the origin are
checked; then the path chooses a server resource (`/_…`) or a realm, and the
realm's desk chooses by method and media type. Whatever is raised on the way
becomes a JSON:API error document.
"""

from starlette.types import ASGIApp

from realmkit.http.stations import Stations


def build_http(stations: Stations) -> ASGIApp:
    """The ASGI application for these stations. It starts nothing."""
    raise NotImplementedError
