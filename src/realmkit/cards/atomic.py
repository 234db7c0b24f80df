"""Reading a batch of operations: the atomic operations extension of JSON:API.

A batch is `{"atomic:operations": [{op, href, data?}]}`. `op` is `add`, `update` or
`remove`; `href` names a file or card of the realm; `data` is a card resource or
`{"type": "source", "attributes": {"content": text}}`. What comes back is well formed;
whether the files are there is not asked here. https://jsonapi.org/ext/atomic/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from realmkit.cards.documents import Resource, check_card_document
from realmkit.cards.json_text import check_json, json_kind, pointer_to
from realmkit.errors import BadRequest

MOST_OPERATIONS = 1_000
MEDIA_TYPE = 'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"'
_MEMBER = "atomic:operations"


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a batch. `card` or `source` (text) is there unless it removes."""

    op: Literal["add", "update", "remove"]
    href: str
    pointer: str
    """Where the operation lies in the request."""
    card: Resource | None = None
    source: str | None = None


def read_operations(body: Mapping[str, Any]) -> list[Operation]:
    """The operations of a decoded body, in order. Raises `BadRequest` naming the first mistake."""
    check_json(body, what="The batch")
    operations = body.get(_MEMBER)
    if not isinstance(operations, list) or not operations:
        raise BadRequest(
            f"`{_MEMBER}` must be an array with at least one operation,"
            f" not {'empty' if operations == [] else json_kind(operations)}.",
            pointer=pointer_to("", _MEMBER) if _MEMBER in body else "",
        )
    listed = cast("list[object]", operations)
    if len(listed) > MOST_OPERATIONS:
        raise BadRequest(
            f"A batch has at most {MOST_OPERATIONS} operations.", pointer=pointer_to("", _MEMBER)
        )
    return [
        _operation(one, pointer_to("", _MEMBER, position)) for position, one in enumerate(listed)
    ]


def _operation(value: object, pointer: str) -> Operation:
    if not isinstance(value, dict):
        raise BadRequest(f"An operation is an object, not {json_kind(value)}.", pointer=pointer)
    members = cast("dict[str, Any]", value)
    op, href = members.get("op"), members.get("href")
    if op not in ("add", "update", "remove"):
        raise BadRequest(
            "An operation is `add`, `update` or `remove`.", pointer=pointer_to(pointer, "op")
        )
    if not isinstance(href, str) or not href:
        raise BadRequest(
            "An operation names a file of the realm as its `href`.",
            pointer=pointer_to(pointer, "href"),
        )
    if op == "remove":
        return Operation(op, href, pointer)
    data_pointer = pointer_to(pointer, "data")
    data = members.get("data")
    if not isinstance(data, dict):
        raise BadRequest(
            f"`{op}` needs `data`, a resource, not {json_kind(data)}.", pointer=data_pointer
        )
    resource = cast("Resource", data)
    match resource.get("type"):
        case "card":
            check_card_document(members, is_partial=op == "update", pointer=pointer)
            return Operation(op, href, pointer, card=resource)
        case "source":
            return Operation(op, href, pointer, source=_content(resource, data_pointer))
        case _:
            raise BadRequest(
                "The data of an operation has the type `card` or `source`.",
                pointer=pointer_to(data_pointer, "type"),
            )


def _content(resource: Resource, pointer: str) -> str:
    attributes = resource.get("attributes")
    content = (
        cast("dict[str, Any]", attributes).get("content") if isinstance(attributes, dict) else None
    )
    if not isinstance(content, str):
        raise BadRequest(
            "A source has its text as `attributes.content`.",
            pointer=pointer_to(pointer, "attributes", "content"),
        )
    return content
