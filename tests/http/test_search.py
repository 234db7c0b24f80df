"""Searching over HTTP."""

import asyncio
from typing import Any

import orjson
import pytest
from tests.support.server import Server

from realmkit.http.negotiation import CARD

pytestmark = pytest.mark.anyio


def person(server: Server) -> dict[str, str]:
    return {"module": f"{server.realm_url}person", "name": "Person"}


async def ask(server: Server, body: Any, method: str = "QUERY", **headers: str) -> Any:
    return await server.client.request(
        method, "/people/_search", content=orjson.dumps(body), headers=headers
    )


async def test_cards_are_found_by_type_and_value(server: Server):
    await server.indexed()
    answer = await ask(server, {"filter": {"on": person(server), "eq": {"name": "Bob"}}})

    document = answer.json()
    assert answer.headers["content-type"] == CARD
    assert [one["id"] for one in document["data"]] == [f"{server.realm_url}Person/bob"]
    assert document["meta"]["page"]["total"] == 1


async def test_post_with_the_method_override_asks_as_well(server: Server):
    await server.indexed()
    answer = await ask(
        server,
        {"filter": {"type": person(server)}},
        "POST",
        **{"X-HTTP-Method-Override": "QUERY"},
    )
    assert answer.json()["meta"]["page"]["total"] == 2


async def test_a_tile_brings_its_prerendered_html(server: Server):
    await server.indexed()
    answer = await ask(server, {"filter": {"type": person(server)}, "html": {"format": "fitted"}})

    metas = [one["meta"] for one in answer.json()["data"]]
    assert len(metas) == 2
    assert all(meta["html"] and meta["displayName"] == "Person" for meta in metas)


@pytest.mark.parametrize(
    "body",
    [
        {"filter": {"eq": {"name": 1}, "any": []}},
        {"filter": {"frob": {}}},
        {"filter": []},
        {"page": {"number": -1}},
        {"page": {"size": "x"}},
        {"sort": [{"by": 3}]},
        [],
    ],
)
async def test_a_query_that_cannot_be_asked_is_400(server: Server, body: Any):
    answer = await ask(server, body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"]


async def test_several_realms_are_asked_at_once(server: Server):
    await server.indexed()
    answer = await server.client.request(
        "QUERY",
        "/_federated-search",
        content=orjson.dumps(
            {
                "realms": [server.realm_url, f"{server.url}/base/"],
                "filter": {"type": person(server)},
            }
        ),
    )
    assert answer.json()["meta"]["page"]["total"] == 2


@pytest.mark.parametrize(("realms", "status"), [(None, 400), ([], 400), (["http://x/"], 404)])
async def test_federated_realms_must_be_named_and_known(server: Server, realms: Any, status: int):
    answer = await server.client.request(
        "QUERY", "/_federated-search", content=orjson.dumps({"realms": realms})
    )
    assert answer.status_code == status


async def test_a_search_that_takes_too_long_is_408(server: Server, monkeypatch: pytest.MonkeyPatch):
    await server.indexed()
    engine = server.app.stations.search

    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(engine, "_budget_s", 0.05)
    monkeypatch.setattr(engine._catalogs, "of", hang)
    answer = await ask(server, {"filter": {"type": person(server)}})

    assert answer.status_code == 408
    [error] = answer.json()["errors"]
    assert error["title"] == "Took Too Long"
    assert "0.05 s" in error["detail"]
