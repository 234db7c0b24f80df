"""How links are spelled in `relationships`: singular, plural, nested, query-backed.

A singular link is `owner`, a plural one `friends.0`, `friends.1`, and a link inside
a contained value `address.country` or `visits.0.clinic`. A plural that was left
empty on purpose is `friends` with a null link.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from realmkit.cards.code_refs import BASE_PREFIX

Link = str | None


def split_position(key: str) -> tuple[str, int | None]:
    """`friends.2` is `("friends", 2)`; `owner` is `("owner", None)`."""
    name, dot, position = key.rpartition(".")
    if dot and name and position.isascii() and position.isdigit():
        return name, int(position)
    return key, None


def is_query_backed(relationship: object) -> bool:
    """Whether the server resolved this field by a search: only then has it `links.search`."""
    if not isinstance(relationship, Mapping):
        return False
    links = cast("Mapping[str, Any]", relationship).get("links")
    return isinstance(links, Mapping) and "search" in links


def written_links(
    relationships: Mapping[str, Any], ids_by_lid: Mapping[str, str]
) -> Iterator[tuple[str, Link]]:
    """Yield every link as `(key, target as written)`, plural ones fanned out to `name.N`.

    Query-backed fields, and the results listed beside them, are left out: nobody
    wrote those links.
    """
    answered = {name for name, value in relationships.items() if is_query_backed(value)}
    counted = {
        split_position(key)[0] for key in relationships if split_position(key)[1] is not None
    }
    for key, value in relationships.items():
        name, position = split_position(key)
        if name in answered or key in answered:
            continue
        if position is None and key in counted:
            continue
        yield from _links_of(key, value, ids_by_lid)


def _links_of(key: str, value: object, ids_by_lid: Mapping[str, str]) -> Iterator[tuple[str, Link]]:
    if isinstance(value, list):
        for position, one in enumerate(cast("list[object]", value)):
            yield from _links_of(f"{key}.{position}", one, ids_by_lid)
        return
    relationship = cast("Mapping[str, Any]", value)
    links = cast("Mapping[str, Any]", relationship.get("links") or {})
    data = relationship.get("data")
    if links.get("self") is not None:
        yield key, links["self"]
    elif isinstance(data, list):
        identifiers = cast("list[Mapping[str, Any]]", data)
        if not identifiers:
            yield key, None
        for position, identifier in enumerate(identifiers):
            yield f"{key}.{position}", _target(identifier, ids_by_lid)
    elif data is not None:
        yield key, _target(cast("Mapping[str, Any]", data), ids_by_lid)
    elif "self" in links or "data" in relationship:
        yield key, None


def _target(identifier: Mapping[str, Any], ids_by_lid: Mapping[str, str]) -> Link:
    if identifier.get("id"):
        return str(identifier["id"])
    # A sibling that is not created here has no address yet, so there is nothing to link to.
    return ids_by_lid.get(str(identifier.get("lid")))


def is_base_name(link: str) -> bool:
    return link.startswith(BASE_PREFIX)
