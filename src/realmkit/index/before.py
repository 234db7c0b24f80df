"""What the index has of the files that a commit is about, read once in its transaction.

From it follows what need not be written, because it is there already, and whose searches
may answer differently once the commit is visible. Commits of one realm come one after
another, so nobody changes it until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realmkit.db import Row, Transaction
from realmkit.index.artefacts import NewEntry
from realmkit.index.json_text import from_json, to_json
from realmkit.index.search_docs import restored

Key = tuple[str, str]
"""URL and type."""
Edge = tuple[str, str, str]
"""A dependency, its kind, and the name of the entry that has it."""
Likeness = tuple[str, str, int]
"""What a shelf's entries share within a realm: type, types as JSON, health."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where searches find an entry."""

    entry_id: int
    shelf_id: int
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Before:
    """An entry, and what lies beside it. There may be no entry: then it has no types either."""

    was_good: bool
    has_error: bool
    last_modified: int | None
    types: Sequence[str]
    search_doc: Mapping[str, Any] | None
    renderings: frozenset[tuple[str, str]]
    """Format and type key."""
    styles: frozenset[str]
    edges: frozenset[Edge]
    runs_searches: bool
    place: Place | None


async def read_before(
    tx: Transaction, sql: Mapping[str, str], realm_url: str, urls: Iterable[str]
) -> dict[Key, Before]:
    """What a realm's index has of these URLs, by URL and type; what it has nothing of is absent."""
    asked = list(dict.fromkeys(urls))
    if not asked:
        return {}
    rows = await tx.fetch(sql["before"], (realm_url, to_json(asked)))
    return {(url, type): _before(row) for url, type, *row in rows}


def touched_types(before: Mapping[Key, Before], entries: Sequence[NewEntry]) -> set[str]:
    """The type keys of every instance whose place in some search may be another now.

    What an instance was counts as well. `before` is of what is removed and of `entries`.
    """
    rest = dict(before)
    touched: set[str] = set()
    for entry in entries:
        known = rest.pop((entry.url, entry.type), None)
        if known is None:
            touched.update(entry.types)
        elif (
            (entry.error is None) is known.has_error
            or (entry.error is None and entry.search_doc != known.search_doc)
            or entry.last_modified != known.last_modified
            or list(entry.types) != known.types
        ):
            touched.update(entry.types, known.types)
    for known in rest.values():
        touched.update(known.types)
    return touched


def _before(row: Sequence[Any] | Row) -> Before:
    was_good, has_error, last_modified, types, pristine_doc, search_doc, *beside = row
    renderings, styles, edges, runs_searches, entry_id, shelf_id, *likeness = beside
    return Before(
        bool(was_good),
        bool(has_error),
        last_modified,
        from_json(types) or [],
        restored(search_doc, from_json(pristine_doc)),
        frozenset((format, type_key) for format, type_key in from_json(renderings) or ()),
        frozenset(from_json(styles) or ()),
        frozenset((url, kind, name) for url, kind, name in from_json(edges) or ()),
        bool(runs_searches),
        Place(entry_id, shelf_id, (likeness[0], likeness[1], likeness[2])) if shelf_id else None,
    )
