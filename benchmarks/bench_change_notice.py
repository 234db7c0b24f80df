"""From a change that one server acknowledged to the other server's answer with it.

Two servers over one PostgreSQL and one folder. What is measured begins when the write to
the first is answered and ends when the second has served the new module, transpiled.
"""

import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from serving import Figures, fetch, free_port, postgres, serve_command, until_answering

CHANGES = 300


async def main() -> int:
    figures = Figures("A change acknowledged on one server, served by another")
    with tempfile.TemporaryDirectory(prefix="realmkit-bench-") as name, postgres() as database:
        folder = Path(name) / "people"
        folder.mkdir()
        (folder / "value.ts").write_text("export const value: number = 0;\n")
        ports = [free_port(), free_port()]
        options = ["--database", database, "--public-url", f"http://127.0.0.1:{ports[0]}"]
        with ExitStack() as stack:
            for port in ports:
                state = Path(name) / str(port)
                stack.enter_context(serve_command(folder, state, port, *options, "--no-index"))
                await until_answering(port, "/people/value")
            took_ms = sorted([await change(ports, number) for number in range(1, CHANGES + 1)])
    p50, p99 = took_ms[len(took_ms) // 2], took_ms[int(len(took_ms) * 0.99)]
    figures.line("median", f"{p50:.1f} ms")
    figures.line("p99", f"{p99:.1f} ms", target="under 20", met=p99 < 20)
    return figures.exit_code()


async def change(ports: list[int], number: int) -> float:
    """Milliseconds between the one's acknowledgement and the other's answer."""
    await write(ports[0], f"export const value: number = {number};\n".encode())
    started = time.perf_counter()
    body = await fetch(ports[1], "/people/value")
    took_s = time.perf_counter() - started
    if f"value = {number};".encode() not in body:
        raise RuntimeError(f"change {number} was acknowledged and is not served: {body!r}")
    return took_s * 1000


async def write(port: int, content: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /people/value.ts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Accept: application/vnd.card+source\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    answer = await reader.read()
    writer.close()
    if b" 204 " not in answer.partition(b"\r\n")[0]:
        raise RuntimeError(f"the write was refused: {answer!r}")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
