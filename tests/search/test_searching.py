"""Searches over an index: which cards, in which order, in which shape."""

from dataclasses import replace
from typing import Any

import pytest

from realmkit.errors import BadRequest
from realmkit.index import Batch, NewEntry

from ..support.people import DESCRIBED, EMPLOYEE, PERSON, PLANET, type_key
from .conftest import OTHERS, PEOPLE, World, broken, person

pytestmark = pytest.mark.anyio


async def test_an_empty_query_is_every_card_by_id(world: World) -> None:
    await world.put(person("bob"), person("a-b"), person("a"), broken("worse", "It threw."))

    assert await world.ids() == ["people/a", "people/a-b", "people/bob"]


async def test_a_type_is_also_its_subclasses(world: World) -> None:
    await world.put(person("ann"), person("eve", ref=EMPLOYEE))

    assert await world.ids(filter={"type": PERSON}) == ["people/ann", "people/eve"]
    assert await world.ids(filter={"type": EMPLOYEE}) == ["people/eve"]
    assert await world.ids(filter={"not": {"type": EMPLOYEE}}) == ["people/ann"]


async def test_a_type_may_be_named_by_a_module_that_only_passes_it_on(world: World) -> None:
    described = next(one for one in DESCRIBED if one["codeRef"] == PERSON)
    citizen = {"module": f"{PEOPLE}index", "name": "Citizen"}
    passed_on = {citizen["module"]: {citizen["name"]: described}}
    await world.index.commit(Batch(PEOPLE, definitions=passed_on))
    html = {"fitted": {type_key(EMPLOYEE): "<i>eve</i>", type_key(PERSON): "<b>eve</b>"}}
    await world.put(person("ann", {"age": 2}), person("eve", {"age": 1}, ref=EMPLOYEE, html=html))
    await world.put(replace(person("mars"), types=[type_key(PLANET)]))

    assert await world.ids(filter={"type": citizen}) == ["people/ann", "people/eve"]
    assert await world.ids(filter={"not": {"type": citizen}}) == ["people/mars"]
    assert await world.ids(filter={"on": citizen, "eq": {"age": 1}}) == ["people/eve"]
    assert await world.ids(sort=[{"by": "age", "on": citizen}]) == [
        "people/eve",
        "people/ann",
        "people/mars",
    ]
    asked = {"filter": {"on": citizen, "eq": {"age": 1}}, "html": {"renderType": citizen}}
    [tile] = (await world.engine.search([PEOPLE], world.engine.parse(asked))).data
    assert tile["meta"]["html"] == "<b>eve</b>"
    with pytest.raises(BadRequest, match='Did you mean "age"'):
        await world.ids(filter={"on": citizen, "eq": {"aeg": 1}})


async def test_on_wins_over_type(world: World) -> None:
    await world.put(person("ann", {"name": "x"}), person("eve", {"name": "x"}, ref=EMPLOYEE))
    filter = {"type": PERSON, "on": EMPLOYEE, "eq": {"name": "x"}}

    assert await world.ids(filter=filter) == ["people/eve"]


async def test_several_realms_are_one_search_under_one_sort_and_page(world: World) -> None:
    await world.put(person("a", {"age": 1}), person("c", {"age": 3}), person("d", {"age": 4}))
    await world.put(person("b", {"age": 2}, realm=OTHERS), realm=OTHERS)
    query = world.engine.parse(
        {
            "sort": [{"by": "age", "on": PERSON, "direction": "desc"}],
            "page": {"size": 2, "number": 1},
        }
    )

    page = await world.engine.search([PEOPLE, OTHERS], query)

    assert [resource["id"] for resource in page.data] == [f"{OTHERS}b", f"{PEOPLE}a"]
    assert page.total == 4


async def test_a_sort_key_speaks_of_the_root_filters_type(world: World) -> None:
    await world.put(person("a", {"age": 2}), person("b", {"age": 1}))

    assert await world.ids(filter={"type": PERSON}, sort=[{"by": "age"}]) == [
        "people/b",
        "people/a",
    ]


@pytest.mark.parametrize("by", ["lastModified", "createdAt", "cardURL"])
async def test_what_every_entry_has_sorts_without_a_type(world: World, by: str) -> None:
    for at, name in enumerate("abc"):
        await world.put(replace(person(name), last_modified=at, resource_created_at=at))
    sort = [{"by": by, "direction": "desc"}]

    assert await world.ids(sort=sort) == ["people/c", "people/b", "people/a"]
    assert await world.ids(filter={"type": PERSON}, sort=sort) == await world.ids(sort=sort)


