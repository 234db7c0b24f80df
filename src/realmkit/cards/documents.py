"""Reading card documents: bytes in, a JSON:API document out, or a clear refusal.

What comes back is known to be well formed: a `card` resource with attributes,
relationships and a code ref of the right shapes, free of text that no database
can hold. Whether the definition exists is not asked here.
"""

from dataclasses import dataclass
from typing import Any

Resource = dict[str, Any]
"""A JSON:API resource object as decoded JSON."""


@dataclass(frozen=True, slots=True)
class CardDocument:
    """A primary resource and the resources that came with it."""

    data: Resource
    included: tuple[Resource, ...] = ()


def read_json(body: bytes, *, what: str = "The request body") -> object:
    """Decode JSON. Raises `BadRequest` when it is not UTF-8, malformed, too deep,
    or holds a NUL or half a surrogate pair. `what` names the thing in the message."""
    raise NotImplementedError


def read_card_document(body: bytes, *, what: str = "The request body") -> CardDocument:
    """Decode and validate a whole card document: `adoptsFrom` must be there."""
    raise NotImplementedError


def read_card_patch(body: bytes, *, what: str = "The request body") -> CardDocument:
    """Decode and validate a partial card document: `meta.adoptsFrom` may be absent."""
    raise NotImplementedError


def check_card_document(
    value: object, *, is_partial: bool = False, pointer: str = ""
) -> CardDocument:
    """Validate decoded JSON. `pointer` is where it lies in the request, for error pointers."""
    raise NotImplementedError
