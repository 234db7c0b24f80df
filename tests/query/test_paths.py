"""Which links a filter may cross."""

from typing import Any

import pytest

from realmkit.cards.code_refs import CodeRef
from realmkit.cards.definitions import Definition
from realmkit.errors import BadRequest
from realmkit.query.paths import PathResolver, Step

HERE = "http://h/r/dog"
TEXT = {"module": "@cardstack/base/string", "name": "default"}


def definition(name: str, kind: str, /, **fields: dict[str, Any]) -> Definition:
    ref = {"module": HERE, "name": name}
    described = {"type": kind, "codeRef": ref, "types": [f"{HERE}/{name}"], "fields": fields}
    return Definition.from_json(described)


def link(searchable: Any = None, kind: str = "linksTo", card: str = "Dog") -> dict[str, Any]:
    return {"type": kind, "card": {"module": HERE, "name": card}, "searchable": searchable}


def resolver(**fields: dict[str, Any]) -> PathResolver:
    name = {"type": "contains", "card": TEXT, "isPrimitive": True, "valueType": "string"}
    marked = link(True)
    definitions = [
        definition("Dog", "card-def", name=name, mother=link(), **fields),
        definition("Home", "field-def", keeper=link(), landlord=marked),
    ]
    return PathResolver({one.type_key: one for one in definitions})


def is_open(path: str, **fields: dict[str, Any]) -> bool:
    try:
        resolver(**fields).resolve(path, CodeRef(HERE, "Dog"), "", purpose="filter")
    except BadRequest as refused:
        assert refused.meta["reason"] == "not-searchable"
        return False
    return True


@pytest.mark.parametrize(
    ("searchable", "path", "expected"),
    [
        (None, "friend.id", True),
        (None, "friend.name", False),
        (True, "friend.name", True),
        (True, "friend.mother.id", True),
        (True, "friend.mother.name", False),
        ("mother", "friend.name", True),
        ("mother", "friend.mother.name", True),
        ("mother", "friend.mother.mother.name", False),
        (["mother.mother", True], "friend.mother.mother.name", True),
        (True, "friend.home.landlord.name", False),
        ("home.landlord", "friend.home.landlord.name", True),
    ],
)
def test_the_outermost_mark_opens_the_routes(searchable: Any, path: str, expected: bool) -> None:
    home = link(kind="contains", card="Home")

    assert is_open(path, friend=link(searchable), home=home) == expected


@pytest.mark.parametrize(
    ("searchable", "path", "expected"),
    [
        (None, "home.landlord.name", True),
        (None, "home.keeper.name", False),
        ("keeper", "home.keeper.name", True),
        ("keeper", "home.landlord.name", False),
    ],
)
def test_a_composites_own_marks_count_unless_its_field_is_marked(
    searchable: Any, path: str, expected: bool
) -> None:
    home = link(searchable, kind="contains", card="Home")

    assert is_open(path, home=home) == expected


def test_a_sort_may_cross_any_link() -> None:
    path = resolver().resolve("mother.name", CodeRef(HERE, "Dog"), "", purpose="sort")

    assert path is not None
    assert path.steps == (Step("mother", is_plural=False), Step("name", is_plural=False))


def test_a_class_that_no_module_exports_is_named_after_its_field() -> None:
    card = {"type": "fieldOf", "card": {"module": HERE, "name": "Dog"}, "field": "mood"}
    enum = {"type": "contains", "card": card, "isPrimitive": True, "valueType": "string"}
    path = resolver(mood=enum).resolve("mood", CodeRef(HERE, "Dog"), "", purpose="filter")

    assert path is not None
    assert path.leaf == "string"
