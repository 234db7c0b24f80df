"""What the visit of a file left, as a long run writes it down until its commit.

One text for each file; a commit reads them back in portions, so that neither memory nor a
statement's parameters have to hold a whole realm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from realmkit.index.artefacts import Dependency, NewEntry, QueryDependency
from realmkit.index.json_text import to_json
from realmkit.index.refusals import refused

BYTES_IN_A_PORTION = 16 * 1024 * 1024
"""Of outcomes as they are written down; a portion's search rows travel as one JSON text."""


@dataclass(frozen=True, slots=True)
class VisitedFile:
    """What the visit of one file left. `definitions` are by module identity."""

    url: str
    entries: Sequence[NewEntry] = ()
    removed: Sequence[str] = ()
    definitions: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(
        default_factory=dict[str, Mapping[str, Mapping[str, Any]]]
    )
    is_postponed: bool = False


def refused_visit(visited: VisitedFile, exc: Exception) -> VisitedFile:
    """What stands for a visit that cannot be written down."""
    entries = [refused(entry, exc) for entry in visited.entries]
    return VisitedFile(visited.url, entries, visited.removed)


def outcome_of(visited: VisitedFile) -> str | None:
    return to_json(
        {
            "entries": [asdict(entry) for entry in visited.entries],
            "removed": list(visited.removed),
            "definitions": visited.definitions,
        }
    )


def last_of_portion(sizes: Sequence[tuple[str, int]]) -> str:
    """The URL up to which outcomes are taken at once: given (URL, bytes), at least the first."""
    room = BYTES_IN_A_PORTION
    last = sizes[0][0]
    for url, size in sizes:
        room -= size
        if room < 0:
            break
        last = url
    return last


Portion = tuple[list[NewEntry], list[str], dict[str, Any]]


def portion_of(texts: Iterable[str]) -> Portion:
    entries: list[NewEntry] = []
    removed: list[str] = []
    definitions: dict[str, Any] = {}
    for text in texts:
        outcome = orjson.loads(text)
        entries += map(_entry, outcome["entries"])
        removed += outcome["removed"]
        definitions.update(outcome["definitions"])
    return entries, removed, definitions


def _entry(members: dict[str, Any]) -> NewEntry:
    members["dependencies"] = [Dependency(**each) for each in members["dependencies"]]
    members["queries"] = [QueryDependency(**each) for each in members["queries"]]
    return NewEntry(**members)
