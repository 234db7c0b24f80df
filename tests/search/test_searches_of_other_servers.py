"""Searches of query-backed fields that go to other servers."""

import asyncio
from typing import Any

import pytest
from starlette.responses import Response

from realmkit.search.search_links import parse_search_link

from ..support.other_server import OtherServer, answer, other_server
from .conftest import PEOPLE, World
from .dogs import define_dog, dog
from .reaching import host_of, reaching

pytestmark = pytest.mark.anyio


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
