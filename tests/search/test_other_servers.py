"""Links and searches that lead to other servers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.responses import RedirectResponse, Response

from realmkit.search import RemoteClient, RemoteRealms
from realmkit.search.other_servers import Unreachable
from realmkit.search.search_links import parse_search_link

from ..support.other_server import OtherServer, answer, other_server
from .conftest import PEOPLE, World, person
from .test_query_fields import define_dog, dog

pytestmark = pytest.mark.anyio


@pytest.fixture
async def other() -> AsyncGenerator[OtherServer, None]:
    async with other_server() as other:
        yield other


@asynccontextmanager
async def reaching(
    world: World, *hosts: str, timeout_s: float = 10.0
) -> AsyncGenerator[RemoteClient, None]:
    """Let the world's engine ask other servers, private ones only at `hosts`."""
    client = RemoteClient(public_url="http://h", allowed_hosts=hosts, timeout_s=timeout_s)
    world.rebuild(others=RemoteRealms(client))
    try:
        yield client
    finally:
        await client.stop()


def host_of(other: OtherServer) -> str:
    return urlsplit(other.url).netloc


def included(document: dict[str, Any]) -> list[str]:
    return [resource["id"] for resource in document.get("included", [])]


async def test_a_card_of_another_server_is_included_and_its_links_are_followed(
    world: World, other: OtherServer
) -> None:
    eve = other.put("eve")
    bob = other.put("bob", relationships={"boss": {"links": {"self": "./eve"}}})
    await world.put(person("ann", links={"boss": bob}))

    async with reaching(world, host_of(other)):
        found = await world.document("ann")

    assert included(found) == [bob, eve]
    assert found["data"]["relationships"]["boss"]["data"] == {"type": "card", "id": bob}
    assert "brokenLinks" not in found["data"]["meta"]


@pytest.mark.parametrize("is_plain", [False, True])
async def test_another_servers_file_is_a_file_and_a_dotted_id_a_card(
    world: World, other: OtherServer, is_plain: bool
) -> None:
    other.is_plain = is_plain
    card, file = other.put("mr.x"), other.put("x.png", type="file-meta")
    await world.put(person("ann", links={"boss": card, "owner": file}))

    async with reaching(world, host_of(other)):
        found = await world.document("ann")

    links = found["data"]["relationships"]
    assert links["boss"]["data"] == {"type": "card", "id": card}
    assert links["owner"]["data"] == {"type": "file-meta", "id": file}
    assert included(found) == [card, file]


async def test_all_that_a_layer_wants_of_a_realm_is_one_request(
    world: World, other: OtherServer
) -> None:
    ids = [other.put(str(number)) for number in range(300)]
    await define_dog(
        world,
        far={"realms": [other.realm_url], "filter": {"eq": {"kind": "$this.kind"}}},
        all={"realms": [PEOPLE, other.realm_url], "page": {"size": 2}},
    )
    await world.put(
        dog("a", "pug", links={f"friends.{number}": id for number, id in enumerate(ids)}),
        dog("b", "lab", links={"mother": f"{other.realm_url}nobody"}),
    )

    async with reaching(world, host_of(other)):
        page = await world.engine.search([PEOPLE], world.engine.parse({}))

    assert other.asked == [("QUERY", "/far/_cards")]
    [asked] = other.bodies
    assert sorted(asked["ids"]) == sorted([*ids, f"{other.realm_url}nobody"])
    kinds = [search["filter"].get("eq", {}).get("kind") for search in asked["searches"]]
    assert sorted(map(str, kinds)) == ["None", "lab", "pug"]
    a, b = page.data
    assert [one["id"] for one in a["relationships"]["far"]["data"]] == ids
    assert [resource["id"] for resource in page.included] == ids
    [broken] = b["meta"]["brokenLinks"]
    assert broken["reason"] == f"{other.realm_url}nobody was not found."


