"""What every request meets before a resource does: hosts, origins, methods, refusals."""

import asyncio
import json

import pytest
from tests.support.server import Server

from realmkit.prerender import RENDERING_AGENT

pytestmark = pytest.mark.anyio
API = "application/vnd.api+json"
CARD = "application/vnd.card+json"
HTML = "text/html"
SOURCE = "application/vnd.card+source"


async def test_health_is_answered_at_once(server: Server):
    assert (await server.client.get("/_health")).json() == {"status": "ok"}


async def test_a_foreign_host_name_is_refused(server: Server):
    answer = await server.client.get("/_health", headers={"Host": "evil.example"})

    assert answer.status_code == 403
    assert "evil.example" in answer.json()["errors"][0]["detail"]


async def test_a_page_of_another_origin_may_read(server: Server):
    answer = await server.client.get("/people/_info", headers={"Origin": "http://evil.example"})

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("method", "override"),
    [("POST", ""), ("PATCH", ""), ("DELETE", ""), ("DELETE", "QUERY"), ("POST", "DELETE")],
)
async def test_a_page_of_another_origin_may_not_write(server: Server, method: str, override: str):
    headers = {"Origin": "http://evil.example", "X-HTTP-Method-Override": override}
    answer = await server.client.request(method, "/people/notes.txt", headers=headers, content="x")

    assert answer.status_code == 403
    assert (server.root / "notes.txt").read_text() == "0123456789"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_a_page_that_renders_may_read_and_not_write(server: Server, method: str):
    headers = {"User-Agent": f"Mozilla/5.0 (X11) {RENDERING_AGENT}", "Origin": server.url}
    read = await server.client.get("/people/notes.txt", headers=headers)
    answer = await server.client.request(method, "/people/notes.txt", headers=headers, content="x")

    assert (read.status_code, answer.status_code) == (200, 403)
    assert answer.json()["errors"][0]["detail"].startswith("Rendering writes nothing")
    assert (server.root / "notes.txt").read_text() == "0123456789"


async def test_a_preflight_allows_query_and_range(server: Server):
    answer = await server.client.options(
        "/people/_search",
        headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "QUERY"},
    )

    assert answer.status_code == 204
    assert "QUERY" in answer.headers["access-control-allow-methods"]
    assert "Range" in answer.headers["access-control-allow-headers"]


async def test_an_unknown_realm_is_told_which_realms_there_are(server: Server):
    answer = await server.client.get("/peple/x", headers={"Accept": API})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == API
    assert "/people/" in answer.json()["errors"][0]["detail"]


async def test_a_realm_without_its_slash_is_redirected_with_its_query(server: Server):
    answer = await server.client.get("/people?x=1")

    assert (answer.status_code, answer.headers["location"]) == (302, "/people/?x=1")


@pytest.mark.parametrize(
    ("path", "accept"),
    [("person", "*/*"), ("Person/ann", CARD), ("Person/ann", HTML), ("notes.txt", SOURCE)],
)
async def test_a_slash_too_many_leads_to_the_address_without_it(
    server: Server, path: str, accept: str
):
    answer = await server.client.get(f"/people/{path}/?x=1", headers={"Accept": accept})

    assert answer.status_code == 302
    assert answer.headers["location"] == f"{server.realm_url}{path}?x=1"


async def test_a_folder_goes_before_what_has_its_name_unless_a_card_is_asked_for(server: Server):
    (server.root / "both").mkdir()
    (server.root / "both.json").write_text((server.root / "Person" / "ann.json").read_text())

    listing = await server.client.get("/people/both/", headers={"Accept": "*/*"})
    card = await server.client.get("/people/both/", headers={"Accept": CARD})

    assert listing.json()["data"]["type"] == "directory"
    assert card.headers["location"] == f"{server.realm_url}both"


async def test_a_method_that_is_not_answered_is_405_with_allow(server: Server):
    answer = await server.client.put("/people/notes.txt", content="x")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST"


async def test_search_by_get_says_how_to_ask(server: Server):
    answer = await server.client.get("/people/_search")

    assert answer.status_code == 405
    assert "X-HTTP-Method-Override" in answer.json()["errors"][0]["detail"]


async def test_options_lists_the_methods(server: Server):
    answer = await server.client.options("/people/_search")

    assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS, QUERY")


async def test_a_made_up_method_gets_an_error_document(server: Server):
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"FROBNICATE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    answer = await reader.read()
    writer.close()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["errors"][0]["status"] == "400"


async def test_an_accept_that_nothing_meets_is_406(server: Server):
    answer = await server.client.get("/people/notes.txt", headers={"Accept": "image/png"})

    assert answer.status_code == 406
    assert "text/plain" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    "path", ["/", "/_health", "/people/_info", "/people/notes.txt", "/people/person", "/people/"]
)
async def test_head_answers_as_get_without_the_body(server: Server, path: str):
    head, get = await server.client.head(path), await server.client.get(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


async def test_the_base_realm_is_read_only(server: Server):
    answer = await server.client.post("/base/x.txt", content="x")

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/people/_dependencies", "/people/notes.txt", "/_health"])
async def test_a_query_with_a_nul_in_it_is_refused(server: Server, path: str):
    answer = await server.client.get(path, params={"url": "http://h/\0"}, headers={"Accept": API})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == API
    [error] = answer.json()["errors"]
    assert (error["status"], error["detail"]) == ("400", "The query holds a NUL character.")


@pytest.mark.parametrize("path", ["/people/%2e%2e/x", "/people/a%00b", "/people/..%2fx"])
async def test_a_path_that_leads_out_is_refused(server: Server, path: str):
    answer = await server.client.get(path)

    assert answer.status_code in (400, 404)
    assert str(server.root.parent) not in answer.text


async def test_metrics_are_prometheus_text(server: Server):
    answer = await server.client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert "process_cpu_seconds_total" in answer.text


async def test_metrics_count_transpiles_and_cache_hits_by_layer(server: Server):
    await server.client.get("/people/person")
    # What other tests wrote may still be on its way into the index.
    await server.indexed()
    before = await _counters(server)
    # At once: the watcher must not see the file cut short.
    (server.root / ".next").write_text((server.root / "person.gts").read_text() + "\n")
    (server.root / ".next").replace(server.root / "person.gts")
    await server.rescanned()
    after = await _counters(server)

    assert after["realmkit_transpiles_total"] == before["realmkit_transpiles_total"] + 1
    misses = "realmkit_module_cache_misses_total"
    assert after[misses] == before[misses] + 1
    assert {"l1", "l2"} == {
        name.split('"')[1] for name in after if name.startswith("realmkit_module_cache_hits_total")
    }


async def _counters(server: Server) -> dict[str, float]:
    lines = (await server.client.get("/metrics")).text.splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines)
        if name.startswith("realmkit_")
    }
