"""Searching over HTTP."""

import asyncio
import json
from collections import Counter
from typing import Any

import orjson
import pytest
from starlette.responses import Response
from tests.support.bad_queries import body, numbers_of
from tests.support.other_server import other_server
from tests.support.people import PERSON
from tests.support.server import ANN, Server

from realmkit.http.negotiation import CARD
from realmkit.search import RemoteClient, RemoteRealms

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


@pytest.mark.parametrize("member", ["realm", "realms"])
async def test_a_realms_own_search_refuses_to_be_taken_for_anothers(server: Server, member: str):
    await server.indexed()
    base = f"{server.url}/base/"
    other = await ask(server, {member: base if member == "realm" else [server.realm_url, base]})
    own = await ask(server, {member: server.realm_url if member == "realm" else [server.realm_url]})

    [error] = other.json()["errors"]
    assert (other.status_code, error["source"]["pointer"]) == (400, f"/{member}")
    assert base in error["detail"]
    assert "_federated-search" in error["detail"]
    assert own.status_code == 200


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
    twice = await ask_all(server, [server.realm_url] * 2, {"filter": {"type": person(server)}})
    assert twice.json()["meta"]["page"]["total"] == len(twice.json()["data"]) == 2


async def test_without_a_page_as_much_is_answered_as_a_page_may_hold(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    await server.indexed()
    monkeypatch.setattr("realmkit.http.search_answers.MAX_PAGE_SIZE", 1)
    body = {"filter": {"type": person(server)}}
    document = (await ask(server, body)).json()
    # What a card shows while it renders is all there is.
    rendering = (await ask(server, body, **{"X-Boxel-During-Prerender": "1"})).json()
    later = {**body, "page": {"number": 1}}
    pages = [await ask(server, later, **{"X-Boxel-During-Prerender": each}) for each in ("", "1")]

    assert (len(document["data"]), document["meta"]["page"]["total"]) == (1, 2)
    assert len(rendering["data"]) == 2
    assert [(page.status_code, len(page.json()["data"])) for page in pages] == [(200, 1)] * 2


async def ask_all(server: Server, realms: Any, body: Any = None, **headers: str) -> Any:
    return await server.client.request(
        "QUERY",
        "/_federated-search",
        content=orjson.dumps({**(body or {}), "realms": realms}),
        headers=headers,
    )


@pytest.mark.parametrize("realms", [None, [], "http://h/", [5], ["x"], ["ftp://h/"], ["http://[/"]])
async def test_federated_realms_must_be_named(server: Server, realms: Any):
    answer = await ask_all(server, realms)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"]["pointer"].startswith("/realms")


async def test_a_realm_that_is_not_mounted_is_named_and_the_others_answer(server: Server):
    await server.indexed()
    answer = await ask_all(
        server, [f"{server.url}/gone/", server.realm_url], {"filter": {"type": person(server)}}
    )

    assert answer.status_code == 200
    assert len(answer.json()["data"]) == answer.json()["meta"]["page"]["total"] == 2
    [error] = answer.json()["meta"]["errors"]
    assert (error["realm"], error["status"]) == (f"{server.url}/gone/", 404)


@pytest.mark.parametrize(("url", "status"), [("{}/gone/", 404), ("http://127.0.0.1:1/far/", 502)])
async def test_where_no_realm_can_be_asked_it_is_said_why(server: Server, url: str, status: int):
    answer = await ask_all(server, [url.format(server.url)])

    assert answer.status_code == status
    assert url.format(server.url).removeprefix("http://")[:9] in answer.text


async def test_realms_of_another_server_are_merged_under_one_sort_and_page(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    await server.indexed()
    engine = server.app.stations.search
    async with other_server() as other:
        client = RemoteClient(public_url=server.url, allowed_hosts=["127.0.0.1"])
        monkeypatch.setattr(engine, "_others", RemoteRealms(client))
        for name, age in [("old", 90), ("middle", 20), ("none", None)]:
            other.put(name, attributes={"name": name, "age": age})
        body = {
            "filter": {"type": person(server)},
            "sort": [{"by": "age", "direction": "desc"}],
            "page": {"size": 3},
            "fields": {"card": ["age"]},
        }
        realms = [server.realm_url, other.realm_url]
        pages = [
            (await ask_all(server, realms, {**body, "page": {"size": 3, "number": number}})).json()
            for number in (0, 1)
        ]
        asked = other.bodies
        other.answers["/far/_search"] = Response(status_code=500)
        without = (await ask_all(server, realms, body)).json()
        await client.stop()

    names = [[one["id"].rpartition("/")[2] for one in page["data"]] for page in pages]
    assert names == [["old", "ann", "middle"], ["bob", "none"]]
    assert pages[0]["meta"] == {"page": {"total": 5}}
    assert pages[0]["data"][0]["attributes"] == {"age": 90}
    assert "fields" not in asked[0] and asked[1]["page"] == {"number": 0, "size": 6}
    assert len(without["data"]) == 2
    assert without["meta"]["errors"][0]["realm"] == other.realm_url


async def test_a_job_is_not_kept_an_answer_that_a_realm_is_missing_from(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    await server.indexed()
    job = {"X-Boxel-Job-Id": "31.1", "X-Boxel-Consuming-Realm": server.realm_url}
    async with other_server() as other:
        client = RemoteClient(public_url=server.url, allowed_hosts=["127.0.0.1"])
        monkeypatch.setattr(server.app.stations.search, "_others", RemoteRealms(client))
        other.put("old", attributes={"name": "old"})
        other.answers["/far/_search"] = Response(status_code=500)
        realms = [server.realm_url, other.realm_url]
        body = {"filter": {"type": person(server)}}
        without = (await ask_all(server, realms, body, **job)).json()
        del other.answers["/far/_search"]
        found = (await ask_all(server, realms, body, **job)).json()
        await client.stop()

    assert [error["realm"] for error in without["meta"]["errors"]] == [other.realm_url]
    assert "errors" not in found["meta"]
    assert f"{other.realm_url}old" in [one["id"] for one in found["data"]]


async def test_a_federated_search_waits_for_the_seqs_of_its_realms(server: Server):
    base = f"{server.url}/base/"
    source = {"Accept": "application/vnd.card+source"}
    written = await server.client.post(
        "/people/Person/waited.json", content=ANN.replace('"Ann"', '"Waited"'), headers=source
    )
    seq = written.headers["x-realmkit-seq"]
    body = {"filter": {"on": person(server), "eq": {"name": "Waited"}}}
    sent = {"X-Realmkit-Seq": f"{server.realm_url}={seq}, {base}=0"}

    both = await ask_all(server, [server.realm_url, base], body, **sent)
    assert both.json()["meta"]["page"]["total"] == 1
    one = await ask_all(server, [server.realm_url], body, **{"X-Realmkit-Seq": seq})
    assert one.json()["meta"]["page"]["total"] == 1
    for wrong in (seq, f"{base}x={seq}", f"{base}=x"):
        refused = await ask_all(server, [server.realm_url, base], body, **{"X-Realmkit-Seq": wrong})
        assert refused.status_code == 400, wrong
    await server.client.delete("/people/Person/waited.json", headers=source)
    await server.indexed()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "_info"),
        ("GET", "_types"),
        ("GET", "_dependencies?url={}Person/ann"),
        ("QUERY", "_cards"),
        ("QUERY", "_search"),
    ],
)
async def test_every_report_waits_for_the_seq_that_it_is_sent(
    server: Server, method: str, path: str
):
    await server.indexed()
    answer = await server.client.request(
        method,
        f"/people/{path.format(server.realm_url)}",
        content=b'{"ids": []}' if path == "_cards" else b"{}" if method == "QUERY" else b"",
        headers={"X-Realmkit-Seq": "999999"},
    )

    # Nothing has come to that one yet, so this is told apart from not looking.
    assert answer.status_code == 400
    assert "has not come to 999999" in answer.text