async def test_an_element_may_lack_what_another_has(world: World) -> None:
    visits = [{}, {"place": "Rome"}, {"place": "Oslo", "cost": 0}]
    await world.put(person("ann", {"visits": visits}))
    lacking = {"eq": {"cost": None}}

    async def found(place: str) -> list[str]:
        item = {"path": "visits", "every": [lacking, {"eq": {"place": place}}]}
        return await world.ids(filter={"on": PERSON, "item": item})

    assert await found("Rome") == ["people/ann"]
    assert await found("Oslo") == []


async def test_a_realm_that_is_not_served_is_reported_and_the_others_answer(world: World) -> None:
    await world.put(person("a"))

    page = await world.engine.search(["http://h/gone/", PEOPLE], world.engine.parse({}))

    assert page.total == 1
    assert page.to_document()["meta"]["errors"] == [
        {
            "realm": "http://h/gone/",
            "type": "unknown",
            "message": "No realm is served at http://h/gone/ here.",
            "status": 404,
        }
    ]


async def test_a_result_is_a_served_resource(world: World) -> None:
    await world.put(person("ann", {"name": "Ann"}, links={"boss": None}))
    query = world.engine.parse({})
    [found] = (await world.engine.search([PEOPLE], query, with_included=False)).data
    found["meta"].pop("generation")

    assert found == {
        "type": "card",
        "id": f"{PEOPLE}ann",
        "links": {"self": f"{PEOPLE}ann"},
        "attributes": {"name": "Ann"},
        "relationships": {"boss": {"links": {"self": None}}},
        "meta": {
            "adoptsFrom": {"module": "./person", "name": "Person"},
            "realmURL": PEOPLE,
            "realmInfo": {"name": "people"},
            "lastModified": 1_700_000_000,
            "resourceCreatedAt": 1_600_000_000,
        },
    }


async def test_sparse_resources_hold_the_named_fields_only(world: World) -> None:
    attributes = {"name": "Ann", "age": 5, "address": {"city": "Rome", "zip": "1"}}
    await world.put(person("ann", attributes, links={"boss": "./bob", "owner": "./bob"}))
    query = world.engine.parse({"fields": {"card": ["name", "address.city", "boss"]}})

    page = await world.engine.search([PEOPLE], query)

    assert page.data[0]["attributes"] == {"name": "Ann", "address": {"city": "Rome"}}
    assert list(page.data[0]["relationships"]) == ["boss"]
    assert page.included == []


async def test_files_are_found_when_they_are_asked_for(world: World) -> None:
    readme = NewEntry(url=f"{PEOPLE}readme.md", type="file", search_doc={"_title": "readme.md"})
    await world.put(person("ann"), readme)

    assert await world.ids(scope="files") == ["people/readme.md"]
    assert await world.ids(scope="all") == ["people/ann", "people/readme.md"]


@pytest.mark.parametrize(
    ("filter", "statements"),
    [
        # The count, which says as well that nothing was committed meanwhile; then the page.
        ({"type": PERSON}, 2),
        ({"on": PERSON, "range": {"age": {"gte": 0}}}, 2),
        # Nothing to look for, once nothing is counted.
        ({"on": PERSON, "range": {"age": {"gt": 100}}}, 1),
        ({"type": EMPLOYEE}, 1),
    ],
)
@pytest.mark.parametrize("size", [2, 10])
async def test_a_search_costs_the_same_whatever_it_finds(
    world: World, filter: dict[str, Any], statements: int, size: int
) -> None:
    await world.put(*[person(f"p{number}", {"age": number}) for number in range(5)])
    query = world.engine.parse({"filter": filter, "page": {"size": size}})
    # The first one learns the number of a path.
    await world.engine.search([PEOPLE], query, with_included=False)
    before = world.db.statements
    await world.engine.search([PEOPLE], query, with_included=False)

    if world.db.dialect == "postgres" and "range" in filter and statements == 2:
        # It finds the page of few while it counts them.
        statements = 1
    assert world.db.statements - before == statements


async def test_what_a_commit_brought_is_seen_by_the_next_search(world: World) -> None:
    await world.put(person("ann", {"age": 1}))
    assert await world.ids(filter={"on": PERSON, "eq": {"age": 1}}) == ["people/ann"]

    # A type that was on no shelf yet, and a card that makes another total.
    await world.put(person("eve", {"age": 1}, ref=EMPLOYEE))

    page = await world.engine.search([PEOPLE], world.engine.parse({"filter": {"type": PERSON}}))
    assert (len(page.data), page.total) == (2, 2)
    assert await world.ids(filter={"type": EMPLOYEE}) == ["people/eve"]