async def test_more_than_a_request_may_ask_are_several(world: World, other: OtherServer) -> None:
    links = {f"friends.{number}": f"{other.realm_url}{number}" for number in range(1_001)}
    await world.put(person("ann", links=links))

    async with reaching(world, host_of(other)):
        await world.document("ann")

    assert sorted(len(body["ids"]) for body in other.bodies) == [1, 1_000]


async def test_an_answer_that_is_too_large_is_asked_for_in_halves(
    world: World, other: OtherServer
) -> None:
    ids = [other.put(str(number), attributes={"text": "x" * 2_000_000}) for number in range(4)]
    await world.put(person("ann", links={f"friends.{number}": id for number, id in enumerate(ids)}))

    async with reaching(world, host_of(other)):
        found = await world.document("ann")

    assert included(found) == ids
    assert [len(body["ids"]) for body in other.bodies] == [4, 2, 2]


async def test_a_peer_that_knows_no_such_request_is_asked_in_its_own_way(
    world: World, other: OtherServer
) -> None:
    other.is_plain = True
    ids = [other.put(str(number)) for number in range(30)]
    await world.put(person("ann", links={f"friends.{number}": id for number, id in enumerate(ids)}))

    async with reaching(world, host_of(other)):
        await world.document("ann")
        introduced = list(other.asked)
        other.asked.clear()
        found = await world.document("ann")

    assert introduced == [("QUERY", "/far/_cards"), ("GET", "/far/0"), ("QUERY", "/far/_search")]
    assert other.asked == [("QUERY", "/far/_search")]
    assert included(found) == ids


async def test_a_loop_between_servers_ends_because_a_server_is_answered_without_links(
    world: World, other: OtherServer
) -> None:
    bob = other.put("bob", relationships={"boss": {"links": {"self": f"{PEOPLE}ann"}}})
    await world.put(person("ann", links={"boss": bob}))

    async with reaching(world, host_of(other)):
        found = await world.document("ann")

    assert included(found) == [bob]
    assert found["included"][0]["relationships"]["boss"]["data"]["id"] == f"{PEOPLE}ann"
    assert other.headers[0]["x-realmkit-asked-by"] == "http://h"


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (Response("<h1>hello</h1>", media_type="text/html"), "text/html and not with JSON"),
        (Response("{", media_type="application/vnd.card+json"), "answered badly"),
        (Response("no", status_code=403), "answered with 403"),
        (Response("no", status_code=404), "answered with 404"),
        (Response(b"\x89PNG\0", media_type="image/png"), "image/png and not with JSON"),
        (RedirectResponse("http://127.0.0.1:1/"), "answered with 307"),
        (answer({"data": [1]}), "no card document"),
        (answer({"data": {"type": "card", "id": "http://x/y", "meta": {}}}), "no card document"),
        (answer({"data": "x" * (7 * 1024 * 1024)}), "more than can be read"),
    ],
)
async def test_an_answer_that_is_no_card_is_a_broken_link(
    world: World, other: OtherServer, response: Response, reason: str
) -> None:
    other.is_plain = True
    bob = other.put("bob")
    other.answers["/far/bob"] = response
    await world.put(person("ann", links={"boss": bob}))

    async with reaching(world, host_of(other)):
        resource = (await world.document("ann"))["data"]

    assert resource["relationships"]["boss"]["links"]["self"] == bob
    [broken] = resource["meta"]["brokenLinks"]
    assert broken["field"] == "boss"
    assert reason in broken["reason"]


async def test_a_card_that_claims_anothers_id_is_not_taken(
    world: World, other: OtherServer
) -> None:
    other.is_plain = True
    bob, eve = other.put("bob"), other.put("eve")
    other.answers["/far/bob"] = answer({"data": other.cards["/far/eve"]})
    await world.put(person("ann", links={"boss": bob, "owner": eve}))

    async with reaching(world, host_of(other)):
        found = await world.document("ann")

    assert included(found) == [eve]
    assert "another card's document" in found["data"]["meta"]["brokenLinks"][0]["reason"]


