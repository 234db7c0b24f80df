"""What the tokens of query-backed fields stand for, and what a missing value asks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.files import FileStore
from realmkit.search.search_links import parse_search_link

from ..support.people import type_key
from .conftest import OTHERS, PEOPLE, World, person
from .dogs import DOG, HOME, define_dog, described, dog, ids, relationships

pytestmark = pytest.mark.anyio


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


async def test_deeply_nested_values_ask_with_their_own_values(world: World) -> None:
    await define_dog(world)
    yard = {"module": f"{PEOPLE}yard", "name": "Yard"}
    homes = {"homes": {"type": "containsMany", "card": HOME}}
    await world.define([described("field-def", yard, homes)])
    fields = {"yard": {"type": "contains", "card": yard}}
    ranch = {"module": f"{PEOPLE}ranch", "name": "Ranch"}
    await world.define([described("card-def", ranch, fields)])
    attributes = {"yard": {"homes": [{"welcome": "pug"}, {}, {"welcome": "lab"}]}}
    await world.put(person("r", attributes, ref=ranch), dog("a", "pug"), dog("b", "lab"))

    found = await relationships(world, "r")

    assert ids(found["yard.homes.0.guests"]) == ["a"]
    assert found["yard.homes.1.guests"] == {"links": {"self": None}}
    assert ids(found["yard.homes.2.guests"]) == ["b"]


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
            described("card-def", DOG, fields),
            described("field-def", HOME, {"value": value}),
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
    await world.define([described("card-def", DOG, fields)])
    await world.put(dog("ann@x.com", mail="Ann@X.com"))

    assert ids((await relationships(world, "ann@x.com"))["found"]) == ["ann@x.com"]
