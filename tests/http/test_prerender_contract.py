"""What a page that renders is given: query-backed links named, and nothing else changed."""

import re
from typing import Any

import orjson
import pytest
from tests.support.server import Server

from realmkit.http.negotiation import CARD

from .herd import AS_CARD, RENDERING, Herd

pytestmark = pytest.mark.anyio


@pytest.fixture
async def herd(server: Server) -> Herd:
    return await Herd.of(server)


def tables_sql() -> list[str]:
    return [
        "select * from entries order by realm_url, url, type",
        "select * from index_types order by realm_url, url, type, position",
        "select * from index_dependencies order by realm_url, url, type, dependency",
        "select * from query_dependencies order by realm_url, url, type, position",
        "select * from prerendered_html order by realm_url, url, type, format, type_key",
        "select * from definitions order by module_url, name",
    ]


async def family(herd: Herd, colour: str) -> tuple[str, str, str]:
    """A mother and two lambs of one colour, the first with a static link to its mother."""
    names = f"{colour}-mother", f"{colour}-a", f"{colour}-b"
    of_colour = {"attributes": {"colour": colour}}
    await herd.add(names[0], attributes={"colour": f"old {colour}"})
    mother = {"mother": {"links": {"self": herd.id(names[0])}}}
    await herd.add(names[1], relationships=mother, **of_colour)
    await herd.add(names[2], **of_colour)
    await herd.settled()
    return names


def assert_named(herd: Herd, document: dict[str, Any], names: tuple[str, ...]) -> None:
    """The umbrella has its search and ids, and nothing that it found was expanded."""
    data = document["data"]
    flock, leader = data["relationships"]["flock"], data["relationships"]["leader"]
    assert flock["links"]["search"].startswith(f"{herd.server.realm_url}_search?")
    assert [one["id"] for one in flock["data"]] == [herd.id(name) for name in names]
    assert leader["data"]["id"] == herd.id(names[0])
    assert leader["links"]["search"]
    for resource in (data, *document.get("included", [])):
        assert not [key for key in resource["relationships"] if key.startswith("flock.")]


async def test_a_get_follows_static_links_only(herd: Herd):
    mother, a, b = await family(herd, "red")

    whole = (await herd.get(a)).json()
    named = (await herd.get(a, RENDERING)).json()

    assert [one["id"] for one in whole["included"]] == [herd.id(mother), herd.id(b)]
    assert whole["data"]["relationships"]["flock.1"]["data"]["id"] == herd.id(b)
    assert_named(herd, named, (a, b))
    assert [one["id"] for one in named["included"]] == [herd.id(mother)]
    # Here what `leader` finds is not the root.
    whole, named = (await herd.get(b)).json(), (await herd.get(b, RENDERING)).json()
    assert herd.id(a) in [one["id"] for one in whole["included"]]
    assert_named(herd, named, (a, b))
    assert "included" not in named


async def test_a_result_that_a_static_link_reaches_too_is_included(herd: Herd):
    _, a, b = await family(herd, "blue")
    await herd.patch(a, {"relationships": {"friends.0": {"links": {"self": herd.id(b)}}}})

    named = (await herd.get(a, RENDERING)).json()

    assert herd.id(b) in [one["id"] for one in named["included"]]
    assert_named(herd, named, (a, b))


async def test_writes_of_a_rendering_page_are_answered_alike_no_op_too(herd: Herd):
    mother, a, b = await family(herd, "green")
    link = {"mother": {"links": {"self": herd.id(mother)}}}
    posted = await herd.add(
        "green-c", RENDERING, attributes={"colour": "green"}, relationships=link
    )
    patched = await herd.patch(a, {"attributes": {"name": "A"}}, RENDERING)
    again = await herd.patch(a, {"attributes": {"name": "A"}}, RENDERING)

    for answer in (posted, patched, again):
        assert_named(herd, answer.json(), (a, b, "green-c"))
        assert [one["id"] for one in answer.json()["included"]] == [herd.id(mother)]
    assert again.headers["etag"] == (await herd.get(a, RENDERING)).headers["etag"]


