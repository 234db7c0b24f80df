"""Two servers over one PostgreSQL and one folder: what one is told, the other knows.

Real processes, each with its own Node and Chromium.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.fleet import Process, serving
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.server import PERSON, write_people

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

CARD_JSON = "application/vnd.card+json"


async def card(process: Process, path: str, **headers: str) -> dict[str, Any]:
    answer = await process.client.get(f"/people/{path}", headers={"Accept": CARD_JSON, **headers})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def rename(process: Process, path: str, name: str) -> str:
    """Give a card another name; returns the seq of the write."""
    body = {"data": {"type": "card", "attributes": {"name": name}}}
    answer = await process.client.patch(
        f"/people/{path}", json=body, headers={"Accept": CARD_JSON, "Content-Type": CARD_JSON}
    )
    assert answer.status_code == 200, answer.text
    return answer.headers["X-Realmkit-Seq"]


@dataclass
class Fleet:
    root: Path
    url: str
    first: Process
    second: Process


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


async def test_what_is_written_on_one_is_read_on_the_other(fleet: Fleet) -> None:
    seq = await rename(fleet.first, "Person/ann", "Anna")
    found = await card(fleet.second, "Person/ann", **{"X-Realmkit-Seq": seq})
    assert found["attributes"]["cardTitle"] == "Anna"
    assert found["id"] == f"{fleet.url}/people/Person/ann"

    seq = await rename(fleet.second, "Person/ann", "Anne")
    found = await card(fleet.first, "Person/ann", **{"X-Realmkit-Seq": seq})
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
    await fleet.second.kill()
    seq = await rename(fleet.first, "Person/bob", "Rob")
    found = await card(fleet.first, "Person/bob", **{"X-Realmkit-Seq": seq})
    assert found["attributes"]["cardTitle"] == "Rob"