async def test_a_field_that_a_commit_has_just_brought_is_known(world: World) -> None:
    ref = {"module": f"{PEOPLE}robot", "name": "Robot"}

    async def define(*names: str) -> None:
        text = {"module": "@cardstack/base/string", "name": "default"}
        field = {"type": "contains", "card": text, "isPrimitive": True, "valueType": "string"}
        fields = dict.fromkeys(names, field)
        await world.define(
            [{"type": "card-def", "codeRef": ref, "types": [type_key(ref)], "fields": fields}]
        )

    await define("name")
    await world.put(person("r2", {"name": "R2"}, ref=ref))
    assert await world.ids(filter={"on": ref, "eq": {"name": "R2"}}) == ["people/r2"]
    await define("name", "maker")

    assert await world.ids(filter={"on": ref, "eq": {"maker": "x"}}) == []


async def test_a_nonexistent_field_is_a_bad_request(world: World) -> None:
    with pytest.raises(BadRequest, match=r'nonexistent field "nmae".*Did you mean "name"\?'):
        await world.ids(filter={"on": PERSON, "eq": {"nmae": "x"}})


async def test_contains_knows_more_letters_than_ascii(world: World) -> None:
    await world.put(person("x", {"name": "ÅLAND 100%"}), person("y", {"name": "Aland 1000"}))

    assert await world.ids(filter={"on": PERSON, "contains": {"name": "åland"}}) == ["people/x"]
    assert await world.ids(filter={"on": PERSON, "contains": {"name": "100%"}}) == ["people/x"]


HTML: dict[str, Any] = {
    "atom": "<i data-scopedcss-0a1b2c3d4e-5f6a7b8c9d></i>",
    "fitted": {type_key(EMPLOYEE): "<b>employee</b>", type_key(PERSON): "<b>person</b>"},
}


@pytest.mark.parametrize(
    ("asked", "html"),
    [
        ({"format": "fitted"}, "<b>employee</b>"),
        ({"format": "fitted", "renderType": PERSON}, "<b>person</b>"),
        ({"format": "atom"}, HTML["atom"]),
        ({"format": "head"}, None),
    ],
)
async def test_tiles_carry_prerendered_html(
    world: World, asked: dict[str, Any], html: str | None
) -> None:
    await world.put(person("eve", ref=EMPLOYEE, html=HTML, icon_html="<svg/>"))
    query = world.engine.parse({"html": asked})
    await world.engine.search([PEOPLE], query)
    before = world.db.statements
    page = await world.engine.search([PEOPLE], query)
    meta = page.data[0]["meta"]

    assert world.db.statements - before == 3
    assert meta["html"] == html
    assert meta["styles"] == (["0a1b2c3d4e-5f6a7b8c9d"] if asked["format"] == "atom" else [])
    assert (meta["displayName"], meta["iconHTML"]) == ("Person", "<svg/>")


async def test_a_broken_card_keeps_its_tile_and_says_what_is_wrong(world: World) -> None:
    error = {"status": "500", "title": "Card Does Not Render", "detail": "It threw."}
    await world.put(person("ann", html={"fitted": {type_key(PERSON): "<b>Ann</b>"}}))
    await world.put(person("ann", error=error), broken("never", "It threw."))

    assert await world.ids() == []
    [tile] = (await world.engine.search([PEOPLE], world.engine.parse({"html": {}}))).data
    assert (tile["meta"]["html"], tile["meta"]["error"]) == ("<b>Ann</b>", error)


async def test_a_broken_card_that_never_rendered_has_a_tile_without_html(world: World) -> None:
    error = {"status": "500", "title": "Card Does Not Render", "detail": "It threw."}
    await world.put(person("ann", error=error))

    query = world.engine.parse({"html": {"format": "atom"}})
    [tile] = (await world.engine.search([PEOPLE], query)).data

    assert (tile["meta"]["html"], tile["meta"]["error"]) == (None, error)


async def test_ids_alone_cost_two_statements(world: World) -> None:
    await world.put(person("b"), person("a"))
    await world.engine.search_ids([PEOPLE], world.engine.parse({}))
    before = world.db.statements
    ids = await world.engine.search_ids([PEOPLE], world.engine.parse({}))

    assert ids == [f"{PEOPLE}a", f"{PEOPLE}b"]
    assert world.db.statements - before == 2
