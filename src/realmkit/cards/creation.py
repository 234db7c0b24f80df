"""Naming the files of cards that are created by one document.

The primary resource becomes `<TypeName>/<lid or uuid>.json` in the folder posted
to; included resources that carry a `lid` and belong to the same realm are created
beside it, and relationships that name a `lid` link to them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.documents import CardDocument, Resource


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card to write: its id, and its resource in stored shape. `has_lid`: the name was asked for."""

    id: str
    resource: Resource
    has_lid: bool


def plan_creation(
    document: CardDocument,
    *,
    folder_url: str,
    realm_url: str,
    names: ModuleNames,
    new_name: Callable[[], str],
) -> list[NewCard]:
    """Return the cards to write, the primary one first. `folder_url` ends with a slash."""
    raise NotImplementedError
