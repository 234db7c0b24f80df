"""What a card's file holds, and what it never holds."""

from typing import Any

import pytest

from realmkit.cards.code_refs import CodeRef, ModuleNames
from realmkit.cards.definitions import Definition, FieldDefinition
from realmkit.cards.stored import Place, stored_bytes, stored_resource

REX = Place("http://h/r/Dog/rex", "http://h/r/", ModuleNames("http://h"))
DOG = {"adoptsFrom": {"module": "../dog", "name": "Dog"}}


def stored(**members: Any) -> dict[str, Any]:
    return stored_resource({"type": "card", "meta": DOG, **members}, REX)


def links(relationships: dict[str, Any], **ids_by_lid: str) -> dict[str, Any]:
    resource = {"type": "card", "meta": DOG, "relationships": relationships}
    relationships = stored_resource(resource, REX, ids_by_lid=ids_by_lid)["relationships"]
    return {key: value["links"]["self"] for key, value in relationships.items()}


def test_identity_and_served_metadata_are_not_stored() -> None:
    served = stored(
        id=REX.id,
        lid="rex",
        links={"self": REX.id},
        attributes={"name": "Rex"},
        meta={**DOG, "realmURL": "http://h/r/", "lastModified": 5, "generation": 7},
    )

    assert served == {"type": "card", "attributes": {"name": "Rex"}, "meta": DOG}


def test_the_file_is_indented_by_two_spaces() -> None:
    assert (
        stored_bytes({"type": "card", "attributes": {"name": "É"}})
        == (
            '{\n  "data": {\n    "type": "card",\n    "attributes": {\n      "name": "É"\n    }\n  }\n}\n'
        ).encode()
    )


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("http://h/r/Person/ann", "../Person/ann"),
        ("../Person/ann", "../Person/ann"),
        ("fido", "./fido"),
        ("http://h/other/x", "http://h/other/x"),
        ("http://elsewhere/x", "http://elsewhere/x"),
        ("../../other/x", "http://h/other/x"),
        ("https://cardstack.com/base/Theme/plain", "@cardstack/base/Theme/plain"),
        ("@cardstack/base/Theme/plain", "@cardstack/base/Theme/plain"),
    ],
)
def test_links_are_relative_inside_the_realm_only(written: str, link: str) -> None:
    assert links({"owner": {"links": {"self": written}}}) == {"owner": link}


def test_null_and_empty_and_absent_stay_apart() -> None:
    relationships = {
        "vet": {"links": {"self": None}},
        "friends": {"data": []},
        "owner": {"data": None},
        "nothing": {"meta": {}},
    }

    assert links(relationships) == {"vet": None, "friends": None, "owner": None}


def test_plural_links_are_fanned_out() -> None:
    relationships = {
        "friends": {"data": [{"type": "card", "id": "http://h/r/Dog/a"}, {"id": "./b"}]},
        "pets": [{"links": {"self": "./c"}}],
        "toys": {"links": {"self": None}},
        "toys.0": {"links": {"self": "./d"}},
    }

    assert links(relationships) == {
        "friends.0": "./a",
        "friends.1": "./b",
        "pets.0": "./c",
        "toys.0": "./d",
    }


def test_siblings_are_named_by_lid_and_unknown_ones_become_null() -> None:
    relationships = {
        "owner": {"data": {"type": "card", "lid": "ann"}},
        "vet": {"data": {"type": "card", "lid": "nobody"}},
    }

    assert links(relationships, ann="http://h/r/Person/ann") == {
        "owner": "../Person/ann",
        "vet": None,
    }


def test_answers_of_query_backed_fields_are_not_stored() -> None:
    relationships = {
        "puppies": {"links": {"self": None, "search": "http://h/r/_search?..."}, "data": []},
        "puppies.0": {"links": {"self": "./a"}},
        "owner": {"links": {"self": "./b"}},
    }

    assert links(relationships) == {"owner": "./b"}


def test_code_refs_are_relative_and_have_no_extension() -> None:
    meta = {
        "adoptsFrom": {"module": "http://h/r/dog.gts", "name": "Dog"},
        "fields": {
            "tricks": [{"adoptsFrom": {"module": "http://h/r/trick.ts", "name": "Roll"}}],
            "home": {
                "fields": {"x": {"adoptsFrom": {"module": "/base/string", "name": "default"}}}
            },
        },
    }

    assert stored(meta=meta)["meta"] == {
        "adoptsFrom": {"module": "../dog", "name": "Dog"},
        "fields": {
            "tricks": [{"adoptsFrom": {"module": "../trick", "name": "Roll"}}],
            "home": {
                "fields": {
                    "x": {"adoptsFrom": {"module": "@cardstack/base/string", "name": "default"}}
                }
            },
        },
    }


def test_computed_values_are_left_out_when_the_definition_is_known() -> None:
    text = CodeRef("@cardstack/base/string", "default")
    dog = CodeRef("http://h/r/dog", "Dog")
    definition = Definition(
        "card-def",
        dog,
        "Dog",
        (dog.type_key,),
        {
            "name": FieldDefinition("name", "contains", text, is_primitive=True),
            "cardTitle": FieldDefinition(
                "cardTitle", "contains", text, is_primitive=True, is_computed=True
            ),
            "puppies": FieldDefinition("puppies", "linksToMany", dog, query={}),
        },
    )
    resource = {
        "type": "card",
        "attributes": {"name": "Rex", "cardTitle": "Rex", "unknown": 1},
        "relationships": {"puppies.0": {"links": {"self": "./a"}}},
        "meta": DOG,
    }

    found = stored_resource(resource, REX, definition=definition)

    assert found["attributes"] == {"name": "Rex", "unknown": 1}
    assert found["relationships"] == {}


def test_computed_values_of_what_a_card_contains_are_left_out_too() -> None:
    text, home = CodeRef("@cardstack/base/string", "default"), CodeRef("http://h/r/dog", "Home")
    dog = CodeRef("http://h/r/dog", "Dog")
    fields = {
        "place": FieldDefinition("place", "contains", text, is_primitive=True),
        "label": FieldDefinition("label", "contains", text, is_primitive=True, is_computed=True),
        "inner": FieldDefinition("inner", "contains", home),
    }
    contained = {home.type_key: Definition("field-def", home, "Home", (), fields)}
    homes = {"homes": FieldDefinition("homes", "containsMany", home)}
    definition = Definition("card-def", dog, "Dog", (), homes)
    value = {"place": "barn", "label": "x", "inner": {"label": "y", "unknown": 1}}
    resource = {"type": "card", "attributes": {"homes": [value, None]}, "meta": DOG}

    found = stored_resource(resource, REX, definition=definition, contained=contained)

    kept = {"place": "barn", "inner": {"unknown": 1}}
    assert found["attributes"] == {"homes": [kept, None]}
