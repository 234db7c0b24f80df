"""Walking links: what is included, in which order, at which cost."""

from typing import Any

import pytest

from realmkit.errors import TooSlow
from realmkit.index import NewEntry

from ..support.people import type_key
from .conftest import OTHERS, PEOPLE, World, broken, person

pytestmark = pytest.mark.anyio

NODE = {"module": f"{PEOPLE}node", "name": "Node"}


async def define_node(world: World) -> None:
    """Cards with a name and static links, and nothing that is searched for."""
    text = {"module": "@cardstack/base/string", "name": "default"}
    fields = {
        "name": {"type": "contains", "card": text, "isPrimitive": True, "valueType": "string"},
        "friends": {"type": "linksToMany", "card": NODE},
    }
    described = {"type": "card-def", "codeRef": NODE, "types": [type_key(NODE)], "fields": fields}
    await world.define([described])


def included(document: dict[str, Any]) -> list[str]:
    return [resource["id"].removeprefix("http://h/") for resource in document.get("included", [])]


async def test_links_get_their_data_and_targets_are_included_breadth_first(world: World) -> None:
    await world.put(
        person("ann", links={"boss": "./bob", "friends.0": "./cat", "friends.1": f"{OTHERS}dan"}),
        person("bob", links={"boss": "./eve"}),
        person("cat"),
        person("eve"),
    )
    await world.put(person("dan", realm=OTHERS), realm=OTHERS)

    found = await world.document("ann")

    assert included(found) == ["people/bob", "people/cat", "others/dan", "people/eve"]
    assert found["data"]["relationships"]["boss"] == {
        "links": {"self": "./bob"},
        "data": {"type": "card", "id": f"{PEOPLE}bob"},
    }


async def test_a_cycle_ends_and_the_root_is_not_included(world: World) -> None:
    await world.put(person("ann", links={"boss": "./bob"}), person("bob", links={"boss": "./ann"}))

    found = await world.document("ann")

    assert included(found) == ["people/bob"]
    back = found["included"][0]["relationships"]["boss"]
    assert back["data"] == {"type": "card", "id": f"{PEOPLE}ann"}


async def test_the_root_under_another_spelling_is_not_included_again(world: World) -> None:
    await world.put(
        person("ann", links={"boss": "./bob.json", "owner": f"{PEOPLE}ann.json"}),
        person("bob", links={"boss": "./ann.json"}),
    )
    found = await world.document("ann")

    assert included(found) == ["people/bob"]
    assert found["data"]["relationships"]["owner"]["data"]["id"] == f"{PEOPLE}ann"


async def test_a_loop_across_realms_ends(world: World) -> None:
    await world.put(person("ann", links={"boss": f"{OTHERS}dan"}))
    dan = person("dan", realm=OTHERS, links={"boss": f"{PEOPLE}ann", "owner": f"{OTHERS}dan"})
    await world.put(dan, realm=OTHERS)

    found = await world.document("ann")

    assert included(found) == ["others/dan"]
    links = found["included"][0]["relationships"]
    assert links["boss"]["data"]["id"] == f"{PEOPLE}ann"
    assert links["owner"]["data"]["id"] == f"{OTHERS}dan"


async def test_ten_thousand_links_on_one_card_are_one_layer(world: World) -> None:
    await define_node(world)
    friends = [person(str(number), ref=NODE) for number in range(100)]
    links = {f"friends.{number}": f"./{number}" for number in range(10_000)}
    await world.put(person("hub", links=links, ref=NODE), *friends)

    await world.document("hub")
    before = world.db.statements
    found = await world.document("hub")

    assert world.db.statements - before == 2
    assert included(found) == [f"people/{number}" for number in range(100)]
    assert len(found["data"]["meta"]["brokenLinks"]) == 9_900


async def test_the_depth_is_a_setting(world: World) -> None:
    chain = [person(str(step), links={"boss": f"./{step + 1}"}) for step in range(4)]
    await world.put(*chain, person("4"))
    world.rebuild(link_depth=1)
    assert included(await world.document("0")) == ["people/1", "people/2"]


async def test_a_client_that_leaves_ends_the_walk_between_two_layers(world: World) -> None:
    await define_node(world)
    await world.put(person("ann", links={"friends.0": "./bob"}, ref=NODE))
    await world.put(person("bob", links={"friends.0": "./eve"}, ref=NODE))
    await world.put(person("eve", ref=NODE))

    class Gone(Exception):
        pass

    async def leave() -> None:
        raise Gone

    await world.document("ann")
    before = world.db.statements
    with pytest.raises(Gone):
        await world.document("ann", between_layers=leave)

    # The card and what it links to, and nothing that Bob links to.
    assert world.db.statements - before == 2


