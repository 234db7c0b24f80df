"""Words, phrases, OR, -not and prefix*: what they find, in which order, and what is shown."""

from typing import Any

import pytest

from realmkit.query.matching import read_words
from realmkit.query.words import stem, words_of
from realmkit.search.highlights import highlights, wanted_by

from ..support.people import PERSON
from .conftest import PEOPLE, World, person

pytestmark = pytest.mark.anyio

TEXTS = {
    "roads": "All roads lead to Rome.",
    "road": "A Roman road, well-known and old",
    "cafe": "CAFÉ in Zürich: running water",
    "both": "Rome has cafés",
}


async def found(world: World, asked: str) -> list[str]:
    ids = await world.ids(filter={"on": PERSON, "matches": asked})
    return sorted(id.removeprefix("people/") for id in ids)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("road", ["road", "roads"]),
        ("ROADS rome", ["roads"]),
        ("cafes", ["both", "cafe"]),
        ("zurich", ["cafe"]),
        ("run", ["cafe"]),
        ('"roman road"', ["road"]),
        ('"road roman"', []),
        ("well known", ["road"]),
        ("well-known", ["road"]),
        ("known-well", []),
        ("rom*", ["both", "road", "roads"]),
        ("runn*", ["cafe"]),
        ("rome OR zurich", ["both", "cafe", "roads"]),
        ("rome -cafe", ["roads"]),
        ('-road -"roman road"', ["both", "cafe"]),
        ("cafe OR -road", ["both", "cafe"]),
        ("", []),
        ("!? ...", []),
        ("NEAR(rome cafe) stems:x' | & \\", []),
    ],
)
async def test_words_are_found(world: World, asked: str, expected: list[str]) -> None:
    await world.put(*(person(name, {"name": text}) for name, text in TEXTS.items()))

    assert await found(world, asked) == expected


def test_excerpts_are_of_the_same_fields_however_a_database_orders_members() -> None:
    doc = {
        "friend": {"name": "Roman"},
        "tags": ["Roman", "road"],
        "bio": "Roman too",
        "name": "A Roman",
        "_title": "A Roman",
    }
    turned = dict(reversed(doc.items()))
    is_wanted = wanted_by(read_words("roman", ""))

    shown = highlights(doc, is_wanted)
    assert [each["path"] for each in shown] == ["_title", "bio", "name"]
    assert highlights(turned, is_wanted) == shown


async def test_a_phrase_does_not_reach_from_one_field_into_the_next(world: World) -> None:
    await world.put(person("a", {"name": "Roman", "tags": ["road", "to"]}))

    assert await found(world, '"road to"') == []
    assert await found(world, "roman road") == ["a"]


async def test_titles_with_more_of_the_words_come_first(world: World) -> None:
    texts = {"1": "old road", "2": "the road", "3": "something else"}
    entries = [person(name, {"name": text, "bio": "old road"}) for name, text in texts.items()]
    for entry, title in zip(entries, texts.values(), strict=True):
        assert isinstance(entry.search_doc, dict)
        entry.search_doc["_title"] = title
    await world.put(*reversed(entries))
    filter = {"on": PERSON, "matches": "old road"}

    assert await world.ids(filter=filter) == ["people/1", "people/2", "people/3"]
    by_name = [{"by": "name", "on": PERSON, "direction": "desc"}]
    assert await world.ids(filter=filter, sort=by_name) == ["people/2", "people/3", "people/1"]


async def test_what_was_found_shows_where(world: World) -> None:
    await world.put(person("a", {"name": "A Roman road to Rome"}))
    query = world.engine.parse({"filter": {"on": PERSON, "matches": "roads OR rom*"}})

    [card] = (await world.engine.search([PEOPLE], query)).data

    assert card["meta"]["matches"] == [
        {"path": "name", "pieces": ["A ", "Roman", " ", "road", " to ", "Rome", ""]}
    ]


def test_an_excerpt_of_a_long_text_begins_near_its_first_match() -> None:
    doc: dict[str, Any] = {"body": "x " * 100 + "here" + " y" * 100}
    [shown] = highlights(doc, wanted_by(read_words("here", "")))

    before, match, after = shown["pieces"]
    assert match == "here"
    assert before.startswith("…") and after.endswith("…")
    assert max(len(before), len(after)) < 70


def test_words_are_without_accents_and_case_in_any_script() -> None:
    assert words_of("Crème BRÛLÉE, ﬁne_x 北京 Ελλάς") == [
        *["creme", "brulee", "fine", "x", "北京", "ελλασ"]
    ]
    assert stem("running") == stem("runs")


async def test_a_card_is_found_by_its_new_words_only(world: World) -> None:
    await world.put(person("a", {"name": "before"}))
    await world.put(person("a", {"name": "after"}))

    assert (await found(world, "before"), await found(world, "after")) == ([], ["a"])
