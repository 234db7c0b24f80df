"""From a file's bytes to what it is: an instance, a plain file, or a faulty document.

Most faults of a card document are found here, where line and column are known,
and never reach a browser.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from realmkit.cards.documents import check_card_document
from realmkit.cards.json_text import read_json
from realmkit.errors import BadRequest, RealmkitError, TooLarge
from realmkit.indexer.plan import CONFIG_PATHS

LARGEST_CARD = 4 * 1024 * 1024
"""In bytes. A page would render larger ones for so long that its other cards had to wait."""


@dataclass(frozen=True)
class Instance:
    """A card document, checked. `adopts_from` is the code ref as the author spelt it."""

    text: str
    resource: Mapping[str, Any]
    adopts_from: Mapping[str, str]


@dataclass(frozen=True)
class PlainFile:
    """Anything that is no card document."""


@dataclass(frozen=True)
class Faulty:
    """A document that cannot be rendered; `resource` is what of it could be read."""

    error: RealmkitError
    resource: Mapping[str, Any] | None = None


def read_document(path: str, content: bytes) -> Instance | PlainFile | Faulty:
    """Tell what the `.json` file at `path` is."""
    what = f"`{path}`"
    try:
        value = read_json(content, what=what)
    except BadRequest as exc:
        return Faulty(exc)
    resource = _card_resource(value)
    if resource is None or path in CONFIG_PATHS:
        return PlainFile()
    if len(content) > LARGEST_CARD:
        return Faulty(
            TooLarge(f"{what} has {len(content):,} bytes; a card has at most {LARGEST_CARD:,}.")
        )
    try:
        check_card_document(value, what=what)
    except BadRequest as exc:
        exc.detail = exc.detail if path in exc.detail else f"{what}: {exc.detail}"
        return Faulty(exc, resource)
    return Instance(content.decode(), resource, resource["meta"]["adoptsFrom"])


def _card_resource(value: object) -> Mapping[str, Any] | None:
    """The primary resource of what means to be a card document, however faulty."""
    data = cast("Mapping[str, Any]", value).get("data") if isinstance(value, Mapping) else None
    if not isinstance(data, Mapping):
        return None
    resource = cast("Mapping[str, Any]", data)
    meta = resource.get("meta")
    adopts = isinstance(meta, Mapping) and "adoptsFrom" in meta
    return resource if resource.get("type") == "card" or adopts else None
