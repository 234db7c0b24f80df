"""A small world of definitions for the tests of searches.

People have every kind of field a path can pass: plain values, plurals, composites,
links, plurals of composites and of links. Employees are people too; planets are not.
"""

from collections.abc import Mapping
from typing import Any

from realmkit.cards.definitions import Definition

REALM = "http://h/people/"
BASE = "@cardstack/base/card-api"
PERSON = {"module": "http://h/people/person", "name": "Person"}
EMPLOYEE = {"module": "http://h/people/person", "name": "Employee"}
PLANET = {"module": "http://h/people/planet", "name": "Planet"}
CARD_DEF = {"module": BASE, "name": "CardDef"}


def type_key(ref: Mapping[str, str]) -> str:
    return f"{ref['module']}/{ref['name']}"


def _plain(value_type: str, kind: str = "contains") -> dict[str, Any]:
    card = {"module": f"@cardstack/base/{value_type}", "name": "default"}
    return {"type": kind, "card": card, "isPrimitive": True, "valueType": value_type}


def _field(kind: str, ref: Mapping[str, str], **more: Any) -> dict[str, Any]:
    return {"type": kind, "card": ref, "isPrimitive": False, **more}


def _module(name: str) -> dict[str, str]:
    return {"module": "http://h/people/person", "name": name}


_CARD_FIELDS = {"cardTitle": _plain("string")}
_PERSON_FIELDS = {
    **_CARD_FIELDS,
    "name": _plain("string"),
    "age": _plain("number"),
    "isGood": _plain("boolean"),
    "born": _plain("date"),
    "met": _plain("datetime"),
    "mail": _plain("email"),
    "phone": _plain("phone-number"),
    "bio": _plain("string"),
    "account": _plain("number"),
    "kind": _plain("code-ref"),
    "tags": _plain("string", "containsMany"),
    "scores": _plain("number", "containsMany"),
    "address": _field("contains", _module("Address")),
    "visits": _field("containsMany", _module("Visit")),
    "owner": _field("linksTo", PERSON, searchable=["boss", True]),
    "friends": _field("linksToMany", PERSON, searchable=True),
    "boss": _field("linksTo", PERSON),
    "cousins": _field("linksToMany", PERSON, query={"filter": {"eq": {"name": "$this.name"}}}),
}


def _definition(
    kind: str, ref: Mapping[str, str], ancestors: list[Mapping[str, str]], fields: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": kind,
        "codeRef": ref,
        "displayName": ref["name"],
        "types": [type_key(one) for one in [ref, *ancestors]],
        "fields": fields,
    }


DESCRIBED = [
    _definition("card-def", CARD_DEF, [], _CARD_FIELDS),
    _definition("card-def", PERSON, [CARD_DEF], _PERSON_FIELDS),
    _definition(
        "card-def", EMPLOYEE, [PERSON, CARD_DEF], {**_PERSON_FIELDS, "salary": _plain("number")}
    ),
    _definition("card-def", PLANET, [CARD_DEF], {**_CARD_FIELDS, "name": _plain("string")}),
    _definition("field-def", _module("Address"), [], {"city": _plain("string")}),
    _definition(
        "field-def",
        _module("Visit"),
        [],
        {
            "place": _plain("string"),
            "cost": _plain("number"),
            "clinic": _field("linksTo", PLANET),
        },
    ),
]
"""Every definition as the browser describes it."""

DEFINITIONS: dict[str, Definition | None] = {
    definition.type_key: definition for definition in map(Definition.from_json, DESCRIBED)
}
