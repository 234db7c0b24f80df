"""Query-backed fields of served documents: what is asked, and how its results are told."""

from dataclasses import replace
from typing import Any

import pytest

from realmkit.cards.code_refs import FILE_DEF
from realmkit.index import NewEntry
from realmkit.query.nodes import Query
from realmkit.query.parse import parse_query
from realmkit.search.search_links import parse_search_link

from ..support.people import CARD_DEF, type_key
from .conftest import OTHERS, PEOPLE, World, person
from .dogs import DOG, define_dog, described, dog, ids, relationships

pytestmark = pytest.mark.anyio


async def test_a_plural_field_has_an_umbrella_and_one_key_a_result(world: World) -> None:
    query = {
        "filter": {"eq": {"kind": "$this.kind"}},
        "sort": [{"by": "name", "direction": "desc"}],
    }
    await define_dog(world, others=query)
    await world.put(dog("a"), dog("b"), dog("c", "lab"))

    found = await relationships(world, "a")

    assert ids(found["others"]) == ["b", "a"]
    assert found["others"]["links"]["self"] is None
    assert found["others.0"] == {
        "links": {"self": "./b"},
        "data": {"type": "card", "id": f"{PEOPLE}b"},
    }
    assert "others.2" not in found


async def test_a_singular_field_takes_the_first_result(world: World) -> None:
    await define_dog(world, friend={"filter": {"not": {"eq": {"name": "$this.name"}}}})
    await world.put(dog("a"), dog("b"), dog("c"), person("ann"))

    friend = (await relationships(world, "a"))["friend"]
    assert friend["links"]["self"] == "./b"
    assert friend["data"] == {"type": "card", "id": f"{PEOPLE}b"}
    assert parse_search_link(friend["links"]["search"])[1]["page"] == {"number": 0, "size": 1}
    assert (await relationships(world, "b"))["friend"]["data"]["id"] == f"{PEOPLE}a"


async def test_what_finds_nothing_still_says_what_was_asked(world: World) -> None:
    nobody = {"filter": {"eq": {"name": "nobody"}}}
    await define_dog(world, friend=nobody, others=nobody)
    await world.put(dog("a"))

    found = await relationships(world, "a")

    for name, nothing in (("friend", None), ("others", [])):
        assert found[name]["data"] == nothing
        assert found[name]["links"]["self"] is None
        assert parse_search_link(found[name]["links"]["search"])[0] == [PEOPLE]


async def test_what_a_field_asks_is_compiled_once_until_an_index_has_a_commit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []

    def counting(query: object, **options: Any) -> Query:
        read.append(query)
        return parse_query(query, **options)

    monkeypatch.setattr("realmkit.search.many_searches.parse_query", counting)
    await define_dog(world, others={"filter": {"eq": {"kind": "$this.kind"}}})
    await world.put(dog("a"), dog("b", "lab"))

    for _ in range(2):
        assert ids((await relationships(world, "a"))["others"]) == ["a"]
    once = len(read)
    await world.put(dog("c"))
    assert ids((await relationships(world, "a"))["others"]) == ["a", "c"]
    assert ids((await relationships(world, "b"))["others"]) == ["b"]
    # One of `a` before the commit; one of `a` after it and one of `b`.
    assert (once, len(read)) == (1, 3)


async def test_a_field_whose_definition_changes_asks_by_the_new_one(world: World) -> None:
    await define_dog(world, others={"filter": {"eq": {"kind": "$this.kind"}}})
    await world.put(dog("a"), dog("b", "lab"))
    assert ids((await relationships(world, "a"))["others"]) == ["a"]

    await define_dog(world, others={"filter": {"eq": {"name": "b"}}})
    assert ids((await relationships(world, "a"))["others"]) == ["b"]


async def test_the_search_link_can_be_read_back_and_asked_again(world: World) -> None:
    await define_dog(world, others={"filter": {"eq": {"kind": "$this.kind"}}, "page": {"size": 1}})
    await world.put(dog("a", "c & d"), dog("b", "c & d"))

    found = (await relationships(world, "a"))["others"]
    realms, query = parse_search_link(found["links"]["search"])

    assert realms == [PEOPLE]
    assert query == {"filter": {"on": DOG, "eq": {"kind": "c & d"}}, "page": {"size": 1}}
    assert await world.ids(*realms, **query) == ["people/a"]


async def test_other_realms_are_asked_together_and_unknown_ones_reported(world: World) -> None:
    await define_dog(world, all={"realms": [PEOPLE, OTHERS, "http://far/"]})
    await world.put(dog("b"))
    await world.put(dog("a", realm=OTHERS), realm=OTHERS)
    await world.put(dog("me"))

    found = (await relationships(world, "me"))["all"]

    assert [one["id"] for one in found["data"]] == [f"{OTHERS}a", f"{PEOPLE}b", f"{PEOPLE}me"]
    assert [error["realm"] for error in found["meta"]["errors"]] == ["http://far/"]
    asked, _ = parse_search_link(found["links"]["search"])
    assert asked == [PEOPLE, OTHERS, "http://far/"]


async def test_a_query_that_makes_no_sense_spoils_neither_document_nor_neighbours(
    world: World,
) -> None:
    await define_dog(world, odd={"filter": {"eq": {"nmae": "x"}}}, others={})
    await world.put(dog("a"))

    found = await relationships(world, "a")

    assert 'nonexistent field "nmae"' in found["odd"]["meta"]["errors"][0]["message"]
    assert found["odd"]["data"] == []
    assert ids(found["others"]) == ["a"]