async def test_a_slow_server_is_given_up_and_left_alone_for_a_while(
    world: World, other: OtherServer
) -> None:
    other.gate = asyncio.Event()
    bob = other.put("bob")
    await world.put(person("ann", links={"boss": bob}))

    async with reaching(world, host_of(other), timeout_s=0.2):
        first = (await world.document("ann"))["data"]["meta"]["brokenLinks"]
        second = (await world.document("ann"))["data"]["meta"]["brokenLinks"]

    assert "did not answer within 0.2 s" in first[0]["reason"]
    assert second == first
    assert len(other.asked) == 1


async def test_a_server_that_is_down_is_named(world: World) -> None:
    async with other_server() as gone:
        bob = gone.put("bob")
    await world.put(person("ann", links={"boss": bob}))

    async with reaching(world, host_of(gone)):
        [broken] = (await world.document("ann"))["data"]["meta"]["brokenLinks"]

    assert broken["reason"] == f"{host_of(gone)} could not be reached."


async def test_a_server_that_rests_is_named_in_the_same_words_by_an_error_of_its_own() -> None:
    async with other_server() as gone:
        pass
    client = RemoteClient(public_url="http://h", allowed_hosts=["127.0.0.1"])

    errors = [await failure(client, gone) for _ in range(2)]
    await client.stop()

    assert errors[0].to_json() == errors[1].to_json()
    assert errors[0] is not errors[1]


async def test_only_so_many_resting_servers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realmkit.search.remote_client.MOST_RESTING", 3)
    client = RemoteClient(public_url="http://h", allowed_hosts=["127.0.0.1"])

    for _ in range(5):
        async with other_server() as gone:
            pass
        await failure(client, gone)
        assert len(client._resting) <= 3
    await client.stop()


async def failure(client: RemoteClient, gone: OtherServer) -> Unreachable:
    """What is said of a server that is gone."""
    with pytest.raises(Unreachable) as raised:
        await client.ask("GET", f"{gone.url}/far/x")
    return raised.value


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:9/a",
        "http://localhost:9/a",
        "http://[::1]:9/a",
        "http://[::ffff:10.0.0.1]/a",
        "http://[64:ff9b::a00:1]/a",
        "http://2130706433/a",
        "http://169.254.169.254/latest",
        "http://１２７.0.0.1:9/a",
        "http://127。0。0。1:9/a",
        "http://①②⑦.0.0.1:9/a",
        "http://[fec0::1]/a",
        "http://10.1.2.3/a",
        "http://user:secret@example.com/a",
        "gopher://example.com/a",
        "http://example.com:99999/a",
    ],
)
async def test_files_and_private_addresses_are_never_asked(world: World, link: str) -> None:
    await world.put(person("ann", links={"boss": link}))

    async with reaching(world):
        [broken] = (await world.document("ann"))["data"]["meta"]["brokenLinks"]

    assert broken["field"] == "boss"
    assert any(word in broken["reason"] for word in ("not asked", "no URL", "could not be asked"))
    assert "secret" not in broken["reason"]


