"""Reading card documents: bytes in, a JSON:API document out, or a clear refusal.

What comes back is known to be well formed: a `card` resource whose attributes,
relationships and code refs have the right shapes, free of text that no database
can hold. Whether the definition exists is not asked here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from realmkit.cards.json_text import (
    check_json,
    expect_code_ref,
    expect_object,
    json_kind,
    pointer_to,
    read_json,
)
from realmkit.errors import BadRequest

Resource = dict[str, Any]
"""A JSON:API resource object as decoded JSON."""

_EXPORT_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")


@dataclass(frozen=True, slots=True)
class CardDocument:
    """A primary resource and the resources that came with it."""

    data: Resource
    included: tuple[Resource, ...] = ()


def read_card_document(body: bytes, *, what: str = "The request body") -> CardDocument:
    """Decode and validate a whole card document: `meta.adoptsFrom` must be there."""
    return check_card_document(read_json(body, what=what), what=what)


def read_card_patch(body: bytes, *, what: str = "The request body") -> CardDocument:
    """Decode and validate a partial card document: `meta.adoptsFrom` may be absent."""
    return check_card_document(read_json(body, what=what), what=what, is_partial=True)


def check_card_document(
    value: object,
    *,
    what: str = "The document",
    is_partial: bool = False,
    pointer: str = "",
) -> CardDocument:
    """Validate decoded JSON. `pointer` is where it lies in the request, for error pointers."""
    check_json(value, what=what, pointer=pointer)
    document = expect_object(value, what, pointer)
    if "data" not in document:
        raise BadRequest(f"{what} has no `data` member.", pointer=pointer)
    data = document["data"]
    data_pointer = pointer_to(pointer, "data")
    if not isinstance(data, dict):
        raise BadRequest(
            f"`data` must be one card resource, not {json_kind(data)}.", pointer=data_pointer
        )
    _check_resource(cast("Resource", data), data_pointer, is_partial=is_partial)
    included = _included(document, pointer)
    return CardDocument(cast("Resource", data), included)


def _included(document: Mapping[str, Any], pointer: str) -> tuple[Resource, ...]:
    included = document.get("included", [])
    pointer = pointer_to(pointer, "included")
    if not isinstance(included, list):
        raise BadRequest(
            f"`included` must be an array, not {json_kind(included)}.", pointer=pointer
        )
    for position, resource in enumerate(cast("list[object]", included)):
        place = pointer_to(pointer, position)
        members = expect_object(resource, "An included resource", place)
        # Only resources with a `lid` will be written; the rest merely came along.
        if "lid" in members:
            _check_resource(members, place, is_partial=False)
    return tuple(cast("list[Resource]", included))


def _check_resource(resource: Mapping[str, Any], pointer: str, *, is_partial: bool) -> None:
    kind = resource.get("type")
    if kind != "card":
        said = f'"{kind}"' if isinstance(kind, str) else json_kind(kind)
        raise BadRequest(
            f'A card resource has the type "card", not {said}.', pointer=pointer_to(pointer, "type")
        )
    for name in ("id", "lid"):
        if name in resource and not (isinstance(resource[name], str) and resource[name]):
            raise BadRequest(
                f"`{name}` must be text and not empty.", pointer=pointer_to(pointer, name)
            )
    if "attributes" in resource:
        expect_object(resource["attributes"], "`attributes`", pointer_to(pointer, "attributes"))
    if "relationships" in resource:
        _check_relationships(resource["relationships"], pointer_to(pointer, "relationships"))
    _check_meta(resource, pointer, is_partial=is_partial)


def _check_meta(resource: Mapping[str, Any], pointer: str, *, is_partial: bool) -> None:
    meta_pointer = pointer_to(pointer, "meta")
    meta = expect_object(resource.get("meta", {}), "`meta`", meta_pointer)
    if "adoptsFrom" in meta:
        _check_code_ref(meta["adoptsFrom"], pointer_to(meta_pointer, "adoptsFrom"))
    elif not is_partial:
        raise BadRequest(
            "The card does not say which definition it adopts: `meta.adoptsFrom` is missing.",
            pointer=meta_pointer if "meta" in resource else pointer,
        )
    if "fields" in meta:
        _check_field_overrides(meta["fields"], pointer_to(meta_pointer, "fields"))
    if is_partial:
        _check_replaces(meta.get("replaces", []), pointer_to(meta_pointer, "replaces"))


def _check_replaces(value: object, pointer: str) -> None:
    names = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(name, str) and name for name in names):
        raise BadRequest("`replaces` must be a list of the names of fields.", pointer=pointer)


def _check_field_overrides(value: object, pointer: str) -> None:
    """Check `meta.fields`: per field, `{adoptsFrom?, fields?}` or an array of those."""
    for name, override in expect_object(value, "`fields`", pointer).items():
        place = pointer_to(pointer, name)
        overrides = cast("list[object]", override) if isinstance(override, list) else [override]
        for position, one in enumerate(overrides):
            at = pointer_to(place, position) if isinstance(override, list) else place
            members = expect_object(one, "A field override", at)
            if "adoptsFrom" in members:
                _check_code_ref(members["adoptsFrom"], pointer_to(at, "adoptsFrom"))
            if "fields" in members:
                _check_field_overrides(members["fields"], pointer_to(at, "fields"))


def _check_code_ref(value: object, pointer: str) -> None:
    ref = expect_code_ref(value, pointer)
    if not _EXPORT_NAME.fullmatch(ref["name"]):
        raise BadRequest(
            f"`{ref['name']}` cannot be the name of an export.", pointer=pointer_to(pointer, "name")
        )


def _check_relationships(value: object, pointer: str) -> None:
    for name, relationship in expect_object(value, "`relationships`", pointer).items():
        place = pointer_to(pointer, name)
        if isinstance(relationship, list):
            for position, one in enumerate(cast("list[object]", relationship)):
                _check_relationship(one, pointer_to(place, position))
        else:
            _check_relationship(relationship, place)


def _check_relationship(value: object, pointer: str) -> None:
    relationship = expect_object(value, "A relationship", pointer)
    links_pointer = pointer_to(pointer, "links")
    links = expect_object(relationship.get("links", {}), "`links`", links_pointer)
    link = links.get("self")
    if link is not None and not isinstance(link, str):
        raise BadRequest(
            f"A link is text or null, not {json_kind(link)}.",
            pointer=pointer_to(links_pointer, "self"),
        )
    data = relationship.get("data")
    data_pointer = pointer_to(pointer, "data")
    if isinstance(data, list):
        if link is not None:
            raise BadRequest(
                "A relationship has one `links.self` or an array as `data`, not both.",
                pointer=pointer,
            )
        for position, one in enumerate(cast("list[object]", data)):
            _check_identifier(one, pointer_to(data_pointer, position))
    elif data is not None:
        _check_identifier(data, data_pointer)


def _check_identifier(value: object, pointer: str) -> None:
    identifier = expect_object(value, "A resource identifier", pointer)
    if not any(isinstance(identifier.get(key), str) and identifier[key] for key in ("id", "lid")):
        raise BadRequest("A resource identifier needs an `id` or a `lid`.", pointer=pointer)
