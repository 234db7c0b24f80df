"""One body in every content coding: each made once, off the event loop, and kept.

The levels are those beyond which a module of 10 KB shrinks by less than a twentieth and
takes ten times as long. What is smaller than a packet is sent as it is.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import Callable
from typing import Literal

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Coding = Literal["identity", "zstd", "br", "gzip"]
COMPRESSED: tuple[Coding, ...] = ("zstd", "br", "gzip")
"""The ones we prefer come first."""

WORTH_COMPRESSING = 1_024
"""The fewest bytes for which a compressed form is made of our own accord."""


def compress(body: bytes, coding: Coding) -> bytes:
    """The body in a content coding (RFC 9110, 8.4.1). The same input gives the same bytes."""
    match coding:
        case "zstd":
            return zstd.compress(body, 12)
        case "br":
            return brotli.compress(body, quality=5)
        case "gzip":
            return gzip.compress(body, 6, mtime=0)
        case "identity":
            return body


class Codings:
    """A body and its compressed forms. `on_growth` hears of each form that is added."""

    def __init__(self, body: bytes) -> None:
        self.on_growth: Callable[[], None] = lambda: None
        self._body = body
        self._made: dict[Coding, asyncio.Future[bytes]] = {}

    @property
    def is_worth_compressing(self) -> bool:
        return len(self._body) >= WORTH_COMPRESSING

    @property
    def size(self) -> int:
        """The bytes of all the forms that there are."""
        made = (each for each in self._made.values() if each.done() and not each.cancelled())
        return len(self._body) + sum(len(each.result()) for each in made)

    async def get(self, coding: Coding) -> bytes:
        """The body in this coding."""
        if coding == "identity":
            return self._body
        made = self._made.get(coding)
        if made is None:
            made = asyncio.ensure_future(asyncio.to_thread(compress, self._body, coding))
            made.add_done_callback(lambda _: self.on_growth())
            self._made[coding] = made
        # One client that leaves must not take it from the others.
        return await asyncio.shield(made)
