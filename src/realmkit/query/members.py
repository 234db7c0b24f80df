"""The two checks every part of a query begins with: is it an object, are its members known."""

from collections.abc import Mapping
from typing import Any, cast

from realmkit.cards.json_text import json_kind, pointer_to
from realmkit.cards.near_miss import did_you_mean
from realmkit.errors import BadRequest


def expect_object(value: object, what: str, pointer: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(f"{what} must be an object, not {json_kind(value)}.", pointer=pointer)
    return cast("Mapping[str, Any]", value)


def check_members(
    members: Mapping[str, Any], known: tuple[str, ...], what: str, pointer: str
) -> None:
    for name in members:
        if name not in known:
            raise BadRequest(
                f'Unknown {what} member "{name}".{did_you_mean(name, known)}',
                pointer=pointer_to(pointer, name),
            )
