"""Search docs as entries keep them: what the card's own attributes say is not kept twice.

An instance's is `[members, lacking]`: its members that differ from the attribute of their
name, and the attributes that it lacks. Any other is kept as it is, an object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from realmkit.index.json_text import from_json, to_json


def shortened(search_doc: Mapping[str, Any] | None, pristine_doc: Mapping[str, Any]) -> str | None:
    """JSON text of a search doc beside the resource it is of."""
    if search_doc is None:
        return None
    attributes = _attributes(pristine_doc)
    members = {
        name: value
        for name, value in search_doc.items()
        if name not in attributes or to_json([value]) != to_json([attributes[name]])
    }
    return to_json([members, [name for name in attributes if name not in search_doc]])


def restored(
    search_doc: str | None, pristine_doc: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The search doc of an entry, from JSON text and the resource it is kept beside."""
    kept = from_json(search_doc)
    if not isinstance(kept, list):
        return kept
    members, lacking = cast("tuple[dict[str, Any], list[str]]", kept)
    own = _attributes(pristine_doc or {})
    return {name: value for name, value in own.items() if name not in lacking} | members


def _attributes(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    attributes = resource.get("attributes")
    return cast("Mapping[str, Any]", attributes) if isinstance(attributes, Mapping) else {}
