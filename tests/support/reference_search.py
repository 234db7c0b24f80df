"""What a query means, in plain Python over documents: the answer every database has to give.

Slow and obvious on purpose. A document is what a card's search doc is; fields that are
plural are known by name, as their definitions would say.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from realmkit.query.words import readable_texts, stem, words_of

from .people import type_key

PLURALS = {"tags", "scores", "visits", "friends"}
NUMBERS = {"age", "scores", "cost", "account", "salary"}
BOOLEANS = {"isGood", "_isCardInstanceFile"}
FORMS = {"born": "date", "met": "datetime", "mail": "email", "phone": "phone"}


@dataclass(frozen=True)
class Entry:
    """A card where it is indexed."""

    id: str
    doc: dict[str, Any]
    types: Sequence[str]
    last_modified: int | None = None
    created_at: int | None = None
    is_file: bool = False
    health: str = "well"


def answer(query: Mapping[str, Any], entries: Sequence[Entry]) -> tuple[list[str], int]:
    """The ids of the page in order, and how many cards match at all."""
    filter = query.get("filter", {})
    matching = _matching(query, entries)
    matching.sort(key=lambda entry: entry.id)
    sort = query.get("sort", [])
    if not sort:
        # Without a sort, those come first whose titles have more of the words.
        wanted = set(_wanted_stems(filter))
        matching.sort(key=lambda entry: -len(wanted & set(_title_stems(entry.doc))))
    for key in reversed(sort):
        matching = _sorted(matching, key["by"], is_descending=key.get("direction") == "desc")
    ids = [entry.id for entry in matching]
    page = query.get("page", {})
    size = page.get("size", len(ids))
    start = page.get("number", 0) * size
    return ids[start : start + size], len(ids)


def with_sort_value(query: Mapping[str, Any], entries: Sequence[Entry]) -> int:
    """How many matches have a value for the first sort key; without a sort, all."""
    matching = _matching(query, entries)
    if not query.get("sort"):
        return len(matching)
    key = query["sort"][0]
    values = [_sort_value(entry, key["by"], is_descending=False) for entry in matching]
    return sum(value is not None for value in values)


def _matching(query: Mapping[str, Any], entries: Sequence[Entry]) -> list[Entry]:
    scope = query.get("scope", "cards")
    # A broken card is found where tiles are asked for: its last good one is shown.
    healths = ("well", "broken") if "html" in query else ("well",)
    return [
        entry
        for entry in entries
        if scope in ("all", "files" if entry.is_file else "cards")
        and entry.health in healths
        and holds(query.get("filter", {}), entry.doc, entry.types)
    ]


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
        elif member == "matches":
            is_met = matches(operand, doc)
        elif member == "item":
            inside = {name: value for name, value in operand.items() if name != "path"}
            elements = [one for one in values(doc, operand["path"]) if one is not None]
            is_met = any(holds(inside, one, types) for one in elements)
        else:
            is_met = all(
                any(_compares(member, value, limit, path) for value in values(doc, path))
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


def _compares(operator: str, value: object, operand: Any, path: str) -> bool:
    kind = _kind_of(path)
    if path.endswith("_isCardInstanceFile") and operator == "eq":
        # The flag is there or it is not.
        return bool(value) == bool(operand)
    if operator == "eq":
        return _equals(value, operand, kind)
    if operator == "in":
        return any(_equals(value, one, kind) for one in operand)
    if operator == "contains":
        if operand is None:
            return value is None
        if kind == "phone" and _phone(operand):
            operand = _phone(operand)
        return isinstance(value, str) and operand.casefold() in value.casefold()
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
    }
    comparable = in_order(value, kind)
    return comparable is not None and all(
        tests[name](comparable, _operand(limit, kind)) for name, limit in operand.items()
    )


def _equals(value: object, operand: object, kind: str) -> bool:
    if operand is None or (kind in ("email", "phone") and operand == ""):
        return value is None
    if isinstance(operand, dict):
        operand = type_key(operand)
    comparable = in_order(value, kind)
    return comparable is not None and comparable == _operand(operand, kind)


def _operand(operand: object, kind: str) -> Any:
    """What a query's value is compared by; numbers and booleans may be written as text."""
    if kind == "number" and isinstance(operand, str):
        text = operand.strip()
        return int(text) if text.lstrip("+-").isdigit() else _number(float(text))
    if kind == "boolean" and isinstance(operand, str):
        return operand == "true"
    if kind == "text" and isinstance(operand, int | float):
        return str(int(operand))
    if isinstance(operand, str):
        written = {"date": _day, "datetime": _minute, "email": _email, "phone": _phone}
        operand = written[kind](operand) if kind in written else operand
    return in_order(operand, kind)