@pytest.mark.parametrize("host", ["127.0.0.1", "１２７.0.0.1", "127。0。0。1"])
async def test_an_address_is_not_connected_to_though_nobody_looked_for_it(
    other: OtherServer, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realmkit.search.remote_client.as_address", lambda _: None)
    client = RemoteClient(public_url="http://h")
    with pytest.raises(Unreachable, match="is a private address"):
        await client.ask("GET", f"http://{host}:{host_of(other).rpartition(':')[2]}/far/x")
    await client.stop()

    assert other.asked == []


async def test_a_name_that_leads_to_a_private_address_is_not_asked(other: OtherServer) -> None:
    client = RemoteClient(public_url="http://h")
    with pytest.raises(Unreachable, match="--allow-host localhost"):
        await client.ask("GET", f"http://localhost:{host_of(other).rpartition(':')[2]}/far/x")
    await client.stop()

    assert other.asked == []


async def test_a_realm_of_another_server_is_searched_once_for_all_that_ask_the_same(
    world: World, other: OtherServer
) -> None:
    ids = [other.put("b"), other.put("a")]
    await define_dog(
        world,
        far={
            "realms": [PEOPLE, other.realm_url],
            "filter": {"on": {"module": "./dog", "name": "Dog"}, "eq": {"kind": "$this.kind"}},
        },
    )
    await world.put(dog("me"), dog("you"))

    async with reaching(world, host_of(other)):
        page = await world.engine.search([PEOPLE], world.engine.parse({}))

    far = page.data[0]["relationships"]["far"]
    assert [one["id"] for one in far["data"]] == [f"{PEOPLE}me", f"{PEOPLE}you", *ids]
    assert [resource["id"] for resource in page.included] == ids
    on = {"module": f"{PEOPLE}dog", "name": "Dog"}
    search = {"filter": {"on": on, "eq": {"kind": "pug"}}}
    assert other.bodies == [{"ids": [], "searches": [search]}]


@pytest.mark.parametrize("is_plain", [False, True])
@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response("no", status_code=401), {"type": "authorization", "status": 401}),
        (Response("no", status_code=403), {"type": "authorization", "status": 403}),
        (Response("no", status_code=500), {"type": "network", "status": 500}),
        (Response("<p>", media_type="text/html"), {"type": "unknown"}),
        (answer({"data": [{"type": "card", "id": f"{PEOPLE}ann"}]}), {"type": "unknown"}),
    ],
)
async def test_a_realm_that_fails_is_typed_and_the_others_survive(
    world: World,
    other: OtherServer,
    response: Response,
    expected: dict[str, Any],
    is_plain: bool,
) -> None:
    other.is_plain = is_plain
    other.answers["/far/_search" if is_plain else "/far/_cards"] = response
    # What cannot be read as an answer to one request is asked for in another.
    other.answers.setdefault("/far/_search", response)
    await define_dog(world, far={"realms": [other.realm_url, PEOPLE]})
    await world.put(dog("me"))

    async with reaching(world, host_of(other)):
        far = (await world.document("me"))["data"]["relationships"]["far"]

    assert [one["id"] for one in far["data"]] == [f"{PEOPLE}me"]
    [error] = far["meta"]["errors"]
    assert {"realm": other.realm_url, **expected}.items() <= error.items()
    assert far["links"]["search"].startswith(f"{other.realm_url}_search?realms=")


async def test_a_field_of_a_realm_that_is_down_is_empty_and_keeps_its_search(world: World) -> None:
    async with other_server() as gone:
        down = gone.realm_url
    await define_dog(world, far={"realms": [down]})
    await world.put(dog("me"))

    async with reaching(world, host_of(gone)):
        far = (await world.document("me"))["data"]["relationships"]["far"]

    assert (far["data"], far["links"]["self"]) == ([], None)
    assert parse_search_link(far["links"]["search"])[0] == [down]
    [error] = far["meta"]["errors"]
    assert (error["realm"], error["type"]) == (down, "network")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"errors": [{"status": "400", "detail": "no such field"}]}, "no such field"),
        ({}, "no list of results"),
        ({"data": [{"type": "card", "id": f"{PEOPLE}ann"}]}, "a card of another realm"),
        ({"data": ["?"]}, "a card of another realm"),
    ],
)
async def test_one_search_of_several_that_fails_spoils_none_of_the_others(
    world: World, other: OtherServer, said: dict[str, Any], reason: str
) -> None:
    bob = other.put("bob")
    good = {"data": [{"type": "card", "id": bob}]}
    document = {"data": [other.cards["/far/bob"]], "searches": [said, good], "meta": {}}
    other.answers["/far/_cards"] = answer(document)
    await define_dog(
        world,
        bad={"realms": [other.realm_url], "filter": {"eq": {"kind": "x"}}},
        good={"realms": [other.realm_url]},
    )
    await world.put(dog("me"))

    async with reaching(world, host_of(other)):
        found = (await world.document("me"))["data"]["relationships"]

    assert found["bad"]["data"] == []
    assert reason in found["bad"]["meta"]["errors"][0]["message"]
    assert [one["id"] for one in found["good"]["data"]] == [bob]