async def test_a_walk_that_spends_its_time_is_given_up(world: World) -> None:
    await world.put(person("ann", links={"boss": "./bob"}), person("bob"))
    card = await world.engine.cards.find(f"{PEOPLE}ann")
    assert card is not None
    world.rebuild(budget_s=-1.0)
    with pytest.raises(TooSlow):
        await world.engine.cards.document(card)


async def test_fifty_cards_with_five_links_each_are_three_statements(world: World) -> None:
    await define_node(world)
    cards = [
        person(
            f"p{number}",
            links={f"friends.{at}": f"./q{number * 5 + at}" for at in range(5)},
            ref=NODE,
        )
        for number in range(50)
    ]
    await world.put(*cards, *(person(f"q{number}", ref=NODE) for number in range(250)))
    query = world.engine.parse({"filter": {"on": NODE, "contains": {"name": "p"}}})
    await world.engine.search([PEOPLE], query)

    before = world.db.statements
    page = await world.engine.search([PEOPLE], query)

    assert (len(page.data), len(page.included)) == (50, 250)
    # The count, the page, and what it links to; PostgreSQL finds both at once.
    assert world.db.statements - before == (3 if world.db.dialect == "sqlite" else 2)


async def test_six_steps_are_included_and_a_seventh_is_only_named(world: World) -> None:
    chain = [person(str(step), links={"boss": f"./{step + 1}"}) for step in range(8)]
    await world.put(*chain, person("8"))

    found = await world.document("0")

    assert included(found) == [f"people/{step}" for step in range(1, 7)]
    last = found["included"][-1]
    assert last["relationships"]["boss"]["data"] == {"type": "card", "id": f"{PEOPLE}7"}


async def test_broken_links_stay_and_are_listed(world: World) -> None:
    links = {
        "boss": "./nobody",
        "owner": "./worse",
        "friends.0": "./ann",
        "friends.1": "http://far/away",
        "friends.2": "//[",
    }
    await world.put(person("ann", links=links), broken("worse", "It threw."))

    document = await world.document("ann")
    resource = document["data"]

    assert included(document) == []
    assert resource["relationships"]["owner"]["data"] == {"type": "card", "id": f"{PEOPLE}worse"}
    assert resource["relationships"]["boss"] == {
        "links": {"self": "./nobody"},
        "data": {"type": "card", "id": f"{PEOPLE}nobody"},
    }
    assert resource["meta"]["brokenLinks"] == [
        {"field": "boss", "target": f"{PEOPLE}nobody", "reason": f"{PEOPLE}nobody was not found."},
        {"field": "owner", "target": f"{PEOPLE}worse", "reason": "It threw."},
        {
            "field": "friends",
            "target": "http://far/away",
            "reason": "http://far/away lies in no realm served here.",
        },
        {"field": "friends", "target": "//[", "reason": "//[ lies in no realm served here."},
    ]


async def test_a_dotted_id_is_a_card_and_another_file_is_a_file(world: World) -> None:
    await world.put(person("ann", links={"boss": "./mr.x", "owner": "./x.png"}), person("mr.x"))
    await world.put(NewEntry(url=f"{PEOPLE}x.png", type="file"))

    relationships = (await world.document("ann"))["data"]["relationships"]

    assert relationships["boss"]["data"] == {"type": "card", "id": f"{PEOPLE}mr.x"}
    assert relationships["owner"]["data"] == {"type": "file-meta", "id": f"{PEOPLE}x.png"}


async def test_a_layer_costs_the_same_however_many_links_it_has(world: World) -> None:
    costs: list[int] = []
    for count in (1, 2, 60):
        friends = [person(f"{count}-{number}") for number in range(count)]
        links = {f"friends.{number}": f"./{count}-{number}" for number in range(count)}
        await world.put(person(f"hub{count}", links=links), *friends)
        before = world.db.statements
        assert len(included(await world.document(f"hub{count}"))) == count
        costs.append(world.db.statements - before)

    # The first one learns the numbers of paths.
    assert costs[1] == costs[2]


async def test_no_such_card_is_no_document(world: World) -> None:
    assert await world.engine.cards.find(f"{PEOPLE}nobody") is None


async def test_a_card_that_never_rendered_shows_its_file_and_its_error(world: World) -> None:
    store = next(iter(world.files.values()))
    body = b"""{"data": {"type": "card", "attributes": {"name": "Ann"},
      "relationships": {"boss": {"links": {"self": "bob"}}},
      "meta": {"adoptsFrom": {"module": "./person.gts", "name": "Person"}}}}"""
    await store.write("worse.json", body)
    await world.put(broken("worse", "It threw."), person("bob"))

    resource = (await world.document("worse"))["data"]

    assert resource["attributes"] == {"name": "Ann"}
    assert resource["relationships"]["boss"]["data"]["id"] == f"{PEOPLE}bob"
    assert resource["meta"]["adoptsFrom"] == {"module": "./person", "name": "Person"}
    assert resource["meta"]["error"]["detail"] == "It threw."
