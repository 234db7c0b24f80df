"""Dogs whose definition has query-backed fields."""

from collections.abc import Mapping
from typing import Any

from realmkit.index import NewEntry

from ..support.people import CARD_DEF, type_key
from .conftest import PEOPLE, World, person

DOG = {"module": f"{PEOPLE}dog", "name": "Dog"}
HOME = {"module": f"{PEOPLE}dog", "name": "Home"}
TEXT = {"module": "@cardstack/base/string", "name": "default"}


async def define_dog(world: World, **queries: Any) -> None:
    """A dog whose query-backed fields are `queries`; `friend` is singular, and home has one too."""
    text = {"type": "contains", "card": TEXT, "isPrimitive": True, "valueType": "string"}
    fields: dict[str, Any] = {
        "name": text,
        "kind": text,
        "age": {**text, "valueType": "number"},
        "mother": {"type": "linksTo", "card": DOG},
        "home": {"type": "contains", "card": HOME},
    }
    for name, query in queries.items():
        kind = "linksTo" if name == "friend" else "linksToMany"
        fields[name] = {"type": kind, "card": DOG, "query": query}
    guests = {"filter": {"eq": {"kind": "$this.welcome"}}}
    home = {"welcome": text, "guests": {"type": "linksToMany", "card": DOG, "query": guests}}
    await world.define([described("card-def", DOG, fields), described("field-def", HOME, home)])


def described(kind: str, ref: Mapping[str, str], fields: dict[str, Any]) -> dict[str, Any]:
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
