"""Which cards a first run looks at twice, and why that is less work.

A card whose definition has query-backed fields shows what a search finds, and
until the first run is committed a search finds nothing. Its first visit only
reads it, so that others find it; it is rendered once, when all can be found.
"""

from collections.abc import Mapping
from typing import Any

from realmkit.cards.definitions import Definition

Definitions = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""The browser's descriptions, by module identity and export name."""


def searching_types(definitions: Definitions) -> set[str]:
    """The type keys whose cards run a search when they are rendered.

    Those with a query-backed field of their own or in what they contain.
    """
    read = (
        Definition.from_json(definition)
        for exports in definitions.values()
        for definition in exports.values()
    )
    by_type = {definition.type_key: definition.fields.values() for definition in read}
    searching = {
        key for key, fields in by_type.items() if any(field.is_query_backed for field in fields)
    }
    while True:
        more = {
            key
            for key, fields in by_type.items()
            if key not in searching
            and any(not each.is_link and each.card.type_key in searching for each in fields)
        }
        if not more:
            return searching
        searching |= more
