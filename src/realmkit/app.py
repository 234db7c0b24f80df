"""The whole house, built in one place, started and stopped in one order.

`build_app(settings)` makes every service and starts none. `start` opens them in
the order they need each other: database, change log, files, modules, prerender,
index, indexer, edge, watchers. `stop` goes the other way and takes at most three
seconds, open event streams included.
"""

from starlette.types import ASGIApp

from realmkit.config import Settings
from realmkit.http.stations import Stations


class App:
    """A realm server in this process. `asgi` may be served as soon as `start` returned."""

    settings: Settings
    stations: Stations
    asgi: ASGIApp

    async def start(self) -> None:
        """Open the database, scan every realm and begin following the log."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End the streams, then everything `start` began, newest first."""
        raise NotImplementedError


def build_app(settings: Settings) -> App:
    """Build every station for `settings`. Touches no disk and starts no process."""
    raise NotImplementedError
