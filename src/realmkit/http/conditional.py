"""Conditional requests: what `If-None-Match` and `If-Match` say about an ETag.

Our ETags are quoted content hashes. Clients written for the peer send them bare,
so a bare one in a request is read as if it were quoted.
"""

import hashlib
import re

from starlette.datastructures import Headers

from realmkit.http.negotiation import lines_of

_ENTITY_TAG = re.compile(r'(W/)?"([^"]*)"|([^\s,"]+)')


def etag_of(body: bytes, kind: str = "") -> str:
    """A quoted content hash of a body. `kind` keeps two views of one file apart."""
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    return f'"{digest}:{kind}"' if kind else f'"{digest}"'


def is_held(headers: Headers, etag: str) -> bool:
    """True when a request says that its client already holds this representation."""
    return is_not_modified(lines_of(headers, "if-none-match"), etag)


def is_not_modified(if_none_match: str | None, etag: str) -> bool:
    """True when the client already holds this representation (weak comparison)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or any(
        value == etag.strip('"') for _, value in _entity_tags(if_none_match)
    )


def holds(if_match: str | None, etag: str | None) -> bool:
    """True when a write may go on. `etag` is None for something that does not exist."""
    if if_match is None:
        return True
    if etag is None:
        return False
    return if_match.strip() == "*" or any(
        # Strong comparison: a weak validator never licenses a write.
        not is_weak and value == etag.strip('"')
        for is_weak, value in _entity_tags(if_match)
    )


def _entity_tags(header: str) -> list[tuple[bool, str]]:
    """(is weak, value without quotes) for each member of the list."""
    return [(bool(weak), bare or quoted) for weak, quoted, bare in _ENTITY_TAG.findall(header)]
