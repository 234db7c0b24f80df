"""What compiling one source gives: a module in parts, or the author's error.

The parts are joined by import specifiers, so a module can be given versioned addresses
without parsing it again. An error is a result as well: the same source fails the same
way, so both are cached alike.
"""

import hashlib
import json
from collections.abc import Sequence

import msgspec

from realmkit.coalesce import Payload

JAVASCRIPT = "text/javascript"


class Import(msgspec.Struct, frozen=True):
    """One import of a module. `line` (from 1) is None when a compiler added it.

    `kind` is `static`, `reexport`, `side-effect` or `dynamic`; `names` are export names of
    the imported module, `*` for all of them.
    """

    specifier: str
    names: tuple[str, ...]
    kind: str
    line: int | None = None
    column: int | None = None


class Failure(msgspec.Struct, frozen=True):
    """Why a source does not compile, in the author's own lines. `column` counts from 0."""

    message: str
    line: int | None = None
    column: int | None = None
    frame: str | None = None


class Compiled(msgspec.Struct, frozen=True, rename="camel"):
    """A module: `parts[0] + specifier 0 + parts[1] + ... + parts[n]`. Or an `error`."""

    parts: tuple[str, ...] = ("",)
    imports: tuple[Import, ...] = ()
    exports: tuple[str, ...] = ()
    export_stars: tuple[str, ...] = ()
    map: msgspec.Raw = msgspec.Raw(b"null")
    error: Failure | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every answer that it makes, whatever else that one has."""
        return {"content-type": JAVASCRIPT if self.error is None else "application/vnd.api+json"}

    def assemble(self, addresses: Sequence[str]) -> str:
        """The module's text with the specifier of each import replaced by an address."""
        pieces = [self.parts[0]]
        for address, part in zip(addresses, self.parts[1:], strict=True):
            pieces += (json.dumps(address), part)
        return "".join(pieces)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Compiled)


def encode(compiled: Compiled) -> Payload:
    """As the cache's table holds it."""
    return Payload(
        _encoder.encode(compiled).decode(),
        tuple(dict.fromkeys(each.specifier for each in compiled.imports)),
        compiled.headers,
    )


def decode(text: str | bytes) -> Compiled:
    """Raises `ValueError` when it is none."""
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError as exc:
        raise ValueError(str(exc)) from exc


def short_hash(*pieces: str | bytes) -> str:
    """16 hex digits over the pieces and their boundaries."""
    digest = hashlib.sha256()
    for piece in pieces:
        data = piece.encode() if isinstance(piece, str) else piece
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:16]
