"""The served shape of a card: what the index holds, addressed and dated.

The id is absolute, links and module references are spelled relative to it, computed
values are there, and `meta` says where the card lives and how it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.relationships import split_position
from realmkit.cards.stored import spelled_code_ref
from realmkit.config import Realm
from realmkit.search.found import Found

Resource = dict[str, Any]


def served_resource(entry: Found, realm: Realm | None, names: ModuleNames) -> Resource:
    """Return the resource of `entry`; one that was never indexed well has no attributes."""
    indexed = entry.resource or {}
    id = entry.id
    meta: Resource = {}
    indexed_meta = indexed.get("meta")
    if indexed_meta:
        if indexed_meta.get("adoptsFrom"):
            adopted = indexed_meta["adoptsFrom"]
            meta["adoptsFrom"] = spelled_code_ref(adopted, id, entry.realm_url, names)
        if indexed_meta.get("fields"):
            meta["fields"] = indexed_meta["fields"]
    meta["realmURL"] = entry.realm_url
    if realm is not None:
        meta["realmInfo"] = {"name": realm.name}
    if entry.last_modified is not None:
        meta["lastModified"] = entry.last_modified
    if entry.created_at is not None:
        meta["resourceCreatedAt"] = entry.created_at
    meta["generation"] = entry.generation
    if entry.error is not None:
        meta["error"] = entry.error
    relationships = indexed.get("relationships")
    return {
        "type": entry.resource_type,
        "id": id,
        "links": {"self": id},
        "attributes": dict(indexed.get("attributes") or {}),
        "relationships": _links(relationships) if relationships else {},
        "meta": meta,
    }


def _links(relationships: Mapping[str, Any]) -> Resource:
    return {
        key: {"links": dict(value["links"])}
        for key, value in relationships.items()
        if isinstance(value, dict) and isinstance(value.get("links"), dict)
    }


def sparse(resource: Resource, fields: Sequence[str]) -> Resource:
    """Leave only the named fields of a resource; `address.city` leaves one of an object."""
    attributes: Resource = {}
    for field in fields:
        _copy(resource["attributes"], attributes, field.split("."))
    wanted = set(fields)
    relationships = {
        key: value
        for key, value in resource["relationships"].items()
        if {key, split_position(key)[0], key.partition(".")[0]} & wanted
    }
    return {**resource, "attributes": attributes, "relationships": relationships}


def _copy(source: Mapping[str, Any], target: Resource, path: list[str]) -> None:
    name, *rest = path
    if name not in source:
        return
    value = source[name]
    if rest and isinstance(value, dict):
        nested = target.setdefault(name, {})
        _copy(cast("Resource", value), nested, rest)
    elif not rest:
        target[name] = value
