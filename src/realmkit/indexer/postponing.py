"""Which cards some runs look at twice, and why that is less work.

A card whose definition has query-backed fields shows what a search finds, and cards
that a run adds or mends are found only when it is committed. So its first visit only
reads it, that others may find it; it is rendered once, when all can be found.
"""

from collections.abc import Iterable

from realmkit.cards.definitions import Definition


def searching_types(definitions: Iterable[Definition]) -> set[str]:
    """The type keys whose cards run a search when they are rendered.

    Those with a query-backed field of their own or in what they contain.
    """
    by_type = {
        one.type_key: one.fields.values() for each in definitions for one in (each, *each.inner)
    }
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
