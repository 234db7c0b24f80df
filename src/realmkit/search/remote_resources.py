"""Resources as other servers send them: nothing in them is taken on trust.

What comes out has the shape of our own served resources.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from realmkit.cards.documents import check_card_document
from realmkit.errors import BadRequest
from realmkit.search.other_servers import Unreachable
from realmkit.search.served import Resource

_LINKS = ("self", "search")
_ERROR_TYPES = ("authorization", "network", "unknown")
_LONGEST = 500


def checked_resource(value: object, asked: str) -> Resource:
    """A resource in our shape. `asked` is what it answers; raises `Unreachable` if it is none."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise Unreachable("unknown", f"{asked} answered with no card document.")
    members = cast("dict[str, Any]", value)
    is_file = members.get("type") == "file-meta"
    try:
        checked = check_card_document(
            {"data": {**members, "type": "card"}}, what="The answer", is_partial=is_file
        ).data
    except BadRequest as exc:
        raise Unreachable(
            "unknown", f"{asked} answered with no card document: {exc.detail}"
        ) from exc
    meta = dict(checked.get("meta") or {})
    meta.pop("brokenLinks", None)
    return {
        "type": "file-meta" if is_file else "card",
        "id": checked["id"],
        "links": {"self": checked["id"]},
        "attributes": checked.get("attributes") or {},
        "relationships": dict(_relationships(checked.get("relationships") or {})),
        "meta": meta,
    }


def resource_of_realm(value: object, realm_url: str) -> Resource:
    """The same of a search's result: a realm speaks for itself alone."""
    resource = checked_resource(value, realm_url)
    if not str(resource["id"]).startswith(realm_url):
        raise Unreachable("unknown", f"{realm_url} answered with a card of another realm.")
    return resource


def _relationships(given: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for key, relationship in given.items():
        if not isinstance(relationship, dict):
            continue
        one = cast("dict[str, Any]", relationship)
        links = {name: link for name, link in (one.get("links") or {}).items() if name in _LINKS}
        kept: dict[str, Any] = {"links": {"self": None, **links}}
        data = one.get("data")
        if isinstance(data, list):
            kept["data"] = [
                one for one in cast("list[Any]", data) if isinstance(one.get("id"), str)
            ]
        elif isinstance(data, dict) and isinstance(cast("Any", data).get("id"), str):
            kept["data"] = data
        if errors := list(_errors(one.get("meta"))):
            kept["meta"] = {"errors": errors}
        yield key, kept


def _errors(meta: object) -> Iterable[dict[str, Any]]:
    """The realms that a field's own server could not ask: its results are not all there are."""
    listed = cast("Any", meta).get("errors") if isinstance(meta, dict) else None
    for one in cast("list[object]", listed) if isinstance(listed, list) else []:
        if not isinstance(one, dict) or not isinstance(one.get("realm"), str):
            continue
        said = cast("dict[str, Any]", one)
        type = said.get("type")
        error: dict[str, Any] = {
            "realm": said["realm"][:_LONGEST],
            "type": type if type in _ERROR_TYPES else "unknown",
            "message": str(said.get("message") or "It could not be asked.")[:_LONGEST],
        }
        if isinstance(said.get("status"), int):
            error["status"] = said["status"]
        yield error
