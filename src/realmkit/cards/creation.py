"""Naming the files of cards that are created by one document.

The primary resource becomes `<TypeName>/<lid or uuid>.json` in the folder posted
to; included resources that carry a `lid` and belong to the same realm are created
beside it, and relationships that name a `lid` link to them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from realmkit.cards.addresses import path_segment
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.documents import CardDocument, Resource
from realmkit.cards.json_text import pointer_to
from realmkit.cards.stored import Place, stored_resource
from realmkit.errors import BadRequest, Conflict

_MAX_LID_BYTES = 200


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card to write: its id, and its resource in stored shape."""

    id: str
    resource: Resource


def plan_creation(
    document: CardDocument,
    *,
    folder_url: str,
    realm_url: str,
    names: ModuleNames,
    new_name: Callable[[], str],
) -> list[NewCard]:
    """Return the cards to write, the primary one first. `folder_url` ends with a slash.

    Raises `BadRequest` for a `lid` that cannot name a file, `Conflict` for one used twice.
    """
    resources = [(document.data, "/data")]
    for position, resource in enumerate(document.included):
        if "lid" in resource and _belongs_to(resource, realm_url):
            resources.append((resource, pointer_to("", "included", position)))
    ids = [
        f"{folder_url}{path_segment(resource['meta']['adoptsFrom']['name'])}/"
        + path_segment(_file_name(resource, pointer, new_name))
        for resource, pointer in resources
    ]
    ids_by_lid = _ids_by_lid(resources, ids)
    return [
        NewCard(
            id=id,
            resource=stored_resource(resource, Place(id, realm_url, names), ids_by_lid=ids_by_lid),
        )
        for (resource, _), id in zip(resources, ids, strict=True)
    ]


def _belongs_to(resource: Resource, realm_url: str) -> bool:
    return (resource.get("meta") or {}).get("realmURL", realm_url) == realm_url


def _file_name(resource: Resource, pointer: str, new_name: Callable[[], str]) -> str:
    if "lid" not in resource:
        return new_name()
    lid = str(resource["lid"])
    if lid.startswith(".") or not lid.isprintable() or any(mark in lid for mark in "/\\?#%:"):
        raise BadRequest(f'"{lid}" cannot name a file.', pointer=pointer_to(pointer, "lid"))
    if len(lid.encode()) > _MAX_LID_BYTES:
        raise BadRequest(
            f"A `lid` names a file and has at most {_MAX_LID_BYTES} bytes.",
            pointer=pointer_to(pointer, "lid"),
        )
    return lid


def _ids_by_lid(resources: list[tuple[Resource, str]], ids: list[str]) -> dict[str, str]:
    ids_by_lid: dict[str, str] = {}
    for (resource, pointer), id in zip(resources, ids, strict=True):
        if "lid" not in resource:
            continue
        if resource["lid"] in ids_by_lid:
            raise Conflict(
                f'Two resources have the lid "{resource["lid"]}".',
                pointer=pointer_to(pointer, "lid"),
            )
        ids_by_lid[resource["lid"]] = id
    return ids_by_lid
