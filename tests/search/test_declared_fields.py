"""Query-backed fields as definitions declare, inherit and contain them, and what they cost."""

from typing import Any

import pytest

from realmkit.cards.code_refs import FILE_DEF
from realmkit.index import NewEntry
from realmkit.search import Walk
from realmkit.search.search_links import parse_search_link

from ..support.people import CARD_DEF, type_key
from .conftest import OTHERS, PEOPLE, World, person
from .dogs import DOG, HOME, TEXT, define_dog, dog, ids, relationships

pytestmark = pytest.mark.anyio

YARD = {"module": f"{PEOPLE}yard", "name": "Yard"}
TEXT_FIELD = {"type": "contains", "card": TEXT, "isPrimitive": True, "valueType": "string"}
UNNAMED = {"type": "fieldOf", "card": YARD, "field": "box"}


def described(kind: str, ref: dict[str, Any], fields: dict[str, Any], **more: Any) -> Any:
    types = [type_key(ref), type_key(CARD_DEF)] if "module" in ref else []
    return {"type": kind, "codeRef": ref, "types": types, "fields": fields, **more}


async def test_two_classes_of_a_module_may_give_one_name_to_different_fields(world: World) -> None:
    file_def, owner = FILE_DEF.to_json(), {"module": DOG["module"], "name": "Owner"}
    await define_dog(world)
    all_dogs = {"all": {"type": "linksToMany", "card": DOG, "query": {}}}
    all_files = {"all": {"type": "linksToMany", "card": file_def, "query": {}}}
    await world.define(
        [
            described("card-def", DOG, all_dogs),
            described("card-def", owner, all_files),
            described("card-def", file_def, {}),
        ]
    )
    paper = NewEntry(url=f"{PEOPLE}z.pdf", type="file", types=[type_key(file_def)], search_doc={})
    await world.put(dog("rex"), person("zoe", {"name": "zoe"}, ref=owner), paper)

    page = await world.engine.search([PEOPLE], world.engine.parse({}))

    rex, zoe = (one["relationships"]["all"]["data"] for one in page.data)
    assert rex == [{"type": "card", "id": f"{PEOPLE}rex"}]
    assert zoe == [{"type": "file-meta", "id": f"{PEOPLE}z.pdf"}]


async def test_the_json_of_a_card_that_is_found_as_a_file_is_a_file(world: World) -> None:
    file_def = FILE_DEF.to_json()
    field = {"type": "linksToMany", "card": file_def, "query": {}}
    await world.define(
        [described("card-def", file_def, {}), described("card-def", DOG, {"papers": field})]
    )
    url = f"{PEOPLE}rex.json"
    file = NewEntry(
        url=url,
        type="file",
        types=[type_key(file_def)],
        search_doc={"_isCardInstanceFile": True},
        pristine_doc={"attributes": {"name": "rex.json"}},
    )
    await world.put(dog("rex"), file)

    document = await world.document("rex")

    found = document["data"]["relationships"]
    assert found["papers"]["data"] == [{"type": "file-meta", "id": url}]
    assert found["papers.0"]["data"] == {"type": "file-meta", "id": url}
    assert [(one["type"], one["id"]) for one in document["included"]] == [("file-meta", url)]


async def test_a_card_and_a_file_of_one_id_are_both_included(world: World) -> None:
    file_def = FILE_DEF.to_json()
    papers = {"type": "linksToMany", "card": file_def, "query": {}}
    await world.define(
        [described("card-def", file_def, {}), described("card-def", DOG, {"papers": papers})]
    )
    file = NewEntry(url=f"{PEOPLE}x.png", type="file", types=[type_key(file_def)], search_doc={})
    await world.put(dog("me", links={"picture": "./x.png"}), person("x.png"), file)

    document = await world.document("me")

    included = [(one["type"], one["id"]) for one in document["included"]]
    assert included == [("card", f"{PEOPLE}x.png"), ("file-meta", f"{PEOPLE}x.png")]


