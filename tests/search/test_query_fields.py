"""Query-backed fields of served documents."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from realmkit.cards.code_refs import FILE_DEF
from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.files import FileStore
from realmkit.index import NewEntry
from realmkit.query.nodes import Query
from realmkit.query.parse import parse_query
from realmkit.search.search_links import parse_search_link

from ..support.people import CARD_DEF, type_key
from .conftest import OTHERS, PEOPLE, World, person

pytestmark = pytest.mark.anyio

DOG = {"module": f"{PEOPLE}dog", "name": "Dog"}
HOME = {"module": f"{PEOPLE}dog", "name": "Home"}
TEXT = {"module": "@cardstack/base/string", "name": "default"}


async def define_dog(world: World, **queries: Any) -> None:
    """A dog whose query-backed fields are `queries`; `friend` is singular, and home has one too."""
    text = {"type": "contains", "card": TEXT, "isPrimitive": True, "valueType": "string"}
    fields: dict[str, Any] = {
        "name": text,
        "kind": text,
        "mother": {"type": "linksTo", "card": DOG},
        "home": {"type": "contains", "card": HOME},
    }
    for name, query in queries.items():
        kind = "linksTo" if name == "friend" else "linksToMany"
        fields[name] = {"type": kind, "card": DOG, "query": query}
    guests = {"filter": {"eq": {"kind": "$this.welcome"}}}
    home = {"welcome": text, "guests": {"type": "linksToMany", "card": DOG, "query": guests}}
    await world.define([_described("card-def", DOG, fields), _described("field-def", HOME, home)])


def _described(kind: str, ref: Mapping[str, str], fields: dict[str, Any]) -> dict[str, Any]:
    types = [type_key(ref), type_key(CARD_DEF)]
    return {
        "type": kind,
        "codeRef": ref,
        "displayName": ref["name"],
        "types": types,
        "fields": fields,
    }


def dog(name: str, kind: str | None = "pug", **more: Any) -> NewEntry:
    links = more.pop("links", None)
    realm = more.pop("realm", PEOPLE)
    attributes = {"name": name, "kind": kind, **more}
    return person(name, attributes, ref=DOG, links=links, realm=realm)


async def relationships(world: World, name: str, **options: Any) -> dict[str, Any]:
    return (await world.document(name, **options))["data"]["relationships"]


def ids(relationship: dict[str, Any]) -> list[str]:
    return [one["id"].removeprefix(PEOPLE) for one in relationship["data"]]


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


@pytest.mark.parametrize(
    ("filter", "matching"),
    [
        ({"eq": {"kind": "$this.kind"}}, None),
        ({"eq": {"kind": "$this.kind", "name": "b"}}, None),
        ({"any": [{"eq": {"kind": "$this.kind"}}, {"eq": {"name": "b"}}]}, ["b"]),
        ({"not": {"eq": {"kind": "$this.kind"}}}, None),
        ({"not": {"any": [{"eq": {"kind": "$this.kind"}}, {"eq": {"name": "b"}}]}}, None),
        (
            {"every": [{"eq": {"name": "b"}}, {"not": {"not": {"eq": {"kind": "$this.kind"}}}}]},
            None,
        ),
        ({"in": {"kind": ["$this.kind", "lab"]}}, None),
        ({"eq": {"mother.id": "$this.mother.id"}}, None),
        ({"matches": "$this.kind"}, None),
        ({"contains": {"name": "$this.kind"}}, None),
        ({"range": {"name": {"gt": "$this.kind"}}}, None),
    ],
)
async def test_an_undefined_token_never_widens_a_search(
    world: World, filter: dict[str, Any], matching: list[str] | None
) -> None:
    await define_dog(world, others={"filter": filter})
    without_kind = person("a", {"name": "a"}, ref=DOG)
    await world.put(without_kind, dog("b"), dog("c", "lab"))

    found = (await relationships(world, "a"))["others"]

    if matching is None:
        assert found == {"links": {"self": None}}
    else:
        assert ids(found) == matching


async def test_null_is_a_value_and_matches_null(world: World) -> None:
    await define_dog(world, others={"filter": {"eq": {"kind": "$this.kind"}}})
    await world.put(dog("a", None), dog("b", None), dog("c"))

    assert ids((await relationships(world, "a"))["others"]) == ["a", "b"]


async def test_tokens_name_links_the_card_itself_and_its_realm(world: World) -> None:
    await define_dog(
        world,
        siblings={"filter": {"eq": {"mother.id": "$this.mother.id"}}},
        pups={"filter": {"eq": {"mother.id": "$this.id"}}, "realms": ["$REALM"]},
    )
    for name, mother in [("m", None), ("a", "m"), ("b", "m")]:
        entry = dog(name, links={"mother": f"./{mother}" if mother else None})
        linked = {"mother": {"id": f"{PEOPLE}{mother}"} if mother else None}
        await world.put(replace(entry, search_doc={**(entry.search_doc or {}), **linked}))

    assert ids((await relationships(world, "a"))["siblings"]) == ["a", "b"]
    assert ids((await relationships(world, "m"))["pups"]) == ["a", "b"]


async def test_a_contained_value_asks_with_its_own_values(world: World) -> None:
    await define_dog(world)
    await world.put(dog("a", home={"welcome": "lab"}), dog("b", "lab"))

    found = await relationships(world, "a")

    assert ids(found["home.guests"]) == ["b"]
    assert found["home.guests.0"]["links"]["self"] == "./b"


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


async def test_realms_that_tokens_name_are_deduplicated_and_the_deepest_that_holds_them(
    world: World, tmp_path: Path
) -> None:
    inner = Realm(f"{PEOPLE}inner/", tmp_path / "inner", "inner")
    inner.root.mkdir()
    world.files[inner] = FileStore(inner, world.db, ChangeLog(world.db))
    world.rebuild()
    await define_dog(world, all={"realms": ["$this.homes"]})
    homes = [f"{inner.url}x", f"{OTHERS}y", f"{OTHERS}z", "http://far/w", 5]
    await world.put(dog("me", homes=homes), dog("lost", homes=["http://far/w"]), dog("new"))
    await world.put(dog("b", realm=OTHERS), realm=OTHERS)

    me, lost = await relationships(world, "me"), await relationships(world, "lost")

    assert parse_search_link(me["all"]["links"]["search"])[0] == [inner.url, OTHERS]
    assert [one["id"] for one in me["all"]["data"]] == [f"{OTHERS}b"]
    # None of them is a realm's, or there is no such value: nothing is asked.
    assert lost["all"] == {"links": {"self": None}}
    assert (await relationships(world, "new"))["all"] == {"links": {"self": None}}


@pytest.mark.parametrize("realms", ["$this.homes", ["$this.homes"]])
async def test_a_list_of_realms_that_is_null_or_empty_means_the_cards_own(
    world: World, realms: Any
) -> None:
    await define_dog(world, all={"realms": realms})
    await world.put(dog("me", homes=None), dog("you", homes=[]))

    for name in ("me", "you"):
        found = (await relationships(world, name))["all"]
        assert parse_search_link(found["links"]["search"])[0] == [PEOPLE]
        assert ids(found) == ["me", "you"]


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
    await world.define([_described("card-def", file_def, {})])
    fields = {"papers": {"type": "linksToMany", "card": file_def, "query": {}}}
    await world.define([_described("card-def", DOG, fields)])
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


async def test_deeply_nested_values_ask_with_their_own_values(world: World) -> None:
    await define_dog(world)
    yard = {"module": f"{PEOPLE}yard", "name": "Yard"}
    homes = {"homes": {"type": "containsMany", "card": HOME}}
    await world.define([_described("field-def", yard, homes)])
    fields = {"yard": {"type": "contains", "card": yard}}
    ranch = {"module": f"{PEOPLE}ranch", "name": "Ranch"}
    await world.define([_described("card-def", ranch, fields)])
    attributes = {"yard": {"homes": [{"welcome": "pug"}, {}, {"welcome": "lab"}]}}
    await world.put(person("r", attributes, ref=ranch), dog("a", "pug"), dog("b", "lab"))

    found = await relationships(world, "r")

    assert ids(found["yard.homes.0.guests"]) == ["a"]
    assert found["yard.homes.1.guests"] == {"links": {"self": None}}
    assert ids(found["yard.homes.2.guests"]) == ["b"]


def _value(value_type: str, kind: str = "contains") -> dict[str, Any]:
    card = {"module": f"@cardstack/base/{value_type}", "name": "default"}
    return {"type": kind, "card": card, "isPrimitive": True, "valueType": value_type}


@pytest.mark.parametrize(
    ("value_type", "shown", "searched"),
    [
        ("datetime", "2026-11-23T09:30:00.000Z", "2026-11-23T09:30"),
        ("email", "Ann@X.com", "ann@x.com"),
        ("phone-number", "+44 (123)", "+44123"),
        ("date", "2026-11-23", "2026-11-23"),
        ("number", "41", 41),
        ("number", str(2**60 + 1), str(2**60 + 1)),
        ("code-ref", {"module": "./dog", "name": "Dog"}, type_key(DOG)),
    ],
)
@pytest.mark.parametrize("where", ["there", "home", "list"])
async def test_a_token_asks_for_what_search_docs_have(
    world: World, value_type: str, shown: Any, searched: Any, where: str
) -> None:
    """The stored document shows a value in another way than its search doc has it."""
    token = {"there": "$this.value", "home": "$this.home.value", "list": "$this.values.0"}[where]
    path = {"there": "value", "home": "home.value", "list": "values"}[where]
    value = _value(value_type)
    same = {"filter": {"eq": {path: token}}}
    fields = {
        "value": value,
        "values": _value(value_type, "containsMany"),
        "home": {"type": "contains", "card": HOME},
        "same": {"type": "linksToMany", "card": DOG, "query": same},
    }
    await world.define(
        [
            _described("card-def", DOG, fields),
            _described("field-def", HOME, {"value": value}),
        ]
    )

    def holding(value: Any) -> dict[str, Any]:
        return {"there": {"value": value}, "home": {"home": {"value": value}}}.get(
            where, {"values": [value]}
        )

    card = dog("a", **holding(shown))
    assert card.search_doc is not None
    await world.put(replace(card, search_doc={**card.search_doc, **holding(searched)}))

    assert ids((await relationships(world, "a"))["same"]) == ["a"]


async def test_an_email_is_asked_of_a_plain_text_as_the_page_asks_it(world: World) -> None:
    fields = {
        "mail": _value("email"),
        "name": _value("string"),
        "found": {
            "type": "linksToMany",
            "card": DOG,
            "query": {"filter": {"eq": {"name": "$this.mail"}}},
        },
    }
    await world.define([_described("card-def", DOG, fields)])
    await world.put(dog("ann@x.com", mail="Ann@X.com"))

    assert ids((await relationships(world, "ann@x.com"))["found"]) == ["ann@x.com"]
