"""Two servers over one PostgreSQL and one folder: what one is told, the other knows.

Real processes, each with its own Node and Chromium.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.postgres import PostgresServer
from tests.support.server import PERSON, write_people

from realmkit.cli import mounts

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

COMMAND = str(Path(sys.executable).with_name("realmkit"))
CARD_JSON = "application/vnd.card+json"


@dataclass
class Process:
    """One `realmkit serve`, and a client to ask it with."""

    process: asyncio.subprocess.Process
    client: httpx2.AsyncClient

    async def card(self, path: str, **headers: str) -> dict[str, Any]:
        answer = await self.client.get(f"/people/{path}", headers={"Accept": CARD_JSON, **headers})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def rename(self, path: str, name: str) -> str:
        """Give a card another name; returns the seq of the write."""
        body = {"data": {"type": "card", "attributes": {"name": name}}}
        answer = await self.client.patch(
            f"/people/{path}", json=body, headers={"Accept": CARD_JSON, "Content-Type": CARD_JSON}
        )
        assert answer.status_code == 200, answer.text
        return answer.headers["X-Realmkit-Seq"]

    async def until_answering(self, path: str) -> None:
        """Wait until it is up: another process cannot signal to us."""
        async with asyncio.timeout(120):
            while True:
                try:
                    if (await self.client.get(path)).status_code == 200:
                        return
                except httpx2.TransportError:
                    assert self.process.returncode is None
                await asyncio.sleep(0.1)


@dataclass
class Fleet:
    root: Path
    url: str
    first: Process
    second: Process


@asynccontextmanager
async def serving(root: Path, database: str, port: int, public_url: str, state: Path):
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "serve",
        f"people={root}",
        *("--database", database, "--port", str(port)),
        *("--public-url", public_url, "--state", str(state)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        try:
            yield Process(process, client)
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 15)
            except TimeoutError:
                process.kill()
                await process.wait()


@pytest.fixture
async def fleet(tmp_path: Path, postgres: PostgresServer) -> AsyncGenerator[Fleet, None]:
    root, database = tmp_path / "people", postgres.new_empty_database()
    write_people(root)
    ports = [free_port(), free_port()]
    url = f"http://127.0.0.1:{ports[0]}"
    async with (
        serving(root, database, ports[0], url, tmp_path / "one") as first,
        serving(root, database, ports[1], url, tmp_path / "two") as second,
    ):
        for process in (first, second):
            await process.until_answering("/_ready")
        yield Fleet(root, url, first, second)
    postgres.drop(database)


def free_port() -> int:
    listener = mounts.listen("127.0.0.1", 0)
    with listener:
        return listener.getsockname()[1]


async def test_what_is_written_on_one_is_read_on_the_other(fleet: Fleet) -> None:
    seq = await fleet.first.rename("Person/ann", "Anna")
    found = await fleet.second.card("Person/ann", **{"X-Realmkit-Seq": seq})
    assert found["attributes"]["cardTitle"] == "Anna"
    assert found["id"] == f"{fleet.url}/people/Person/ann"

    seq = await fleet.second.rename("Person/ann", "Anne")
    found = await fleet.first.card("Person/ann", **{"X-Realmkit-Seq": seq})
    assert found["attributes"]["cardTitle"] == "Anne"

    # A definition as well: the other's modules are those of the new source.
    await fleet.first.client.post(
        "/people/person.gts",
        content=PERSON.replace("'Person'", "'Somebody'"),
        headers={"Accept": "application/vnd.card+source"},
    )
    served = await fleet.second.client.get("/people/person")
    assert "Somebody" in served.text


async def test_when_one_is_killed_the_other_goes_on(fleet: Fleet) -> None:
    fleet.second.process.kill()
    await fleet.second.process.wait()
    seq = await fleet.first.rename("Person/bob", "Rob")
    found = await fleet.first.card("Person/bob", **{"X-Realmkit-Seq": seq})
    assert found["attributes"]["cardTitle"] == "Rob"
