"""`realmkit serve` on an already indexed realm of 900 cards: first answer, memory.

The limit is how long a bare uvicorn with one Starlette route takes to its first
answer, started the same way in the same run.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from bench_module_get import get, until_indexed
from serving import (
    INSURANCE,
    Figures,
    bare_server,
    free_port,
    resident_mb,
    serve_command,
    until_answering,
)

STARTS = 3


async def main() -> int:
    figures = Figures("Start on an indexed realm of about 900 cards")
    with tempfile.TemporaryDirectory(prefix="realmkit-bench-") as folder:
        state = Path(folder)
        port = free_port()
        with serve_command(INSURANCE, state, port) as first:
            await until_answering(port, "/insurance/_info")
            await until_indexed(first.pid)
        answers_s: list[float] = []
        memory_mb: list[float] = []
        for _ in range(STARTS):
            with serve_command(INSURANCE, state, port) as process:
                answers_s.append(await until_answering(port, "/insurance/Customer/c0001"))
                await get(port, "/insurance/")
                await asyncio.sleep(2)
                memory_mb.append(resident_mb(process.pid))
    bare_s = min([await start_bare() for _ in range(STARTS)])
    answer_s = min(answers_s)
    figures.line(
        "first answer: a card's page", f"{answer_s:.2f} s", target="under 2", met=answer_s < 2
    )
    figures.line("limit: bare uvicorn + Starlette", f"{bare_s:.2f} s")
    figures.line("ratio to that limit", f"{answer_s / bare_s:.1f}")
    memory = max(memory_mb)
    figures.line(
        "memory of the server process", f"{memory:.0f} MB", target="under 200", met=memory < 200
    )
    return figures.exit_code()


async def start_bare() -> float:
    port = free_port()
    with bare_server(port, 4_000):
        return await until_answering(port, "/bare")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
