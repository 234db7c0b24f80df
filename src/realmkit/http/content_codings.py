"""Which content coding a client gets: RFC 9110, section 12.5.3, q-values included.

A coding that a client names, or covers by `*`, may be sent; `identity` may always be
sent unless it is refused. Among those a client likes equally the order is ours. The
representations in two codings are different bytes, so each has a strong validator of
its own (section 8.8.3.3): a cache that holds one may then be asked for ranges of it,
and is never told that it holds the other.
"""

from collections.abc import Mapping
from functools import lru_cache

from realmkit.http.negotiation import LONGEST_HEADER
from realmkit.modules.codings import COMPRESSED, Coding

# Whoever names codings and not `identity` would rather have those.
_UNNAMED_IDENTITY = 0.0001


def choose_coding(accept_encoding: str | None, *, is_worth_it: bool) -> Coding | None:
    """The coding to send, or None when the client refuses every one there is.

    `is_worth_it` is whether compressing pays; where it does not, a client gets the
    plain bytes unless it refuses them. Without the header anything may be sent, and
    plain bytes are what everybody can read; so it is where the header is longer than
    `LONGEST_HEADER`, which is not read.
    """
    if accept_encoding is None or len(accept_encoding) > LONGEST_HEADER:
        return "identity"
    return _chosen(accept_encoding, is_worth_it)


@lru_cache(maxsize=256)
def _chosen(accept_encoding: str, is_worth_it: bool) -> Coding | None:
    qualities = _qualities(accept_encoding)
    others = qualities.get("*")
    identity = qualities.get("identity", _UNNAMED_IDENTITY if others is None else others)
    if not is_worth_it and identity > 0:
        return "identity"
    best: Coding | None = "identity" if identity > 0 else None
    best_quality = identity
    # The ones we prefer last, so that they win a draw.
    for coding in reversed(COMPRESSED):
        quality = qualities.get(coding, others or 0.0)
        if quality > 0 and quality >= best_quality:
            best, best_quality = coding, quality
    return best


def coded_etag(etag: str, coding: Coding) -> str:
    """The validator of the same body in another coding."""
    return etag if coding == "identity" else f'{etag[:-1]}:{coding}"'


def _qualities(header: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for member in header.lower().split(","):
        name, _, parameters = member.partition(";")
        name = name.strip()
        if name:
            # An alias of old (section 8.4.1.3).
            found["gzip" if name == "x-gzip" else name] = _quality(parameters)
    return found


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = float(value.strip())
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0
