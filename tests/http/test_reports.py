"""What a realm says about itself."""

import pytest
from tests.support.server import Server

pytestmark = pytest.mark.anyio


async def test_info_names_the_realm_and_counts_its_entries(server: Server):
    await server.indexed()

    for method in ("GET", "QUERY"):
        data = (await server.client.request(method, "/people/_info")).json()["data"]
        assert (data["id"], data["attributes"]["name"]) == (server.realm_url, "people")
        assert data["attributes"]["counts"]["instances"] == 2
        assert data["attributes"]["indexing"]["state"] == "idle"


async def test_types_are_counted(server: Server):
    await server.indexed()

    data = (await server.client.get("/people/_types")).json()["data"]
    person = next(one for one in data if one["id"] == f"{server.realm_url}person/Person")
    assert person["attributes"]["displayName"] == "Person"
    assert person["attributes"]["total"] == 2


async def test_mtimes_are_unix_seconds_by_url(server: Server):
    data = (await server.client.get("/people/_mtimes")).json()["data"]

    seconds = data["attributes"]["mtimes"][f"{server.realm_url}notes.txt"]
    assert seconds == int((server.root / "notes.txt").stat().st_mtime)


async def test_dependencies_of_a_card_are_its_modules_and_links(server: Server):
    await server.indexed()

    url = f"{server.realm_url}Person/ann.json"
    data = (await server.client.get("/people/_dependencies", params={"url": url})).json()["data"]
    assert f"{server.realm_url}person" in data[0]["attributes"]["dependencies"]


async def test_an_unknown_url_has_no_dependencies(server: Server):
    answer = await server.client.get("/people/_dependencies", params={"url": "http://h/x"})

    assert answer.json()["data"] == []
    assert (await server.client.get("/people/_dependencies")).status_code == 400


async def test_an_error_in_a_card_is_listed(server: Server):
    (server.root / "lost.json").write_text(
        '{"data": {"type": "card", "meta": {"adoptsFrom": {"module": "./nowhere", "name": "X"}}}}'
    )
    await server.app.stations.mounted["people"].files.scan()
    await server.indexed()

    data = (await server.client.get("/people/_indexing-errors")).json()["data"]
    assert f"{server.realm_url}lost" in [one["id"] for one in data]


async def test_the_server_is_ready_once_everything_is_indexed(server: Server):
    for realm in server.app.stations.mounted.values():
        await server.app.indexer.drain(realm.realm.url)

    assert (await server.client.get("/_ready")).status_code == 200
