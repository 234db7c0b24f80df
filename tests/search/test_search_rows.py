"""The rows that searches read follow the entries: replaced, broken, mended, removed."""

import pytest

from realmkit.index import Batch

from ..support.people import PERSON
from .conftest import PEOPLE, World, person

pytestmark = pytest.mark.anyio
ERROR = {"status": "500", "title": "Card Does Not Render", "detail": "It threw."}


async def named(world: World, name: str, **more: object) -> list[str]:
    return await world.ids(filter={"on": PERSON, "eq": {"name": name}}, **more)


async def sizes(world: World) -> list[tuple[int, int]]:
    rows = await world.db.read("select health, size from shelves where size <> 0 order by 1")
    return [(row[0], row[1]) for row in rows]


async def rows_left(world: World) -> list[int]:
    tables = ("search_entries", "search_values", "search_words")
    return [(await world.db.read(f"select count(*) from {name}"))[0][0] for name in tables]


async def test_a_card_that_breaks_is_found_by_tiles_only_and_mended_by_all(world: World) -> None:
    await world.put(person("ann", {"name": "Ann"}))
    await world.put(person("ann", {"name": "Ann"}, error=ERROR))

    assert await named(world, "Ann") == []
    assert await named(world, "Ann", html={}) == ["people/ann"]
    assert await sizes(world) == [(1, 1)]

    await world.put(person("ann", {"name": "Anna"}))

    assert (await named(world, "Ann"), await named(world, "Anna")) == ([], ["people/ann"])
    assert await sizes(world) == [(0, 1)]


async def test_nothing_is_left_of_a_card_that_is_removed(world: World) -> None:
    await world.put(person("ann", {"name": "Ann"}), person("bob", {"name": "Bob"}))
    await world.index.commit(
        Batch(PEOPLE, removed=[f"{PEOPLE}{name}.json" for name in ("ann", "bob")])
    )

    assert await world.ids() == []
    assert await rows_left(world) == [0, 0, 0]
    assert await sizes(world) == []


async def test_a_commit_costs_the_same_however_many_cards_it_has(world: World) -> None:
    costs: list[int] = []
    for place, count in enumerate((1, 1, 2, 200)):
        cards = [person(f"{place}-{number}", {"name": str(number)}) for number in range(count)]
        before = world.db.statements
        await world.put(*cards)
        costs.append(world.db.statements - before)

    # The first one names shelves and paths, and the second learns the paths' numbers.
    assert costs[2] == costs[3]


async def test_what_neither_database_can_hold_costs_no_card_its_place(world: World) -> None:
    await world.put(person("odd", {"name": "a\0b \ud800 c", "age": 10**40}))

    assert await world.ids(filter={"on": PERSON, "contains": {"name": "a\ufffdb"}}) == [
        "people/odd"
    ]
    assert await world.ids(filter={"on": PERSON, "range": {"age": {"gt": 10**39}}}) == [
        "people/odd"
    ]
