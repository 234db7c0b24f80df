"""Links that lead to other servers."""

import asyncio

import pytest
from starlette.responses import RedirectResponse, Response

from ..support.other_server import OtherServer, answer, other_server
from .conftest import PEOPLE, World, person
from .dogs import define_dog, dog
from .reaching import host_of, included, reaching

pytestmark = pytest.mark.anyio


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
