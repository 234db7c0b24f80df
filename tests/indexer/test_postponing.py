"""Which definitions run searches."""

from typing import Any

from realmkit.cards.definitions import Definition
from realmkit.indexer.postponing import searching_types


def definition(name: str, **fields: dict[str, Any]) -> dict[str, Any]:
    ref = {"module": "m", "name": name}
    return {"type": "card-def", "codeRef": ref, "displayName": name, "fields": fields}


def described(*definitions: dict[str, Any]) -> list[Definition]:
    return [Definition.from_json(each) for each in definitions]


def field(name: str, type: str = "contains", **members: Any) -> dict[str, Any]:
    return {"type": type, "card": {"module": "m", "name": name}, **members}


def searched() -> dict[str, Any]:
    return field("Plain", "linksToMany", query={"filter": {}})


def test_a_query_backed_field_makes_its_definition_searching():
    definitions = described(
        definition("Lister", all=searched()), definition("Plain", title=field("Text"))
    )

    assert searching_types(definitions) == {"m/Lister"}


def test_what_contains_a_searching_field_searches_and_what_links_to_it_does_not():
    definitions = described(
        definition("Outer", inner=field("Inner")),
        definition("Inner", boxes=field("Box", "containsMany")),
        definition("Box", all=searched()),
        definition("Linker", box=field("Box", "linksTo")),
    )

    assert searching_types(definitions) == {"m/Outer", "m/Inner", "m/Box"}


def test_a_field_of_a_class_that_no_module_exports_is_no_obstacle():
    owner = {"module": "m", "name": "Claim"}
    unnamed = {"type": "fieldOf", "card": owner, "field": "status"}
    definitions = described(definition("Claim", status={"type": "contains", "card": unnamed}))

    assert searching_types(definitions) == set()