async def test_a_realm_that_is_slow_or_down_is_named_by_the_field_that_asks_it(
    world: World, other: OtherServer
) -> None:
    async with other_server() as gone:
        down = gone.realm_url
    other.gate = asyncio.Event()
    await define_dog(world, far={"realms": [down, other.realm_url, PEOPLE]})
    await world.put(dog("me"))

    async with reaching(world, host_of(other), host_of(gone), timeout_s=0.2):
        far = (await world.document("me"))["data"]["relationships"]["far"]

    assert [one["id"] for one in far["data"]] == [f"{PEOPLE}me"]
    reasons = {error["realm"]: error["message"] for error in far["meta"]["errors"]}
    assert "could not be reached" in reasons[down]
    assert "did not answer within 0.2 s" in reasons[other.realm_url]


@pytest.mark.parametrize(("order", "first"), [(["far", "own"], "far"), (["own", "far"], "own")])
async def test_results_come_in_the_order_of_the_realms(
    world: World, other: OtherServer, order: list[str], first: str
) -> None:
    bob = other.put("bob")
    realms = {"far": other.realm_url, "own": PEOPLE}
    await define_dog(
        world,
        friend={"realms": [realms[name] for name in order]},
        all={"realms": [realms[name] for name in order]},
    )
    await world.put(dog("me"))

    async with reaching(world, host_of(other)):
        found = (await world.document("me"))["data"]["relationships"]

    expected = {"far": bob, "own": f"{PEOPLE}me"}
    assert found["friend"]["data"]["id"] == expected[first]
    assert [one["id"] for one in found["all"]["data"]] == [expected[name] for name in order]


async def test_a_later_page_over_two_servers_is_cut_from_what_both_found(
    world: World, other: OtherServer
) -> None:
    far = [other.put(f"far{number}") for number in range(4)]
    await define_dog(
        world, all={"realms": [PEOPLE, other.realm_url], "page": {"number": 1, "size": 2}}
    )
    await world.put(*(dog(name) for name in "abc"))

    async with reaching(world, host_of(other)):
        page = (await world.document("a"))["data"]["relationships"]["all"]

    assert [one["id"] for one in page["data"]] == [f"{PEOPLE}c", far[0]]
    assert other.bodies[0]["searches"][0]["page"] == {"number": 0, "size": 4}


async def test_what_a_realm_names_twice_is_one_result(world: World, other: OtherServer) -> None:
    bob = other.put("bob")
    named = {"type": "card", "id": bob}
    document = {"data": [other.cards["/far/bob"]], "searches": [{"data": [named, named]}]}
    other.answers["/far/_cards"] = answer(document)
    await define_dog(world, far={"realms": [other.realm_url]})
    await world.put(dog("me"))

    async with reaching(world, host_of(other)):
        far = (await world.document("me"))["data"]["relationships"]["far"]

    assert far["data"] == [named]


async def test_many_cards_are_had_from_other_servers_too(world: World, other: OtherServer) -> None:
    ids = [other.put(name) for name in ("eve", "bob")]
    await world.put(person("ann"))
    asked = [*ids, f"{PEOPLE}ann", f"{other.realm_url}nobody", "http://10.0.0.1/far/eve"]

    async with reaching(world, host_of(other)):
        answer = await world.engine.many_cards.documents(asked)

    assert [one["id"] for one in answer["data"]][:2] == ids
    missing = {one["id"]: one["status"] for one in answer["meta"]["missing"]}
    assert missing[f"{other.realm_url}nobody"] == "404"
    assert missing["http://10.0.0.1/far/eve"] == "502"
    assert other.asked == [("QUERY", "/far/_cards")]
