"""Which cards a first run looks at twice, and why that is less work.

A card whose definition has query-backed fields shows what a search finds, and
until the first run is committed a search finds nothing. Its first visit only
reads it, so that others find it; it is rendered once, when all can be found.
"""

from collections.abc import Mapping
from typing import Any

Definitions = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""The browser's descriptions, by module identity and export name."""


def searching_types(definitions: Definitions) -> set[str]:
    """The type keys whose cards run a search when they are rendered.

    Those with a query-backed field of their own or in what they contain.
    """
    by_type = {
        f"{module}/{name}": definition
        for module, exports in definitions.items()
        for name, definition in exports.items()
    }
    searching = {key for key, each in by_type.items() if _has_query(each)}
    while True:
        more = {
            key
            for key, each in by_type.items()
            if key not in searching and not searching.isdisjoint(_contained(each))
        }
        if not more:
            return searching
        searching |= more


def _has_query(definition: Mapping[str, Any]) -> bool:
    return any(field.get("query") for field in definition.get("fields", {}).values())


def _contained(definition: Mapping[str, Any]) -> set[str]:
    return {
        f"{field['card']['module']}/{field['card']['name']}"
        for field in definition.get("fields", {}).values()
        if field["type"] in ("contains", "containsMany")
    }