async def test_searches_are_answered_alike(herd: Herd):
    mother, a, b = await family(herd, "white")
    adopts = {"module": f"{herd.server.realm_url}sheep", "name": "Sheep"}
    query: dict[str, Any] = {"filter": {"on": adopts, "eq": {"colour": "white"}}}
    for path, body in (
        ("/people/_search", query),
        ("/_federated-search", {**query, "realms": [herd.server.realm_url]}),
    ):
        found = (
            await herd.client.request("QUERY", path, content=orjson.dumps(body), headers=RENDERING)
        ).json()
        assert [one["id"] for one in found["data"]] == [herd.id(a), herd.id(b)]
        assert [one["id"] for one in found["included"]] == [herd.id(mother)]
        for data in found["data"]:
            assert_named(herd, {"data": data}, (a, b))
    only_a = {"filter": {"in": {"id": [herd.id(a)]}}, "realms": [herd.server.realm_url]}
    whole, named = [
        (
            await herd.client.request(
                "QUERY", "/_federated-search", content=orjson.dumps(only_a), headers=headers
            )
        ).json()
        for headers in (AS_CARD, RENDERING)
    ]
    assert [one["id"] for one in whole["included"]] == [herd.id(mother), herd.id(b)]
    assert whole["data"][0]["relationships"]["flock.1"]["data"]["id"] == herd.id(b)
    assert [one["id"] for one in named["included"]] == [herd.id(mother)]


async def test_an_empty_header_is_as_good_as_none(herd: Herd):
    _, a, _ = await family(herd, "grey")

    empty = {**AS_CARD, "X-Boxel-During-Prerender": ""}
    assert (await herd.get(a, empty)).content == (await herd.get(a)).content


async def test_a_full_and_a_skipped_body_never_share_an_etag(herd: Herd):
    _, a, _ = await family(herd, "black")
    for name in (a, "black-mother"):
        whole, named = await herd.get(name), await herd.get(name, RENDERING)
        assert whole.headers["etag"] != named.headers["etag"]
        assert "x-boxel-during-prerender" in whole.headers["vary"].lower()
        crossed = await herd.get(name, {**RENDERING, "If-None-Match": whole.headers["etag"]})
        assert crossed.status_code == 200
        held = await herd.get(name, {**RENDERING, "If-None-Match": named.headers["etag"]})
        assert held.status_code == 304


async def test_an_etag_moves_when_and_only_when_the_body_does(herd: Herd):
    _, _, b = await family(herd, "pink")
    first = (await herd.get(b)).headers["etag"]

    await herd.add("of-another-colour", attributes={"colour": "none of them"})
    await herd.settled()
    assert (await herd.get(b)).headers["etag"] == first
    # Nothing of the card itself is written, and yet its field finds one more.
    await herd.add("pink-c", attributes={"colour": "pink"})
    second = (await herd.get(b)).headers["etag"]
    assert second != first
    await herd.client.delete(herd.id("pink-c"), headers=AS_CARD)
    flock = (await herd.get(b)).json()["data"]["relationships"]["flock"]["data"]
    assert len(flock) == 2
    assert (await herd.get(b)).headers["etag"] != second


async def tables(herd: Herd) -> list[list[tuple[Any, ...]]]:
    await herd.server.indexed()
    await herd.settled()
    db = herd.server.app.stations.search._db  # pyright: ignore[reportPrivateUsage]
    return [await db.read(sql) for sql in tables_sql()]


async def test_reading_leaves_the_index_byte_for_byte_as_it_was(herd: Herd):
    _, a, _ = await family(herd, "brown")
    before = await tables(herd)

    await herd.get(a)
    await herd.get(a, RENDERING)
    await herd.patch(a, {"attributes": {"colour": "brown"}}, RENDERING)
    body = orjson.dumps({"realms": [herd.server.realm_url]})
    for path in ("/people/_search", "/_federated-search"):
        answer = await herd.client.request("QUERY", path, content=body, headers=RENDERING)
        assert answer.status_code == 200, answer.text
    ids = orjson.dumps({"ids": [herd.id(a)]})
    await herd.client.request("QUERY", "/people/_cards", content=ids, headers=RENDERING)

    assert await tables(herd) == before


