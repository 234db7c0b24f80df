"""A search doc as rows: one for each value, with the path and the elements it lies in.

Whoever writes the index and whoever compiles a query agree here on how a value is
written down, so that both databases compare plain columns and mean the same. Texts
are ordered by their first `KEPT_CHARACTERS` and equal as a whole; numbers are doubles,
and exact beyond 2^53 where text holds them.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from typing import cast
from zlib import crc32

KEPT_CHARACTERS = 128
MAX_SEGMENTS = 20
MAX_PATH_BYTES = 1_024
TRIGRAM = 3
EXACT_BELOW = 2**53
NO_DIGITS_FROM = 1e100

# A whole number that JSON cannot hold: fields of such numbers write them as text.
_GREAT_NUMBER = re.compile(r"-?[1-9][0-9]{15,98}")


class Kind(IntEnum):
    """What a row holds. Only elements of plurals have rows for null."""

    NULL = 0
    COMPOSITE = 1
    TEXT = 3
    NUMBER = 4
    BOOLEAN = 5


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One value. `path` has `[]` after a plural whose elements it goes into."""

    path: str
    element: str
    kind: Kind
    number: float | None = None
    text: str | None = None
    folded: str | None = None
    """The whole text, folded, where a database could not fold `text`: both know how to fold
    the letters of ASCII, and other letters each in its own way."""


def search_rows(doc: Mapping[str, object]) -> Iterator[SearchRow]:
    """Every row of a search doc, in the doc's order."""
    return _members(doc, "", "", 1)


def fold(text: str) -> str:
    """How `contains` compares texts."""
    return text.casefold()


def _fold_ascii(text: str) -> str:
    """What `lower` makes of a text in SQLite, and in PostgreSQL under the collation "C"."""
    return text.encode("utf-8", "replace").lower().decode()


def trigram_tokens(path_id: int, folded: str) -> set[str]:
    """Tokens for every three characters that follow each other in a text at a path.

    Different ones may share a token, so what has them all only may contain the text.
    """
    starts = range(len(folded) - TRIGRAM + 1)
    trigrams = {folded[start : start + TRIGRAM] for start in starts}
    return {f"{path_id}x{crc32(trigram.encode('utf-8', 'replace')):x}" for trigram in trigrams}


def text_key(text: str) -> str:
    """What stands for a text in a row: itself, or its beginning and a digest of the whole."""
    if len(text) <= KEPT_CHARACTERS:
        return text
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return text[:KEPT_CHARACTERS] + digest


def number_key(number: int | float) -> tuple[float, str | None]:
    """What stands for a number: the double nearest to it and, where doubles lie further
    apart than whole numbers, text that tells those apart and sorts as they do."""
    nearest = float(number) + 0.0
    if abs(nearest) < EXACT_BELOW or abs(nearest) >= NO_DIGITS_FROM:
        return nearest, None
    whole = int(number)
    digits = str(abs(whole))
    if whole > 0:
        return nearest, f"{len(digits):03}{digits}"
    complement = "".join(str(9 - int(digit)) for digit in digits)
    return nearest, f"{999 - len(digits):03}{complement}"


def great_number(text: str) -> int | None:
    """The whole number that a text holds because JSON numbers cannot; None for other texts."""
    if not _GREAT_NUMBER.fullmatch(text):
        return None
    whole = int(text)
    return whole if abs(whole) >= EXACT_BELOW else None


def _members(
    holder: Mapping[str, object], prefix: str, element: str, depth: int
) -> Iterator[SearchRow]:
    if depth > MAX_SEGMENTS:
        return
    for name, value in holder.items():
        # No query can name these, and their rows would answer for other paths; names beyond
        # all measure (below) are more than a database's index takes.
        if "." in name or "[" in name:
            continue
        path = prefix + name
        if len(path.encode("utf-8", "replace")) > MAX_PATH_BYTES:
            continue
        if isinstance(value, list):
            # The rows of its elements say of any other that it is there.
            if not value:
                yield SearchRow(path, element, Kind.COMPOSITE)
            for position, item in enumerate(cast("list[object]", value)):
                inner = f"{element}.{position}" if element else str(position)
                yield from _value(item, f"{path}[]", inner, depth)
        elif value is not None:
            yield from _value(value, path, element, depth)


def _value(value: object, path: str, element: str, depth: int) -> Iterator[SearchRow]:
    if value is None:
        yield SearchRow(path, element, Kind.NULL)
    elif isinstance(value, bool):
        yield SearchRow(path, element, Kind.BOOLEAN, number=float(value))
    elif isinstance(value, int | float):
        if math.isfinite(value):
            yield SearchRow(path, element, Kind.NUMBER, *number_key(float(value)))
    elif isinstance(value, str):
        yield from _text(value, path, element)
    elif isinstance(value, Mapping):
        yield SearchRow(path, element, Kind.COMPOSITE)
        inside = cast("Mapping[str, object]", value)
        yield from _members(inside, f"{path}.", element, depth + 1)
    else:
        yield SearchRow(path, element, Kind.COMPOSITE)


def _text(value: str, path: str, element: str) -> Iterator[SearchRow]:
    folded = fold(value)
    is_plain = len(value) <= KEPT_CHARACTERS and folded == _fold_ascii(value)
    key = text_key(value)
    yield SearchRow(path, element, Kind.TEXT, text=key, folded=None if is_plain else folded)
    great = great_number(value)
    if great is not None:
        yield SearchRow(path, element, Kind.NUMBER, *number_key(great))