async def test_a_token_of_another_kind_is_told_at_its_field_and_spoils_nothing(
    world: World,
) -> None:
    await define_dog(
        world,
        older={"filter": {"range": {"age": {"gt": "$this.kind"}}}},
        named={"filter": {"eq": {"kind": "$this.age"}}},
        others={"filter": {"eq": {"kind": "$this.kind"}}},
    )
    await world.put(dog("a", "pug", age=7), dog("b", "7", age=8))

    of_a, of_b = await relationships(world, "a"), await relationships(world, "b")

    assert of_a["older"]["data"] == []
    assert (
        of_a["older"]["meta"]["errors"][0]["message"] == '"age" holds numbers, and "pug" is none.'
    )
    # "7" is a number for all that.
    assert ids(of_b["older"]) == ["b"]
    assert (ids(of_a["named"]), ids(of_a["others"])) == (["b"], ["a"])


async def test_results_are_followed_unless_expansion_is_skipped(world: World) -> None:
    await define_dog(world, others={"filter": {"eq": {"kind": "$this.kind"}}})
    await world.put(
        dog("a", "pug", links={"mother": "./m"}),
        dog("b"),
        dog("m", "lab", links={"mother": "./b2"}),
        dog("b2", "lab"),
    )
    whole = await world.document("a")
    named = await world.document("a", skip_query_backed_expansion=True)

    assert [one["id"][-2:] for one in whole["included"]] == ["/m", "/b", "b2"]
    assert [one["id"][-2:] for one in named["included"]] == ["/m", "b2"]
    for resource in (named["data"], *named["included"]):
        assert not [key for key in resource["relationships"] if key.startswith("others.")]
        assert resource["relationships"]["others"]["data"]


async def test_a_field_costs_one_statement_however_many_parents_ask(world: World) -> None:
    await define_dog(world, same={"filter": {"eq": {"name": "$this.name"}}, "page": {"size": 1}})
    costs: list[int] = []
    for count in (2, 3, 50):
        await world.put(*[dog(f"{count}-{number}", str(count)) for number in range(count)])
        query = world.engine.parse({"filter": {"on": DOG, "eq": {"kind": str(count)}}})
        before = world.db.statements
        page = await world.engine.search([PEOPLE], query)
        costs.append(world.db.statements - before)
        assert all(
            one["relationships"]["same"]["data"] == [{"type": "card", "id": one["id"]}]
            for one in page.data
        )

    # The first one learns the numbers of paths.
    assert costs[1] == costs[2]


async def test_an_anchor_of_ones_own_is_kept(world: World) -> None:
    pup = {"module": "./dog", "name": "Pup"}
    await define_dog(world, pups={"filter": {"type": pup}}, mine={"filter": {"on": pup}})
    await world.put(dog("a"), person("p", {"name": "p"}, ref={**pup, "module": f"{PEOPLE}dog"}))

    found = await relationships(world, "a")

    for name in ("pups", "mine"):
        query = parse_search_link(found[name]["links"]["search"])[1]
        assert list(query["filter"].values()) == [{"module": f"{PEOPLE}dog", "name": "Pup"}]


async def test_anchors_inside_are_kept_and_a_general_sort_gets_none(world: World) -> None:
    pup = {"module": f"{PEOPLE}dog", "name": "Pup"}
    branches = [{"type": {**pup, "module": "./dog"}}, {"eq": {"name": "b"}}]
    sort = [{"by": "lastModified", "direction": "desc"}]
    await define_dog(world, some={"filter": {"any": branches}, "sort": sort})
    types = [type_key(pup), type_key(DOG), type_key(CARD_DEF)]
    await world.put(dog("a"), dog("b"), replace(dog("p"), types=types))

    found = (await relationships(world, "a"))["some"]

    assert ids(found) == ["b", "p"]
    query = parse_search_link(found["links"]["search"])[1]
    assert query["filter"] == {"on": DOG, "any": [{"type": pup}, {"eq": {"name": "b"}}]}
    assert query["sort"] == sort


async def test_a_field_of_files_names_files(world: World) -> None:
    file_def = FILE_DEF.to_json()
    await world.define([described("card-def", file_def, {})])
    fields = {"papers": {"type": "linksToMany", "card": file_def, "query": {}}}
    await world.define([described("card-def", DOG, fields)])
    paper = NewEntry(url=f"{PEOPLE}a.pdf", type="file", types=[type_key(file_def)], search_doc={})
    await world.put(dog("me"), paper)

    papers = (await relationships(world, "me"))["papers"]

    assert papers["data"] == [{"type": "file-meta", "id": f"{PEOPLE}a.pdf"}]


async def test_a_link_that_is_no_url_is_the_id_of_nothing(world: World) -> None:
    await define_dog(world, siblings={"filter": {"eq": {"mother.id": "$this.mother.id"}}})
    await world.put(dog("a", links={"mother": "//["}))

    assert (await relationships(world, "a"))["siblings"] == {"links": {"self": None}}


async def test_a_definition_that_nobody_described_has_no_fields_and_nothing_is_rendered(
    world: World,
) -> None:
    await world.put(dog("a"))

    assert await relationships(world, "a", skip_query_backed_expansion=True) == {}
