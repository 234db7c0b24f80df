"""What a query means, in plain Python: the answer that every database has to give."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .people import PLURALS, Card, type_key


def answer(query: Mapping[str, Any], cards: Sequence[Card]) -> tuple[list[str], int]:
    """The ids of the page in order, and how many cards match at all."""
    matching = [card for card in cards if holds(query.get("filter", {}), card.doc, card.types)]
    matching.sort(key=lambda card: card.id)
    for key in reversed(query.get("sort", [])):
        matching = _sorted(matching, key["by"], is_descending=key.get("direction") == "desc")
    ids = [card.id for card in matching]
    page = query.get("page", {})
    size = page.get("size", len(ids))
    start = page.get("number", 0) * size
    return ids[start : start + size], len(ids)


def holds(filter: Mapping[str, Any], doc: object, types: Sequence[str]) -> bool:
    """Whether a filter is true of a search doc. There is no third answer."""
    for member, operand in filter.items():
        if member in ("type", "on"):
            is_met = type_key(operand) in types
        elif member == "every":
            is_met = all(holds(one, doc, types) for one in operand)
        elif member == "any":
            is_met = any(holds(one, doc, types) for one in operand)
        elif member == "not":
            is_met = not holds(operand, doc, types)
        elif member == "item":
            inside = {name: value for name, value in operand.items() if name != "path"}
            elements = [one for one in values(doc, operand["path"]) if one is not None]
            is_met = any(holds(inside, one, types) for one in elements)
        else:
            is_met = all(
                any(_compares(member, value, limit) for value in values(doc, path))
                for path, limit in operand.items()
            )
        if not is_met:
            return False
    return True


def values(doc: object, path: str) -> list[Any]:
    """Every value at a path; an empty plural, like an absent value, is one null."""
    found: list[Any] = [doc]
    for name in path.split("."):
        inner = [one.get(name) if isinstance(one, dict) else None for one in found]
        if name in PLURALS:
            lists = [one if isinstance(one, list) and one else [None] for one in inner]
            inner = [element for one in lists for element in one]
        found = inner
    return found


def _compares(operator: str, value: object, operand: Any) -> bool:
    if operator == "eq":
        return _equals(value, operand)
    if operator == "in":
        return any(_equals(value, one) for one in operand)
    if operator == "contains":
        if operand is None:
            return value is None
        return isinstance(value, str) and operand.lower() in value.lower()
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
    }
    return all(
        _kind(value) == _kind(limit) and tests[name](value, limit)
        for name, limit in operand.items()
    )


def _equals(value: object, operand: object) -> bool:
    return _kind(value) == _kind(operand) and value == operand


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"


def _sorted(cards: Sequence[Card], by: str, *, is_descending: bool) -> list[Card]:
    """Stable; cards without a value of the field's kind come last in both directions."""
    if by == "cardURL":
        return sorted(cards, key=lambda card: card.id, reverse=is_descending)
    keyed = [(_sort_value(card, by, is_descending=is_descending), card) for card in cards]
    with_value = [(value, card) for value, card in keyed if value is not None]
    # `reverse` keeps equal cards in their order, as `key DESC, next key` does.
    with_value.sort(key=lambda pair: pair[0], reverse=is_descending)
    return [card for _, card in with_value] + [card for value, card in keyed if value is None]


def _sort_value(card: Card, by: str, *, is_descending: bool) -> Any:
    wanted = _sorted_kind(by)
    found: list[Any] = [value for value in values(card.doc, by) if _kind(value) == wanted]
    if not found:
        return None
    return max(found) if is_descending else min(found)


def _sorted_kind(by: str) -> str:
    last = by.rpartition(".")[2]
    if last in ("age", "scores", "cost"):
        return "number"
    return "boolean" if last == "isGood" else "text"
