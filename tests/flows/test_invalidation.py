"""Every way in which a module gets out of date, on both databases.

After each, the next GET is of the new bytes, the shared table holds nothing of the old
ones, and the index has visited what rests on the module.
"""

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from tests.support.loops import BACKEND
from tests.support.server import ANN, PERSON, Server, serving, write_people

from realmkit.files import FileWrite

from ..support.postgres import PostgresServer

pytestmark = pytest.mark.anyio

TOWN = """\
import { CardDef, Component, contains, field, linksToMany } from '@cardstack/base/card-api';
import NumberField from '@cardstack/base/number';
import { Person } from './person';

export class Town extends CardDef {
  @field code = contains(NumberField);
  @field people = linksToMany(() => Person, { query: { filter: { eq: { city: '$this.code' } } } });
  static isolated = class extends Component<typeof Town> {
    <template>{{#each @model.people as |person|}}{{person.name}} lives here{{/each}}</template>
  };
}
"""
GHENT = """\
{
  "data": {
    "type": "card",
    "attributes": { "code": 9000 },
    "meta": { "adoptsFrom": { "module": "./town", "name": "Town" } }
  }
}
"""
SOURCE = {"Accept": "application/vnd.card+source", "Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def anyio_backend() -> object:
    return BACKEND


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Server, None]:
    chosen: dict[str, Any] = {"watch": False}
    if request.param == "postgres":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        chosen["database_url"] = await postgres.new_database()
    root = tmp_path_factory.mktemp("realm") / "people"
    write_people(root)
    async with serving(root, tmp_path_factory.mktemp("state"), **chosen) as server:
        await server.app.indexer.settle()
        yield server


async def test_a_write(server: Server) -> None:
    await served(server)
    answer = await server.client.post("/people/person.gts", content=said("One"), headers=SOURCE)
    assert answer.status_code == 204
    await is_current(server, "One")


async def test_a_batch(server: Server) -> None:
    await served(server)
    files = server.app.stations.mounted["people"].files
    await files.write_many(
        [FileWrite("person.gts", said("Two").encode()), FileWrite("more.txt", b"x")]
    )
    await is_current(server, "Two")


async def test_an_edit_behind_the_servers_back(server: Server) -> None:
    await served(server)
    (server.root / "person.gts").write_text(said("Three"))
    # Before anybody has noticed: a `stat` says so.
    assert "Three" in await served(server)
    await server.app.stations.mounted["people"].files.scan()
    await is_current(server, "Three")


async def test_a_dependency(server: Server) -> None:
    files = server.app.stations.mounted["people"].files
    uses = "import { Person } from './person';\nexport class Boss extends Person {}\n"
    await files.write("boss.gts", uses.encode())
    await server.indexed()
    before = (await get(server, "boss")).text
    visited = await visits(server, "boss.gts")

    await files.write("person.gts", said("Four").encode())
    await server.indexed()

    # It imports another version of the person now, and was visited again.
    assert (await get(server, "boss")).text != before
    assert await visits(server, "boss.gts") > visited


async def test_a_deletion(server: Server) -> None:
    files = server.app.stations.mounted["people"].files
    await files.write("gone.gts", b"export const here = true;")
    assert (await get(server, "gone")).status_code == 200
    answer = await server.client.delete("/people/gone.gts", headers=SOURCE)
    assert answer.status_code == 204

    assert (await get(server, "gone")).status_code == 404
    assert await live_rows(server, "gone.gts") == 0


async def test_naming_a_url(server: Server) -> None:
    await served(server)
    visited, rested = await visits(server, "person.gts"), await visits(server, "Person/ann.json")
    # Once by each of its names.
    urls = [server.realm_url + name for name in ("person", "person.gts", "person")]
    changes = server.app.stations.changes
    before = await changes.last_seq(server.realm_url)

    answer = await server.client.post("/people/_invalidate", json=naming(urls))
    await server.indexed()

    assert answer.status_code == 204
    told = [each.path for each in await changes.since(server.realm_url, before)]
    assert told.count("person.gts") == 1
    assert int(answer.headers["x-realmkit-seq"]) > 0
    assert await visits(server, "person.gts") > visited
    assert await visits(server, "Person/ann.json") > rested