# How search docs have dates and addresses.


def _day(text: str) -> str:
    return (text + "-01-01"[len(text) - 4 :])[:10]


def _minute(text: str) -> str:
    moment = datetime.fromisoformat(_day(text) + text[10:])
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M").rjust(16, "0")


def _email(text: str) -> str:
    return text.strip().lower()


def _phone(text: str) -> str:
    return "".join(each for each in text if each in "+0123456789")


def in_order(value: object, kind: str) -> Any:
    """What a value of this kind is compared by; None for values of other kinds."""
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "number":
        return _number(value)
    if not isinstance(value, str):
        return None
    # Texts are ordered by their beginning; which of two comes first that begin alike is
    # settled somehow, and the same everywhere.
    if len(value) <= 128:
        return value
    return value[:128] + blake2b(value.encode(), digest_size=16).hexdigest()


def _number(value: object) -> int | float | None:
    """A number of JSON is a double; whole numbers that are too great for one are text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = float(value)
        return int(number) if number.is_integer() else number
    if isinstance(value, str) and re.fullmatch(r"-?[1-9]\d{15,98}", value):
        whole = int(value)
        return whole if abs(whole) >= 2**53 else None
    return None


def _kind_of(path: str) -> str:
    last = path.rpartition(".")[2]
    if last in NUMBERS:
        return "number"
    return "boolean" if last in BOOLEANS else FORMS.get(last, "text")


# Full text.


def matches(asked: str, doc: Any) -> bool:
    """Whether a document's words are as asked."""
    fields = [words_of(text) for _, text in readable_texts(doc)]
    alternatives = [[]]
    for minus, phrase, word in re.findall(r'(-?)(?:"([^"]*)"?|(\S+))', asked):
        if word == "OR" and not minus:
            alternatives.append([])
        elif term := _term(phrase or word, is_phrase=bool(phrase)):
            alternatives[-1] += [(not minus, one) for one in term]
    return any(
        terms and all(wanted == _has(fields, term) for wanted, term in terms)
        for terms in alternatives
    )


def _term(text: str, *, is_phrase: bool) -> list[list[str]]:
    """Lists of words in a row; one that ends with `*` is a prefix."""
    words = words_of(text)
    if not words or is_phrase or not text.endswith("*"):
        return [words] if words else []
    return [*([words[:-1]] if words[:-1] else []), [words[-1], "*"]]


def _has(fields: Sequence[Sequence[str]], term: Sequence[str]) -> bool:
    if term[-1] == "*":
        words = [form for field in fields for word in field for form in (word, stem(word))]
        return any(word.startswith(term[0]) for word in words)
    wanted = [stem(word) for word in term]
    return any(
        [stem(word) for word in field[start : start + len(wanted)]] == wanted
        for field in fields
        for start in range(len(field))
    )


def _title_stems(doc: Mapping[str, Any]) -> list[str]:
    title = doc.get("_title")
    return [stem(word) for word in words_of(title)] if isinstance(title, str) else []


def _wanted_stems(filter: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for member, operand in filter.items():
        if member == "matches":
            for minus, phrase, word in re.findall(r'(-?)(?:"([^"]*)"?|(\S+))', operand):
                if minus or word == "OR":
                    continue
                for term in _term(phrase or word, is_phrase=bool(phrase)):
                    found += [] if term[-1] == "*" else [stem(one) for one in term]
        elif member in ("every", "any"):
            found += [stem_ for one in operand for stem_ in _wanted_stems(one)]
    return found


# Order.


def _sorted(entries: Sequence[Entry], by: str, *, is_descending: bool) -> list[Entry]:
    """Stable; cards without a value of the field's kind come last in both directions."""
    keyed = [(_sort_value(entry, by, is_descending=is_descending), entry) for entry in entries]
    with_value = [(value, entry) for value, entry in keyed if value is not None]
    # `reverse` keeps equal cards in their order, as `key DESC, next key` does.
    with_value.sort(key=lambda pair: pair[0], reverse=is_descending)
    return [entry for _, entry in with_value] + [entry for value, entry in keyed if value is None]


def _sort_value(entry: Entry, by: str, *, is_descending: bool) -> Any:
    general = {
        "cardURL": entry.id,
        "lastModified": entry.last_modified,
        "createdAt": entry.created_at,
    }
    if by in general:
        return general[by]
    kind = _kind_of(by)
    found = [in_order(value, kind) for value in values(entry.doc, by)]
    found = [value for value in found if value is not None]
    if not found:
        return None
    return max(found) if is_descending else min(found)