async def test_classes_that_no_module_exports_travel_with_those_that_contain_them(
    world: World,
) -> None:
    await define_dog(world)
    guests = {"filter": {"eq": {"kind": "$this.welcome"}}}
    inner = [
        described(
            "field-def",
            UNNAMED,
            {
                "welcome": TEXT_FIELD,
                "guests": {"type": "linksToMany", "card": DOG, "query": guests},
                "boxes": {"type": "containsMany", "card": UNNAMED},
            },
        )
    ]
    fields = {"box": {"type": "contains", "card": UNNAMED}}
    await world.define([described("card-def", YARD, fields, inner=inner)])
    box = {"welcome": "pug", "boxes": [{"welcome": "lab"}]}
    await world.put(person("y", {"box": box}, ref=YARD), dog("a"), dog("b", "lab"))

    found = await relationships(world, "y")

    assert ids(found["box.guests"]) == ["a"]
    assert ids(found["box.boxes.0.guests"]) == ["b"]
    # A search may go through them as well.
    query = world.engine.parse({"filter": {"on": YARD, "eq": {"box.welcome": "pug"}}})
    assert [one["id"] for one in (await world.engine.search([PEOPLE], query)).data] == [
        f"{PEOPLE}y"
    ]


async def test_a_contained_value_of_a_descendant_has_the_descendants_fields(world: World) -> None:
    await define_dog(world)
    bare = {"module": YARD["module"], "name": "Bare"}
    fields = {
        "home": {"type": "contains", "card": bare},
        "homes": {"type": "containsMany", "card": bare},
    }
    await world.define([described("card-def", YARD, fields), described("field-def", bare, {})])
    entry = person(
        "y",
        {"home": {"welcome": "pug"}, "homes": [{"welcome": "x"}, {"welcome": "lab"}]},
        ref=YARD,
    )
    assert entry.pristine_doc is not None
    entry.pristine_doc["meta"]["fields"] = {
        "home": {"adoptsFrom": HOME},
        "homes": [{}, {"adoptsFrom": {"module": "./dog", "name": "Home"}}],
    }
    await world.put(entry, dog("a"), dog("b", "lab"))

    found = await relationships(world, "y")

    assert ids(found["home.guests"]) == ["a"]
    assert ids(found["homes.1.guests"]) == ["b"]
    assert "homes.0.guests" not in found


async def test_what_eq_names_are_fields_even_if_they_look_like_a_code_ref(world: World) -> None:
    await define_dog(world, all={"filter": {"eq": {"module": "./a", "name": "b"}}})
    await world.put(dog("me"))

    found = (await relationships(world, "me"))["all"]

    query = parse_search_link(found["links"]["search"])[1]
    assert query["filter"]["eq"] == {"module": "./a", "name": "b"}


async def cost(world: World, *dogs: NewEntry) -> int:
    """How many statements a search costs that finds these, with their fields answered."""
    for realm in (PEOPLE, OTHERS):
        await world.put(*(one for one in dogs if one.url.startswith(realm)), realm=realm)
    wanted = [one.url.removesuffix(".json") for one in dogs]
    query = world.engine.parse({"filter": {"on": DOG, "in": {"id": wanted}}})
    one_layer = Walk(follows_links=False)
    await world.engine.search([PEOPLE, OTHERS], query, walk=one_layer)
    before = world.db.statements
    page = await world.engine.search([PEOPLE, OTHERS], query, walk=one_layer)
    assert len(page.data) == len(dogs)
    return world.db.statements - before


async def test_owners_with_null_missing_and_several_values_in_several_realms_share_a_statement(
    world: World,
) -> None:
    either = {"any": [{"eq": {"kind": "$this.kind"}}, {"contains": {"name": "$this.part"}}]}
    await define_dog(
        world,
        friend={"filter": either},
        few={"filter": {"in": {"kind": "$this.kinds"}}, "page": {"size": 2}},
    )
    alike = await cost(
        world, dog("a", kinds=["pug"], part="abc"), dog("b", kinds=["lab"], part="bcd")
    )
    mixed = await cost(
        world,
        dog("c", kinds=["pug"], part="abc"),
        dog("d", None, kinds=[], part="ab"),
        dog("e", kinds=["pug", "lab"], part="x"),
        dog("f", kinds=[None]),
        person("g", {"name": "g"}, ref=DOG),
        dog("h", realm=OTHERS, kinds=["pug", None]),
    )

    # The count, the page, each of the two fields, and what they found; PostgreSQL has count
    # and page in one.
    assert alike == mixed == (5 if world.db.dialect == "sqlite" else 4)