async def test_a_search_of_a_field_that_comes_with_it_is_asked_again_when_it_is_there(
    server: Server,
) -> None:
    # While this is visited, the index knows of no `city`.
    (server.root / "person.gts").write_text(PERSON.replace("age", "city"))
    (server.root / "Person" / "cy.json").write_text(
        ANN.replace('"Ann", "age": 41', '"Cy", "city": 9000')
    )
    (server.root / "town.gts").write_text(TOWN)
    (server.root / "ghent.json").write_text(GHENT)
    await server.rescanned()

    assert "Cy lives here" in await server.html("ghent")


@pytest.mark.parametrize("endpoint", ["_reindex", "_full-reindex"])
async def test_asking_for_everything(server: Server, endpoint: str) -> None:
    await served(server)
    await server.indexed()
    assert await live_rows(server, "person.gts") == 1
    before = [await visits(server, path) for path in ("person.gts", "Person/bob.json")]
    made = await generation(server, "person.gts")

    answer = await server.client.post(f"/people/{endpoint}")
    assert answer.status_code == 204
    await server.indexed()

    after = [await visits(server, path) for path in ("person.gts", "Person/bob.json")]
    assert all(now > then for now, then in zip(after, before, strict=True))
    assert await generation(server, "person.gts") > made


@pytest.mark.parametrize("endpoint", ["_reindex", "_full-reindex"])
async def test_asking_for_everything_leaves_no_row_alive(server: Server, endpoint: str) -> None:
    # Nobody makes this one again: its file is gone, and nobody noticed.
    orphan = server.root / "orphan.ts"
    orphan.write_text("export const a = 1;")
    await get(server, "orphan")
    orphan.unlink()
    assert await live_rows(server, "orphan.ts") == 1

    await server.client.post(f"/people/{endpoint}")

    assert await live_rows(server, "orphan.ts") == 0
    await server.indexed()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": {"attributes": {"urls": "person"}}},
        {"data": {"attributes": {"urls": ["person.gts"]}}},
        {"data": {"attributes": {"urls": [7]}}},
        {"data": []},
    ],
)
async def test_what_names_no_urls_is_refused(server: Server, body: dict[str, Any]) -> None:
    answer = await server.client.post("/people/_invalidate", json=body)

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["source"]["pointer"].startswith("/data/attributes/urls")


async def test_one_url_of_elsewhere_refuses_them_all(server: Server) -> None:
    visited = await visits(server, "person.gts")
    urls = [f"{server.realm_url}person.gts", f"{server.url}/base/card-api"]
    answer = await server.client.post("/people/_invalidate", json=naming(urls))
    await server.indexed()

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"]["pointer"] == "/data/attributes/urls/1"
    assert await visits(server, "person.gts") == visited


async def test_a_read_only_realm_is_left_alone(server: Server) -> None:
    for endpoint in ("_invalidate", "_reindex"):
        answer = await server.client.post(f"/base/{endpoint}", json=naming([]))
        assert answer.status_code == 403
    assert (await server.client.get("/people/_reindex")).status_code == 405


def said(word: str) -> str:
    return f"{PERSON}\nexport const word = '{word}';\n"


def naming(urls: list[str]) -> dict[str, Any]:
    return {"data": {"type": "invalidation-request", "attributes": {"urls": urls}}}


async def get(server: Server, path: str) -> httpx2.Response:
    return await server.client.get(f"/people/{path}", headers={"Accept": "*/*"})


async def served(server: Server) -> str:
    return (await get(server, "person")).text


async def is_current(server: Server, word: str) -> None:
    assert word in await served(server)
    await server.indexed()
    assert word in await served(server)
    rows = await rows_of(server, "person.gts")
    assert all(body is None or word in body for body, _ in rows)
    [(described,)] = await db_of(server).read(
        "select count(*) from modules where path = 'person' and realm_url = $1"
        " and description is not null",
        [server.realm_url],
    )
    assert described == 1


async def live_rows(server: Server, path: str) -> int:
    return sum(body is not None for body, _ in await rows_of(server, path))


async def generation(server: Server, path: str) -> int:
    return max(generation for _, generation in await rows_of(server, path))


async def rows_of(server: Server, path: str) -> list[tuple[str | None, int]]:
    rows = await db_of(server).read(
        "select body, generation from module_transpile_cache"
        " where canonical_path = $1 and realm_url = $2",
        [path, server.realm_url],
    )
    return [(body, generation) for body, generation in rows]


async def visits(server: Server, path: str) -> int:
    """When a file was last visited, as a generation of the index."""
    [entry, *_] = await server.app.stations.index.entries([server.realm_url + path])
    return entry.generation


def db_of(server: Server) -> Any:
    return server.app.stations.modules.cache.table.db
