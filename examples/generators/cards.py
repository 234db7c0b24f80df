"""Write a card instance as a realm stores it: JSON:API, two-space indent, relative links."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Link:
    """A link to another card, relative to the card that holds it, without `.json`."""

    to: str


def write_card(
    path: Path,
    *,
    definition: tuple[str, str],
    attributes: Mapping[str, Any],
    links: Mapping[str, Link | Sequence[Link]] | None = None,
) -> Path:
    """Write the instance at `path` that adopts `definition` (module, export name); return `path`."""
    module, name = definition
    resource: dict[str, Any] = {"type": "card", "attributes": dict(attributes)}
    if relationships := dict(relationship_entries(links or {})):
        resource["relationships"] = relationships
    resource["meta"] = {"adoptsFrom": {"module": module, "name": name}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"data": resource}, indent=2, ensure_ascii=False) + "\n")
    return path


def relationship_entries(links: Mapping[str, Link | Sequence[Link]]):
    """Yield `(key, relationship)`: `field` for one link, `field.0`, `field.1` … for several."""
    for field, value in links.items():
        if isinstance(value, Link):
            yield field, {"links": {"self": value.to}}
        elif not value:
            yield field, {"links": {"self": None}}
        else:
            for position, link in enumerate(value):
                yield f"{field}.{position}", {"links": {"self": link.to}}
