"""Merging a partial document into a stored card.

Objects merge, arrays and plain values replace, a plural link named by the patch
is replaced as a whole. A field that the patch says it `replaces` merges with nothing:
its value, the links inside it and the definitions of what it contains are those of
the patch, and what the patch leaves out of them is gone. The definition a card adopts
never changes by a patch. What the patch does not touch stays as the author spelled it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from realmkit.cards.documents import Resource
from realmkit.cards.relationships import split_position
from realmkit.cards.stored import Place, stored_resource
from realmkit.errors import BadRequest


@dataclass(frozen=True, slots=True)
class PatchedCard:
    """The merged stored resource. `is_changed` is false when the patch says nothing new."""

    resource: Resource
    is_changed: bool


def merge_patch(
    stored: Resource, patch: Resource, place: Place, replaces: Collection[str] = ()
) -> PatchedCard:
    """Merge `patch`, already in stored shape, into `stored`; BadRequest if the type would change.

    `replaces` names the fields whose old values, links and overrides do not count.
    """
    _refuse_type_change(stored, patch, place)
    kept = _without(stored, frozenset(replaces)) if replaces else stored
    merged: Resource = dict(kept)
    if "attributes" in patch:
        attributes = _merge_objects(kept.get("attributes") or {}, patch["attributes"])
        merged["attributes"] = _in_order_of(stored.get("attributes") or {}, attributes)
    if "relationships" in patch or "attributes" in patch:
        relationships = _merge_relationships(kept, patch)
        if relationships or "relationships" in stored or "relationships" in patch:
            merged["relationships"] = relationships
    overrides = (patch.get("meta") or {}).get("fields")
    if overrides:
        meta = dict(kept.get("meta") or {})
        meta["fields"] = {**(meta.get("fields") or {}), **overrides}
        merged["meta"] = meta
    # `meta` closes the document, wherever the author had it before relationships appeared.
    if "meta" in merged and "relationships" not in stored:
        merged["meta"] = merged.pop("meta")
    is_changed = stored_resource(merged, place) != stored_resource(stored, place)
    return PatchedCard(merged, is_changed)


def _without(stored: Resource, names: frozenset[str]) -> Resource:
    """`stored` with nothing of these fields: no values, no links in them, no overrides."""
    kept = dict(stored)
    for member in ("attributes", "relationships"):
        if member in stored:
            kept[member] = _other_fields(stored[member], names)
    meta = dict(stored.get("meta") or {})
    if "fields" in meta:
        fields = _other_fields(meta.pop("fields"), names)
        kept["meta"] = {**meta, "fields": fields} if fields else meta
    return kept


def _other_fields(members: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key.split(".", 1)[0] not in names}


def _in_order_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: new[name] for name in old if name in new}, **new}


def _refuse_type_change(stored: Resource, patch: Resource, place: Place) -> None:
    asked = (patch.get("meta") or {}).get("adoptsFrom")
    adopted = (stored.get("meta") or {}).get("adoptsFrom")
    if asked is None or adopted is None:
        return
    before, after = place.names.resolve(adopted, place.id), place.names.resolve(asked, place.id)
    if before != after:
        raise BadRequest(
            f"A patch cannot change what a card is: {place.id} adopts `{before.name}` of"
            f" {before.module}, and the patch says `{after.name}` of {after.module}.",
            pointer="/data/meta/adoptsFrom",
        )


def _merge_objects(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[name] = _merge_objects(
                cast("dict[str, Any]", before), cast("dict[str, Any]", value)
            )
        else:
            merged[name] = value
    return merged


def _merge_relationships(stored: Resource, patch: Resource) -> dict[str, Any]:
    old: Mapping[str, Any] = stored.get("relationships") or {}
    new: Mapping[str, Any] = patch.get("relationships") or {}
    replaced = {split_position(key)[0] for key in new}
    lengths = _array_lengths(patch.get("attributes") or {})
    kept = {
        key: value
        for key, value in old.items()
        if split_position(key)[0] not in replaced and not _is_orphaned(key, lengths, new)
    }
    return {**kept, **new}


def _is_orphaned(key: str, lengths: Mapping[str, int], new: Mapping[str, Any]) -> bool:
    """Whether the contained element that held this link (`visits.2.clinic`) was replaced."""
    segments = key.split(".")
    for place in range(1, len(segments) - 1):
        name, position = ".".join(segments[:place]), segments[place]
        if name in lengths and position.isdigit():
            is_restated = any(other.startswith(f"{name}.") for other in new)
            return is_restated or int(position) >= lengths[name]
    return False


def _array_lengths(attributes: Mapping[str, Any], prefix: str = "") -> dict[str, int]:
    """Lengths of the arrays that the patch replaces, by dotted path."""
    lengths: dict[str, int] = {}
    for name, value in attributes.items():
        if isinstance(value, list):
            lengths[prefix + name] = len(cast("list[object]", value))
        elif isinstance(value, dict):
            nested = cast("dict[str, Any]", value)
            lengths.update(_array_lengths(nested, f"{prefix}{name}."))
    return lengths
