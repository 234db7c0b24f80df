"""A search while the index has commits: its answer is the old index or the new one, never half."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from realmkit.db import Params, Row
from realmkit.errors import TooSlow, TryLater
from realmkit.index import NewEntry
from realmkit.search.one_state import MOST_STARTS

from ..support.people import EMPLOYEE, PERSON, PLANET, type_key
from .conftest import OTHERS, PEOPLE, World, person

pytestmark = pytest.mark.anyio
KEY = type_key(PERSON)


def before(
    world: World, monkeypatch: pytest.MonkeyPatch, part: str, do: Callable[[], Awaitable[None]]
) -> None:
    """Have `do` done once, right before a statement with `part` in it is run."""
    read = world.db.read
    left = [do]

    async def gated(sql: str, params: Params = (), **more: Any) -> list[Row]:
        if part in sql and left:
            await left.pop()()
        return await read(sql, params, **more)

    monkeypatch.setattr(world.db, "read", gated)


async def search(world: World, **query: Any) -> tuple[list[dict[str, Any]], int]:
    page = await world.engine.search([PEOPLE], world.engine.parse(query))
    return page.data, page.total


def people(count: int, ref: dict[str, str]) -> list[NewEntry]:
    return [person(f"p{number}", {"name": "x"}, ref=ref) for number in range(count)]


@pytest.mark.parametrize("count", [5, 450], ids=["gathered", "walked"])
async def test_cards_that_move_to_other_shelves_after_the_count_are_still_found(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    await world.put(*people(count, PERSON))

    async def move() -> None:
        await world.put(*people(count, EMPLOYEE))

    before(world, monkeypatch, "i.pristine_doc", move)
    data, total = await search(world, filter={"type": PERSON}, page={"size": 5})

    assert (len(data), total) == (5, count)


async def test_a_page_does_not_have_cards_that_its_total_does_not_count(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.put(*people(2, PERSON))

    async def add() -> None:
        await world.put(*people(7, PERSON))

    before(world, monkeypatch, "i.pristine_doc", add)
    data, total = await search(world, filter={"type": PERSON}, page={"size": 50})

    assert (len(data), total) == (7, 7)


@pytest.mark.parametrize(
    ("query", "part", "shown"),
    [
        (
            {"filter": {"on": PERSON, "matches": "road*"}},
            "i.search_doc",
            lambda meta: meta["matches"][0]["pieces"][1],
        ),
        ({"html": {"format": "atom"}}, "prerendered_html", lambda meta: meta["html"]),
        ({"html": {"format": "fitted"}}, "prerendered_html", lambda meta: meta["html"]),
    ],
)
async def test_highlights_and_tiles_are_of_the_document_they_come_with(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    query: dict[str, Any],
    part: str,
    shown: Callable[[Any], str],
) -> None:
    def road(name: str) -> NewEntry:
        return person("ann", {"name": name}, html={"atom": name, "fitted": {KEY: name}})

    await world.put(road("roads"))

    async def rename() -> None:
        await world.put(road("roadside"))

    before(world, monkeypatch, part, rename)
    [found], _ = await search(world, **query)

    assert found["attributes"]["name"] == "roadside"
    assert shown(found["meta"]) == "roadside"


async def test_a_commit_to_another_realm_only_makes_it_ask_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.put(*people(2, PERSON))

    async def elsewhere() -> None:
        await world.put(person("mars", ref=PLANET, realm=OTHERS), realm=OTHERS)

    before(world, monkeypatch, "i.pristine_doc", elsewhere)

    assert (await search(world, filter={"type": PERSON}))[1] == 2


async def test_an_index_that_never_rests_is_said_to(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.put(*people(1, PERSON))
    read, starts = world.db.read, 0

    async def gated(sql: str, params: Params = (), **more: Any) -> list[Row]:
        nonlocal starts
        if "i.pristine_doc" in sql:
            starts += 1
            await world.put(*people(1, PERSON))
        return await read(sql, params, **more)

    monkeypatch.setattr(world.db, "read", gated)
    with pytest.raises(TryLater, match="changes faster"):
        await search(world, filter={"type": PERSON})

    assert starts == MOST_STARTS


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ({"filter": {"type": PERSON}}, "from shelves"),
        ({"filter": {"on": PERSON, "matches": "ann"}}, "count(*)"),
        ({"filter": {"on": PERSON, "matches": "ann"}}, "i.pristine_doc"),
        ({"filter": {"on": PERSON, "matches": "ann"}}, "i.search_doc"),
        ({"html": {}}, "prerendered_html"),
        # Links, and what query-backed fields ask.
        ({}, "null, null"),
        ({}, "asked"),
    ],
)
async def test_one_budget_is_for_all_that_a_search_does(
    world: World, monkeypatch: pytest.MonkeyPatch, query: dict[str, Any], part: str
) -> None:
    await world.put(person("ann", {"name": "Ann"}, links={"owner": "./bob"}), person("bob"))
    hanging = asyncio.Event()

    async def hang() -> None:
        hanging.set()
        await asyncio.Event().wait()

    before(world, monkeypatch, part, hang)
    world.rebuild(budget_s=0.2)
    with pytest.raises(TooSlow, match="time budget"):
        await search(world, **query)

    assert hanging.is_set()
