"""Which representation a client gets: RFC 9110 content negotiation.

A resource lists what it offers, best first; `choose` weighs the client's Accept
header against that list, q-values and wildcards included. The media types of the
realm protocol are named here and nowhere else; those of files, in `extraction`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from starlette.datastructures import Headers

CARD = "application/vnd.card+json"
SOURCE = "application/vnd.card+source"
FILE_META = "application/vnd.card.file-meta+json"
API = "application/vnd.api+json"
JSON = "application/json"
BYTES = "application/octet-stream"
JAVASCRIPT = "text/javascript"
HTML = "text/html"
EVENTS = "text/event-stream"


LONGEST_HEADER = 4_096
"""In characters. Nobody who names what they like needs more: a longer one is not read."""

# A quote that nobody closes runs to the end, so that no character is looked at twice.
_MEMBER = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+', re.DOTALL)
_RANGE = re.compile(r"^([\w!#$%&'*+.^`|~-]+)/([\w!#$%&'*+.^`|~-]+)$")
_QUALITY = re.compile(r"^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$")


def lines_of(headers: Headers, name: str) -> str | None:
    """What a request says in a header, in one line or in several (RFC 9110, 5.3)."""
    lines = headers.getlist(name)
    return ", ".join(lines) if lines else None


@dataclass(frozen=True)
class MediaRange:
    """One member of an Accept header. `specificity` is 0 for `*/*`, 1 for `a/*`, 2 for `a/b`."""

    type: str
    subtype: str
    quality: float

    @property
    def specificity(self) -> int:
        return (self.type != "*") + (self.subtype != "*")

    def covers(self, media_type: str) -> bool:
        kind, _, subtype = media_type.partition("/")
        return self.type in ("*", kind) and self.subtype in ("*", subtype)


def choose(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """The offer the client likes best, or None when it accepts none of them.

    Among equally liked offers one that is named beats one that a wildcard covers,
    and then the earlier offer wins.
    """
    ranges = parse_accept(accept or "*/*")
    best: str | None = None
    best_score = (0.0, -1)
    for offer in offers:
        covering = [r for r in ranges if r.covers(offer)]
        if not covering:
            continue
        # The most specific range decides an offer's quality, even against a higher q.
        decisive = max(covering, key=lambda r: r.specificity)
        score = (decisive.quality, decisive.specificity)
        if decisive.quality > 0 and score > best_score:
            best, best_score = offer, score
    return best


def asks_for(headers: Headers, media_type: str) -> bool:
    """True when a request's Accept names this type itself."""
    return names(lines_of(headers, "accept"), media_type)


def names(accept: str | None, media_type: str) -> bool:
    """True when the header names this type itself, not merely a wildcard over it."""
    return any(
        r.specificity == 2 and r.quality > 0 and r.covers(media_type)
        for r in parse_accept(accept or "")
    )


def parse_accept(header: str) -> tuple[MediaRange, ...]:
    """The header's members. Malformed ones are passed over; an empty header accepts all.

    One that is longer than `LONGEST_HEADER` names nothing.
    """
    return _parsed(header) if len(header) <= LONGEST_HEADER else ()


@lru_cache(maxsize=256)
def _parsed(header: str) -> tuple[MediaRange, ...]:
    ranges: list[MediaRange] = []
    for member in _MEMBER.findall(header):
        name, *parameters = (part.strip() for part in member.split(";"))
        match = _RANGE.match(name.lower())
        if not match or (match[1] == "*" and match[2] != "*"):
            continue
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                value = value.strip()
                quality = float(value) if _QUALITY.match(value) else 0.0
        ranges.append(MediaRange(match[1], match[2], quality))
    if not ranges and not header.strip():
        return (MediaRange("*", "*", 1.0),)
    return tuple(ranges)


def media_type_of(content_type: str | None) -> str:
    """A Content-Type without its parameters, in lower case; empty when there is none."""
    return (content_type or "").partition(";")[0].strip().lower()


def with_charset(media_type: str) -> str:
    """The Content-Type to send: text says that it is UTF-8."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
