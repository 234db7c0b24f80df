"""A server inside this process, for as long as a command needs one.

`serve` runs it until it is told to stop; `check`, `index` and `search` run it only
while they work, because cards are rendered by pages that load them over HTTP.
"""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from realmkit.app import App, build_app
from realmkit.config import Settings, SetupError, is_postgres
from realmkit.http.protocol import protocol_with

T = TypeVar("T")

# A large document is tens of thousands of new objects, none of them garbage yet. Python would
# look through them every 700, which takes a fifth of the document's time.
_OBJECTS_BETWEEN_COLLECTIONS = 10_000


@asynccontextmanager
async def running(settings: Settings, listener: socket.socket) -> AsyncGenerator[App, None]:
    """A started app that answers on `listener`; both are stopped at the end."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    app = build_app(settings)
    # Any number of servers may share one PostgreSQL; a SQLite file has one.
    alone = nullcontext() if is_postgres(settings.database) else state_lock(settings.state_dir)
    with alone:
        try:
            await app.start()
            server = _Server(app, listener)
            async with server:
                yield app
        finally:
            await app.stop()
            listener.close()


class _Server:
    """uvicorn in our own loop: started when entered, stopped when left."""

    def __init__(self, app: App, listener: socket.socket) -> None:
        self._app = app
        self._listener = listener
        config = uvicorn.Config(
            app.asgi,
            http=protocol_with(app.hot),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Requests that wait for the index are cut off after this at a stop.
            timeout_graceful_shutdown=1,
        )
        self._server = _QuietServer(config)

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(
            self._server.serve(sockets=[self._listener]), name="http server"
        )
        while not self._server.started:
            if self._task.done():
                await self._task
                raise SetupError("The HTTP server did not start.")
            await asyncio.sleep(0.005)

    async def __aexit__(self, *_: object) -> None:
        # Streams end first: uvicorn waits for every connection to close.
        self._app.stations.stopping.set()
        self._server.should_exit = True
        await self._task


class _QuietServer(uvicorn.Server):
    """Signals are the command's business."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def run(work: Coroutine[Any, Any, T]) -> T | None:
    """Run a command's work on uvloop where there is one. None when Ctrl-C ended it.

    The first Ctrl-C (or SIGTERM) cancels the work, which stops everything it started;
    the second one is for when that does not help.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_until_interrupted(work))


async def _until_interrupted(work: Coroutine[Any, Any, T]) -> T | None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    was_interrupted = False

    def interrupt() -> None:
        nonlocal was_interrupted
        was_interrupted = True
        task.cancel()
        for number in _STOPPING_SIGNALS:
            loop.remove_signal_handler(number)

    for number in _STOPPING_SIGNALS:
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, interrupt)
    try:
        return await task
    except asyncio.CancelledError:
        if was_interrupted:
            return None
        raise


@contextmanager
def state_lock(state_dir: Path) -> Generator[None, None, None]:
    """Hold the state folder for this process. Raises `SetupError` if another has it.

    Two servers over one SQLite file would both index everything.
    """
    import fcntl

    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        lock = (state_dir / "lock").open("w")
    except OSError as exc:
        raise SetupError(f"The state folder {state_dir} cannot be used: {exc.strerror}.") from exc
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise SetupError(
                f"Another realmkit is using the state folder {state_dir}: "
                "stop it, or choose another folder with --state."
            ) from exc
        yield


_STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
