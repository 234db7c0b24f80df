"""A hot module GET and its 304, against a raw ASGI function that sends as many bytes.

Both servers are processes of their own and are asked by the same client over the same
number of kept-alive connections, by turns. What counts is the server's processor time
for each request: on a small machine the client takes as much time as the server, and
its share would blur a wall-clock ratio.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from serving import (
    INSURANCE,
    Figures,
    cpu_seconds,
    free_port,
    raw_server,
    serve_command,
    until_answering,
)

MODULE = "/insurance/policy"
CONNECTIONS = 8
REQUESTS = 4_000
ROUNDS = 3


async def main() -> int:
    figures = Figures("Hot module GET")
    with tempfile.TemporaryDirectory(prefix="realmkit-bench-") as state:
        port, bare_port = free_port(), free_port()
        with serve_command(INSURANCE, Path(state), port) as ours:
            await until_answering(port, MODULE)
            await until_answering(port, "/_ready", timeout_s=600)
            size = len(await get(port, MODULE))
            await until_indexed(ours.pid)
            figures.line("size of the module", f"{size} bytes")
            with raw_server(bare_port, size) as bare:
                await until_answering(bare_port, MODULE)
                for what, held in (("200", None), ("304", "*")):
                    our_us, our_rate = await best_of(port, held, ours.pid)
                    bare_us, bare_rate = await best_of(bare_port, held, bare.pid)
                    ratio = bare_us / our_us
                    figures.line(f"{what}, ours: processor time a request", f"{our_us:.0f} us")
                    figures.line(f"{what}, raw ASGI: the same", f"{bare_us:.0f} us")
                    figures.line("ratio", f"{ratio:.2f}", target="at least 0.8", met=ratio >= 0.8)
                    figures.line(f"{what}, requests a second, ours", f"{our_rate:.0f}")
                    figures.line(f"{what}, requests a second, raw ASGI", f"{bare_rate:.0f}")
    return figures.exit_code()


async def best_of(port: int, held: str | None, pid: int) -> tuple[float, float]:
    """(microseconds of processor time a request, requests a second) of the best round."""
    await ask(port, held, 500)
    measured: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        cpu, wall = cpu_seconds(pid), time.perf_counter()
        await ask(port, held, REQUESTS)
        wall_s = time.perf_counter() - wall
        measured.append(((cpu_seconds(pid) - cpu) / REQUESTS * 1e6, REQUESTS / wall_s))
    return min(measured)


async def ask(port: int, held: str | None, count: int) -> None:
    await asyncio.gather(
        *(keep_asking(port, held, count // CONNECTIONS) for _ in range(CONNECTIONS))
    )


async def keep_asking(port: int, held: str | None, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    condition = f"If-None-Match: {held}\r\n" if held else ""
    request = f"GET {MODULE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{condition}\r\n".encode()
    for _ in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not held:
            await reader.readexactly(content_length(head))
    writer.close()


async def get(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(content_length(head))
    writer.close()
    return body


def content_length(head: bytes) -> int:
    lowered = head.lower()
    start = lowered.index(b"content-length:") + len(b"content-length:")
    return int(lowered[start : lowered.index(b"\r\n", start)])


async def until_indexed(pid: int) -> None:
    """Wait until the server has been at rest for a second: indexing would share its time."""
    while True:
        before = cpu_seconds(pid)
        await asyncio.sleep(1)
        if cpu_seconds(pid) - before < 0.03:
            return


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
