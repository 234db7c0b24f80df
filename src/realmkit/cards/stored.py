"""The stored shape of a card: what its file holds.

Identity, served metadata and computed values are left out; links and module
references are written relative to the file when they stay inside the realm.
Documents that differ only in what is not stored give the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import orjson

from realmkit.cards.addresses import relative_reference, resolve_link
from realmkit.cards.code_refs import CodeRef, ModuleNames
from realmkit.cards.definitions import Definition
from realmkit.cards.documents import Resource
from realmkit.cards.relationships import Link, is_base_name, split_position, written_links


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card lives: its id (absolute, no `.json`), its realm, and the server's names."""

    id: str
    realm_url: str
    names: ModuleNames

    def spell_link(self, link: Link) -> Link:
        """How this card writes a link: relative inside its realm, absolute beyond it."""
        if link is None or is_base_name(link):
            return link
        folder = self.id.rpartition("/")[0] + "/"
        if link.startswith(folder) and folder.startswith(self.realm_url):
            return f"./{link[len(folder) :]}"
        target = resolve_link(link, self.id)
        if target.startswith(self.realm_url):
            return relative_reference(target, self.id)
        return self.names.fold(target)

    def spell_code_ref(self, ref: Mapping[str, Any]) -> dict[str, str]:
        """How this card writes a code ref, without executable extension."""
        return spelled_code_ref(ref, self.id, self.realm_url, self.names)


def spelled_code_ref(
    ref: Mapping[str, Any], id: str, realm_url: str, names: ModuleNames
) -> dict[str, str]:
    """`Place.spell_code_ref`, for who has hundreds of cards and no other use for a place."""
    folder = id.rpartition("/")[0] + "/"
    module, name = _spelled(ref["module"], ref["name"], folder, realm_url, names.public_url)
    return {"module": module, "name": name}


# Cards of one folder name the same few definitions, and working a URL out is slow.
@lru_cache(maxsize=10_000)
def _spelled(
    module: str, name: str, folder: str, realm_url: str, public_url: str
) -> tuple[str, str]:
    names = ModuleNames(public_url)
    resolved = names.resolve(CodeRef(module, name), folder)
    return names.spell(resolved.module, folder, realm_url), resolved.name


def stored_resource(
    resource: Resource,
    place: Place,
    *,
    definition: Definition | None = None,
    contained: Mapping[str, Definition] | None = None,
    ids_by_lid: Mapping[str, str] | None = None,
) -> Resource:
    """Return the resource as it is stored at `place`.

    With a `definition`, computed attributes and query-backed relationships are left
    out, and with those of what it contains, by type key, computed attributes of
    contained values too. `ids_by_lid` gives the ids of siblings that a relationship
    names by `lid`.
    """
    stored: Resource = {"type": "card"}
    if "attributes" in resource:
        stored["attributes"] = _without_computed(
            resource["attributes"], definition, contained or {}
        )
    if "relationships" in resource:
        stored["relationships"] = {
            key: {"links": {"self": place.spell_link(link)}}
            for key, link in written_links(resource["relationships"], ids_by_lid or {})
            if not _is_answered(key, definition)
        }
    meta = resource.get("meta") or {}
    stored["meta"] = {}
    if "adoptsFrom" in meta:
        stored["meta"]["adoptsFrom"] = place.spell_code_ref(meta["adoptsFrom"])
    if meta.get("fields"):
        stored["meta"]["fields"] = _spell_overrides(meta["fields"], place)
    return stored


def stored_bytes(resource: Resource) -> bytes:
    """Return the file's content: `{"data": ...}`, two-space indent, one newline at the end."""
    return orjson.dumps({"data": resource}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _without_computed(
    attributes: Mapping[str, Any],
    definition: Definition | None,
    contained: Mapping[str, Definition],
) -> dict[str, Any]:
    fields = definition.fields if definition else {}
    kept: dict[str, Any] = {}
    for name, value in attributes.items():
        field = fields.get(name)
        if field is not None and field.is_computed:
            continue
        if field is None or field.is_primitive:
            kept[name] = value
        else:
            inside = contained.get(field.card.type_key)
            kept[name] = _value_without_computed(value, inside, contained)
    return kept


def _value_without_computed(
    value: object, definition: Definition | None, contained: Mapping[str, Definition]
) -> object:
    if definition is None:
        return value
    if isinstance(value, list):
        items = cast("list[object]", value)
        return [_value_without_computed(one, definition, contained) for one in items]
    if isinstance(value, dict):
        return _without_computed(cast("dict[str, Any]", value), definition, contained)
    return value


def _is_answered(key: str, definition: Definition | None) -> bool:
    field = definition.fields.get(split_position(key)[0]) if definition else None
    return field is not None and (field.is_query_backed or field.is_computed)


def _spell_overrides(fields: Mapping[str, Any], place: Place) -> dict[str, Any]:
    return {name: _spell_override(value, place) for name, value in fields.items()}


def _spell_override(override: object, place: Place) -> object:
    if isinstance(override, list):
        return [_spell_override(one, place) for one in cast("list[object]", override)]
    members = dict(cast("Mapping[str, Any]", override))
    if "adoptsFrom" in members:
        members["adoptsFrom"] = place.spell_code_ref(members["adoptsFrom"])
    if "fields" in members:
        members["fields"] = _spell_overrides(members["fields"], place)
    return members
