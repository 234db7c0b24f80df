"""Merging a patch into a stored card."""

from typing import Any

import pytest

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.patches import merge_patch
from realmkit.cards.stored import Place
from realmkit.errors import BadRequest

REX = Place("http://h/r/Dog/rex", "http://h/r/", ModuleNames("http://h"))
DOG = {"adoptsFrom": {"module": "../dog", "name": "Dog"}}


def link(target: str | None) -> dict[str, Any]:
    return {"links": {"self": target}}


STORED: dict[str, Any] = {
    "type": "card",
    "attributes": {"name": "Rex", "tags": ["good", "old"], "home": {"city": "Rome", "zip": "1"}},
    "relationships": {
        "owner": link("../Person/ann"),
        "friends.0": link("./a"),
        "friends.1": link("b"),
        "visits.0.clinic": link("../Clinic/0"),
        "visits.1.clinic": link("../Clinic/1"),
    },
    "meta": DOG,
}


def merged(*replaces: str, **patch: Any) -> dict[str, Any]:
    return merge_patch(STORED, {"type": "card", "meta": {}, **patch}, REX, replaces).resource


def test_objects_merge_and_everything_else_replaces() -> None:
    attributes = merged(attributes={"tags": ["bad"], "home": {"city": "Bari"}, "age": None})

    assert attributes["attributes"] == {
        "name": "Rex",
        "tags": ["bad"],
        "home": {"city": "Bari", "zip": "1"},
        "age": None,
    }


def test_a_plural_link_is_replaced_as_a_whole_and_others_stay() -> None:
    relationships = merged(relationships={"friends.0": link("./c")})["relationships"]

    assert relationships["friends.0"] == link("./c")
    assert "friends.1" not in relationships
    assert relationships["owner"] == link("../Person/ann")


def test_emptying_a_plural_link_removes_its_elements() -> None:
    relationships = merged(relationships={"friends": link(None)})["relationships"]

    assert [key for key in relationships if key.startswith("friends")] == ["friends"]


def test_links_of_contained_elements_go_with_the_elements() -> None:
    shorter = merged(attributes={"visits": [{}]})["relationships"]

    assert "visits.0.clinic" in shorter
    assert "visits.1.clinic" not in shorter


def test_a_field_that_is_replaced_keeps_nothing_that_the_patch_leaves_out() -> None:
    card = merged("home", "visits", attributes={"home": {"city": "Bari"}, "visits": [{}]})

    assert card["attributes"]["home"] == {"city": "Bari"}
    assert list(card["attributes"]) == ["name", "tags", "home", "visits"]
    assert [key for key in card["relationships"] if key.startswith("visits")] == []
    assert card["relationships"]["owner"] == link("../Person/ann")


def test_a_field_that_is_replaced_is_what_its_field_declares_unless_the_patch_says_otherwise() -> (
    None
):
    puppy = {"adoptsFrom": {"module": "../puppy", "name": "Puppy"}}
    stored = {**STORED, "meta": {**DOG, "fields": {"pet": puppy, "pets": [puppy, puppy]}}}
    patch: dict[str, Any] = {"type": "card", "attributes": {"pet": {}, "pets": [{}]}, "meta": {}}

    card = merge_patch(stored, patch, REX, ["pets"]).resource
    assert card["meta"]["fields"] == {"pet": puppy}
    card = merge_patch(stored, patch, REX, ["pet", "pets"]).resource
    assert card["meta"] == DOG
    patch["meta"] = {"fields": {"pets": [puppy]}}
    card = merge_patch(stored, patch, REX, ["pet", "pets"]).resource
    assert card["meta"]["fields"] == {"pets": [puppy]}


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"attributes": {"name": "Rex", "home": {"zip": "1"}}},
        {"relationships": {"friends.0": link("./a"), "friends.1": link("./b")}},
    ],
)
def test_a_patch_that_says_nothing_new_changes_nothing(patch: dict[str, Any]) -> None:
    assert not merge_patch(STORED, {"type": "card", "meta": {}, **patch}, REX).is_changed


def test_a_patch_that_says_something_new_is_a_change() -> None:
    patch = {"type": "card", "attributes": {"name": "Max"}, "meta": {}}

    assert merge_patch(STORED, patch, REX).is_changed


def test_the_adopted_definition_may_be_repeated_in_any_spelling_but_not_changed() -> None:
    same = {"adoptsFrom": {"module": "http://h/r/dog.gts", "name": "Dog"}}
    other = {"adoptsFrom": {"module": "../cat", "name": "Cat"}}

    assert merged(meta=same)["meta"] == DOG
    with pytest.raises(BadRequest, match="cannot change what a card is") as refused:
        merged(meta=other)
    assert refused.value.pointer == "/data/meta/adoptsFrom"


def test_what_is_stored_is_not_touched() -> None:
    before = repr(STORED)
    merged(attributes={"home": {"city": "Bari"}}, relationships={"friends.0": link("./c")})

    assert repr(STORED) == before