async def test_a_write_leaves_the_same_index_whoever_writes(herd: Herd):
    sql = (
        "select type, pristine_doc, types, display_names, error_doc from entries"
        " where url like '%/violet.json' order by type"
    )
    db = herd.server.app.stations.search._db  # pyright: ignore[reportPrivateUsage]
    left: list[str] = []
    for headers in (AS_CARD, RENDERING):
        await herd.add("violet", headers, attributes={"colour": "violet"})
        await herd.patch("violet", {"attributes": {"name": "V"}}, headers)
        await herd.server.indexed()
        rows = await db.read(sql)
        assert len(rows) == 2
        # All but when it was written.
        left.append(re.sub(r"\b1[0-9]{9}\b", "then", str(rows)))
        await herd.client.delete(herd.id("violet"), headers=AS_CARD)

    assert left[0] == left[1]


JOB = {
    "Accept": CARD,
    "X-Boxel-During-Prerender": "1",
    "X-Boxel-Job-Id": "7.1",
    "X-Boxel-Consuming-Realm": "http://h/r/",
}


async def ask(herd: Herd, headers: dict[str, str], **body: Any) -> Any:
    body.setdefault("realms", [herd.server.realm_url])
    return await herd.client.request(
        "QUERY", "/_federated-search", content=orjson.dumps(body), headers=headers
    )


async def test_a_question_of_a_job_is_worked_out_once(herd: Herd):
    query = {"filter": {"eq": {"id": herd.id("nobody")}}}
    first = await ask(herd, JOB, **query)
    again = await ask(herd, JOB, **query)
    held = await ask(herd, {**JOB, "If-None-Match": first.headers["etag"]}, **query)

    assert first.headers["etag"].startswith('W/"7.1-')
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert (held.status_code, held.content) == (304, b"")

    await herd.server.app.stations.job_answers.clear("7.1")
    gone = await ask(herd, {**JOB, "If-None-Match": first.headers["etag"]}, **query)
    assert (gone.status_code, gone.content) == (200, first.content)


async def test_a_question_of_another_priority_is_worked_out_by_itself(herd: Herd):
    asked = [await ask(herd, {**JOB, "X-Boxel-Job-Priority": each}) for each in ("0", "10", "0")]

    first, urgent, again = (answer.headers["etag"] for answer in asked)
    assert first == again != urgent
    assert asked[0].content == asked[1].content


async def test_an_answer_is_not_kept_beyond_a_change_of_the_index(herd: Herd):
    query = {"filter": {"eq": {"id": herd.id("late")}}}
    first = await ask(herd, {**JOB, "X-Boxel-Job-Id": "8.1"}, **query)
    await herd.add("late")
    second = await ask(herd, {**JOB, "X-Boxel-Job-Id": "8.1"}, **query)

    assert first.json()["data"] == []
    assert [one["id"] for one in second.json()["data"]] == [herd.id("late")]
    assert second.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Boxel-Job-Id": ""},
        {"X-Boxel-Job-Id": "7"},
        {"X-Boxel-Job-Id": "seven.1"},
        {"X-Boxel-Job-Id": "9.1", "Origin": "http://evil.example"},
        {"X-Boxel-Consuming-Realm": ""},
        {"X-Boxel-Consuming-Realm": "ftp://h/"},
        {"X-Boxel-Consuming-Realm": f"http://h/{'x' * 2100}"},
    ],
)
async def test_a_request_that_does_not_name_its_job_well_is_answered_live(
    herd: Herd, changed: dict[str, str]
):
    answer = await ask(herd, {**JOB, **changed})

    assert answer.status_code == 200
    assert "etag" not in answer.headers
    kept = "select count(*) from job_scoped_search_cache where job_id = '9.1'"
    assert await herd.server.app.database.read(kept) == [(0,)]


async def test_a_bad_question_of_a_job_is_refused_and_not_kept(herd: Herd):
    for _ in range(2):
        answer = await ask(herd, JOB, filter={"eq": {"nmae": "x"}})
        assert answer.status_code == 400
