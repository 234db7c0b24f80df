"""Single byte ranges of a body that is already in memory.

A range the client may not have (several ranges, another unit, a stale If-Range)
is ignored and the whole body is sent, as RFC 9110 allows.
"""

import re
from dataclasses import dataclass

_SINGLE_RANGE = re.compile(r"^\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class ByteRange:
    """First and last byte, both included."""

    first: int
    last: int


class Unsatisfiable:
    """The range starts after the end: 416."""


def parse_range(header: str | None, size: int) -> ByteRange | Unsatisfiable | None:
    """The range to send, Unsatisfiable, or None for the whole body."""
    match = _SINGLE_RANGE.match(header or "")
    if not match or (not match[1] and not match[2]):
        return None
    if not match[1]:
        # `bytes=-5` asks for the last five.
        length = min(int(match[2]), size)
        return ByteRange(size - length, size - 1) if length else Unsatisfiable()
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    return ByteRange(first, last) if first < size else Unsatisfiable()


def may_use_range(if_range: str | None, etag: str) -> bool:
    """True without If-Range, or when it names exactly this ETag."""
    return if_range is None or if_range.strip().strip('"') == etag.strip('"')
