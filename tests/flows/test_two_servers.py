"""Two servers over one PostgreSQL and one folder: what one is told, the other knows.

Real processes, each with its own Node and Chromium.
"""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.fleet import Process, serving
from tests.support.loops import BACKEND
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


@pytest.fixture(scope="module")
def anyio_backend() -> object:
    return BACKEND


@pytest.fixture(scope="module")
async def servers(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> AsyncGenerator[Fleet, None]:
    root = tmp_path_factory.mktemp("realm") / "people"
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    database = postgres.new_empty_database()
    write_people(root)
    ports = [free_port(), free_port()]
    url = f"http://127.0.0.1:{ports[0]}"
    async with (
        serving(root, database, ports[0], url, one, "--no-watch") as first,
        serving(root, database, ports[1], url, two, "--no-watch") as second,
    ):
        yield Fleet(root, url, first, second)
    postgres.drop(database)


@pytest.fixture
async def fleet(servers: Fleet) -> Fleet:
    """Both of them, ready; one that an earlier test killed is started again."""
    for process in (servers.first, servers.second):
        if process.process.returncode is not None:
            await process.start()
        await process.until_answering("/_ready")
    return servers


async def test_what_is_written_on_one_is_read_on_the_other(fleet: Fleet) -> None:
    seq = await rename(fleet.first, "Person/ann", "Anna")
    found = await card(fleet.second, "Person/ann", **{"X-Realmkit-Seq": seq})
    assert found["attributes"]["cardTitle"] == "Anna"
    assert found["id"] == f"{fleet.url}/people/Person/ann"

    seq = await rename(fleet.second, "Person/ann", "Anne")
    found = await card(fleet.first, "Person/ann", **{"X-Realmkit-Seq": seq})
    assert found["attributes"]["cardTitle"] == "Anne"

    # A definition as well: the other's modules are those of the new source.
    await write(fleet.first, "person.gts", PERSON.replace("'Person'", "'Somebody'"))
    served = await fleet.second.client.get("/people/person")
    assert "Somebody" in served.text


async def test_a_hot_module_names_what_was_written_elsewhere(fleet: Fleet) -> None:
    """As soon as the write is acknowledged, however many files are behind it."""
    names = [f"part{number:02}" for number in range(12)]
    for name in names:
        await write(fleet.first, f"{name}.ts", f"export const {name} = 0;\n")
    await write(fleet.first, "whole.ts", "".join(f"import './{name}';\n" for name in names))

    last = names[-1]
    for value in range(1, 4):
        before = [await version_named(fleet.second, last) for _ in range(2)]
        await write(fleet.first, f"{last}.ts", f"export const {last} = {value};\n")

        after = await version_named(fleet.second, last)
        assert before[0] == before[1] != after
        assert after == await version_named(fleet.first, last)

    # And so does one that comes to be imported instead.
    before = [await version_named(fleet.second, "part00") for _ in range(2)]
    await write(fleet.first, "part00.js", "export const part00 = 'in front';\n")

    after = await version_named(fleet.second, "part00")
    assert before[0] == before[1] != after


async def write(process: Process, path: str, text: str) -> str:
    """Write a file; returns the seq of the write."""
    answer = await process.client.post(
        f"/people/{path}", content=text, headers={"Accept": "application/vnd.card+source"}
    )
    assert answer.status_code == 204, answer.text
    return answer.headers["X-Realmkit-Seq"]


async def version_named(process: Process, name: str) -> str:
    """The version of `name` in what the process serves as `/people/whole`."""
    text = (await process.client.get("/people/whole")).text
    found = re.search(rf"/{name}\?v=(\w+)", text)
    assert found is not None, text
    return found[1]


async def test_when_one_is_killed_the_other_goes_on(fleet: Fleet) -> None:
    await fleet.second.kill()
    seq = await rename(fleet.first, "Person/bob", "Rob")
    found = await card(fleet.first, "Person/bob", **{"X-Realmkit-Seq": seq})
    assert found["attributes"]["cardTitle"] == "Rob"
