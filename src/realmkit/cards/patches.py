"""Merging a partial document into a stored card.

Objects merge, arrays and plain values replace, a plural link named by the patch
is replaced as a whole. The definition a card adopts never changes by a patch.
"""

from dataclasses import dataclass

from realmkit.cards.documents import Resource
from realmkit.cards.stored import Place


@dataclass(frozen=True, slots=True)
class PatchedCard:
    """The merged stored resource. `is_changed` is false when the patch says nothing new."""

    resource: Resource
    is_changed: bool


def merge_patch(stored: Resource, patch: Resource, place: Place) -> PatchedCard:
    """Merge `patch`, already in stored shape, into `stored`; BadRequest if the type would change."""
    raise NotImplementedError
