"""What a realm says about itself."""

import json

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


async def test_info_says_why_nothing_is_indexed_for_now(server: Server):
    await server.indexed()
    hub = server.app.indexer.progress_hub
    hub.fail(server.realm_url, "Chromium does not start.")
    try:
        data = (await server.client.get("/people/_info")).json()["data"]
    finally:
        hub.begin(server.realm_url, 0)
        hub.finish(server.realm_url)

    assert data["attributes"]["indexing"]["problem"] == "Chromium does not start."


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


STYLED = """\
import { CardDef, Component } from '@cardstack/base/card-api';

export class Styled extends CardDef {
  static isolated = class extends Component<typeof Styled> {
    <template>
      <p class='told'>{{@model.id}}</p>
      <style scoped>.told { color: rgb(9, 8, 7); }</style>
    </template>
  };
}
"""


async def test_cards_share_one_row_of_styles_and_no_dependency_holds_css(server: Server):
    (server.root / "styled.gts").write_text(STYLED)
    document = {
        "data": {"type": "card", "meta": {"adoptsFrom": {"module": "./styled", "name": "Styled"}}}
    }
    for name in ("styled-1", "styled-2"):
        (server.root / f"{name}.json").write_text(json.dumps(document))
    await server.rescanned()
    index = server.app.stations.index
    urls = [f"{server.realm_url}styled-{n}.json" for n in (1, 2)]
    first, second = [await index.styles_of(server.realm_url, url) for url in urls]

    assert any("rgb(9, 8, 7)" in css for css in first.values())
    assert first == second
    rows = await index._db.read("select id from styles where css like '%rgb(9, 8, 7)%'")
    assert len(rows) == 1
    edges = [
        edge for url in urls for each in await index.dependencies(url) for edge in each.dependencies
    ]
    assert f"{server.realm_url}styled" in edges
    assert not [edge for edge in edges if "{" in edge or "css" in edge or len(edge) > 200]
