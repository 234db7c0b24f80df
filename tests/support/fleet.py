"""Real `realmkit serve` processes that share one PostgreSQL and one folder."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

COMMAND = str(Path(sys.executable).with_name("realmkit"))


@dataclass(eq=False)
class Process:
    """One `realmkit serve`, and a client to ask it with. It may be killed and started again.

    What it logs, in all its lives, goes to the file `log`.
    """

    port: int
    command: tuple[str, ...]
    client: httpx2.AsyncClient
    log: Path
    process: asyncio.subprocess.Process = field(init=False)

    def __post_init__(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdout=asyncio.subprocess.DEVNULL, stderr=log
            )

    def last_words(self, count: int = 20) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def pause(self) -> None:
        """Stop it where it is, with all it holds."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), 15)
        except TimeoutError:
            await self.kill()

    async def until_answering(self, path: str) -> None:
        """Wait until it is up: another process cannot signal to us."""
        async with asyncio.timeout(120):
            while True:
                try:
                    if (await self.client.get(path)).status_code == 200:
                        return
                except httpx2.TransportError:
                    assert self.process.returncode is None
                await asyncio.sleep(0.05)

    async def counter(self, name: str) -> int:
        """One of its metrics, named with its labels if it has any."""
        text = (await self.client.get("/metrics")).text
        found = re.search(rf"^{re.escape(name)} (\d+)$", text, re.M)
        assert found is not None, f"there is no {name} in {text}"
        return int(found[1])


async def fetch(port: int, path: str, *, within_s: float = 60) -> tuple[int, bytes]:
    """Status and body of a GET over a connection of its own.

    Raises `ConnectionError` or `EOFError` when the server goes, `TimeoutError` when it says
    nothing.
    """
    async with asyncio.timeout(within_s):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            host = f"Host: 127.0.0.1:{port}"
            writer.write(f"GET {path} HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length is None or len(body) < int(length[1]):
        raise EOFError("The connection was closed in the middle of an answer.")
    return int(head.split()[1]), body


@asynccontextmanager
async def serving(
    root: Path, database: str, port: int, public_url: str, state: Path, *options: str
) -> AsyncGenerator[Process, None]:
    """A process that serves `root` as the realm `people`. It has been started, no more."""
    command = (
        *(COMMAND, "serve", f"people={root}", "--database", database, "--port", str(port)),
        *("--public-url", public_url, "--state", str(state), *options),
    )
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        process = Process(port, command, client, state / "log.txt")
        await process.start()
        try:
            yield process
        finally:
            await process.stop()
