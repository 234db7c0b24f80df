"""Which definitions run searches."""

from typing import Any

from realmkit.indexer.postponing import searching_types


def definition(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"fields": fields}


def field(module: str, name: str, type: str = "contains", **members: Any) -> dict[str, Any]:
    return {"type": type, "card": {"module": module, "name": name}, **members}


def test_a_query_backed_field_makes_its_definition_searching():
    definitions = {
        "m": {
            "Lister": definition(all=field("m", "Plain", "linksToMany", query={"filter": {}})),
            "Plain": definition(name=field("@cardstack/base/string", "default")),
        }
    }

    assert searching_types(definitions) == {"m/Lister"}


def test_what_contains_a_searching_field_searches_and_what_links_to_it_does_not():
    definitions = {
        "m": {
            "Outer": definition(inner=field("m", "Inner")),
            "Inner": definition(box=field("m", "Box", "containsMany")),
            "Box": definition(all=field("m", "Card", "linksToMany", query={"filter": {}})),
            "Linker": definition(box=field("m", "Lister", "linksTo")),
            "Lister": definition(all=field("m", "Card", "linksToMany", query={"filter": {}})),
        }
    }

    assert searching_types(definitions) == {"m/Outer", "m/Inner", "m/Box", "m/Lister"}
