"""Replacing `$this.path` and `$REALM` in a query that a card definition holds.

A token is a whole string. Null is a value. What a token names may also be missing,
and a missing value never widens a search: the condition it stands in is false, an
`any` goes on without that branch, and a `not` around it is false as a whole.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

THIS = "$this."
REALM = ("$REALM", "$thisRealm")


class Missing:
    """The value of a token that names nothing, and the filter that can therefore not hold."""


MISSING: Final = Missing()
Lookup = Callable[[str], object]
"""From a token to its value, or to `MISSING`."""


def is_token(value: object) -> bool:
    return isinstance(value, str) and (value in REALM or value.startswith(THIS))


def replace_tokens(query: Mapping[str, Any], lookup: Lookup) -> dict[str, Any] | Missing:
    """Return the query with every token replaced; `MISSING` if nothing can match any more.

    `realms` and `realm` are left alone: what they name is a matter of realms, not of text.
    """
    replaced: dict[str, Any] = {}
    for member, value in query.items():
        if member in ("realm", "realms"):
            replaced[member] = value
            continue
        filled = _filter(value, lookup) if member == "filter" else _plain(value, lookup)
        if isinstance(filled, Missing):
            return MISSING
        replaced[member] = filled
    return replaced


def _filter(node: object, lookup: Lookup, *, in_not: bool = False) -> object:
    if not isinstance(node, dict):
        return node
    replaced: dict[str, Any] = {}
    for member, value in cast("dict[str, Any]", node).items():
        if member == "not":
            filled = _filter(value, lookup, in_not=True)
        elif member == "item":
            filled = _filter(value, lookup, in_not=in_not)
        elif member in ("every", "any") and isinstance(value, list):
            filled = _branches(member, cast("list[object]", value), lookup, in_not=in_not)
        else:
            filled = _plain(value, lookup)
        if isinstance(filled, Missing):
            return MISSING
        replaced[member] = filled
    return replaced


def _branches(
    member: str, branches: list[object], lookup: Lookup, *, in_not: bool
) -> list[object] | Missing:
    filled = [_filter(branch, lookup, in_not=in_not) for branch in branches]
    present = [branch for branch in filled if not isinstance(branch, Missing)]
    if len(present) == len(filled):
        return present
    may_drop = member == "any" and not in_not and present
    return present if may_drop else MISSING


def _plain(value: object, lookup: Lookup) -> object:
    """Replace tokens in a value that is no filter; one that is missing spoils the whole."""
    if is_token(value):
        return lookup(cast("str", value))
    if isinstance(value, dict):
        members = {
            name: _plain(one, lookup) for name, one in cast("dict[str, object]", value).items()
        }
        return MISSING if MISSING in members.values() else members
    if isinstance(value, list):
        items = [_plain(one, lookup) for one in cast("list[object]", value)]
        return MISSING if MISSING in items else items
    return value