async def test_ten_thousand_addresses_are_looked_for(server: Server):
    await server.indexed()
    ids = [f"{server.realm_url}Person/{'x' * 30}{number}" for number in range(9_999)]
    ids.append(f"{server.realm_url}Person/bob")
    answer = await ask(server, {"filter": {"in": {"id": ids}}})

    assert [one["id"] for one in answer.json()["data"]] == ids[-1:]
    too_long = await ask(server, {"filter": {"in": {"id": ["x" * 4_300_000]}}})
    assert too_long.status_code == 413


async def test_a_sparse_field_that_nothing_has_is_refused_with_the_nearest(server: Server):
    await server.indexed()
    answer = await ask(
        server, {"filter": {"type": person(server)}, "fields": {"card": ["name", "agee"]}}
    )

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["source"]["pointer"] == "/fields/card/1"
    assert 'Did you mean "age"?' in error["detail"]


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


@pytest.mark.timeout(300)
async def test_no_body_over_http_is_our_bug(server: Server, request: pytest.FixtureRequest):
    await server.indexed()
    database = "sqlite" if "sqlite" in request.node.name else "postgres"
    statuses: Counter[int] = Counter()
    for number in numbers_of(database, over_http=True):
        # Python's own encoder also sends numbers beyond 64 bits.
        text = json.dumps(body(number)).replace(PERSON["module"], f"{server.realm_url}person")
        answer = await server.client.request("QUERY", "/people/_search", content=text)
        statuses[answer.status_code] += 1
        assert answer.status_code in (200, 400), (answer.status_code, text)
        assert answer.status_code == 200 or answer.json()["errors"][0]["detail"]
    assert statuses[200] > statuses.total() / 20
