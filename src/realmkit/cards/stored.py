"""The stored shape of a card: what its file holds.

Identity, served metadata and computed values are left out; links and module
references are written relative to the file when they stay inside the realm.
Documents that differ only in what is not stored give the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.definitions import Definition
from realmkit.cards.documents import Resource


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card lives: its id (absolute, no `.json`), its realm, and the server's names."""

    id: str
    realm_url: str
    names: ModuleNames


def stored_resource(
    resource: Resource,
    place: Place,
    *,
    definition: Definition | None = None,
    ids_by_lid: Mapping[str, str] | None = None,
) -> Resource:
    """Return the resource as it is stored at `place`.

    With a `definition`, computed attributes and query-backed relationships are left
    out. `ids_by_lid` gives the ids of siblings that a relationship names by `lid`.
    """
    raise NotImplementedError


def stored_bytes(resource: Resource) -> bytes:
    """Return the file's content: `{"data": ...}`, two-space indent, one newline at the end."""
    raise NotImplementedError
