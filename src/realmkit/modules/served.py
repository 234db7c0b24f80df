"""What the module path hands to its callers: a served module, and a realm's manifest.

Both are finished values. `ServedModule` is an answer the edge can send as it is, in any
content coding;
`Manifest` lists every module of a realm with its current version, so that the
browser host imports only versioned, immutable URLs.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import cached_property
from typing import Any

import orjson

from realmkit.coalesce import Layer
from realmkit.modules.codings import Codings
from realmkit.modules.files_then import FileThen

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "public, max-age=0"


@dataclass(frozen=True, slots=True)
class ServedModule:
    """One answer: 200 with a body, or 302 with a `location` header and no body.

    `etag` is quoted and a hash of the body ("" on a redirect). `headers` holds every
    header of the answer, names in lower case, etag and content-type included. `codings`
    holds the body and its compressed forms. `rests_on` are the files that decide the answer,
    as they were when it was made, the module's own first, then its realm's: its body names the
    versions of what it imports, and those move with every file behind them.
    """

    status: int
    body: bytes
    etag: str
    headers: Mapping[str, str]
    codings: Codings
    rests_on: tuple[FileThen, ...] = ()

    def as_hit(self) -> "ServedModule":
        """The same answer when it is given again from memory."""
        hit = {"x-boxel-cache": "hit", "x-realmkit-cache-layer": "l1"}
        return replace(self, headers={**self.headers, **hit})


def javascript(
    body: bytes,
    *,
    is_immutable: bool,
    canonical_url: str | None = None,
    modified_s: int | None = None,
    media_type: str = "text/javascript",
    layer: Layer = "made",
    rests_on: tuple[FileThen, ...] = (),
) -> ServedModule:
    """A 200 with `body`: for ever at a versioned address, revalidated at any other.

    `layer` is where its compiled form was found.
    """
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "content-type": media_type,
        "content-length": str(len(body)),
        "cache-control": IMMUTABLE if is_immutable else REVALIDATED,
        "etag": etag,
        "x-boxel-cache": "miss",
        "x-realmkit-cache-layer": "transpiled" if layer == "made" else layer,
    }
    if canonical_url is not None:
        headers["x-boxel-canonical-path"] = canonical_url
    if modified_s is not None:
        headers["last-modified"] = formatdate(modified_s, usegmt=True)
    return ServedModule(200, body, etag, headers, Codings(body), rests_on)


def redirect(location: str) -> ServedModule:
    """A 302 to the version that is current. Tomorrow it may be another one."""
    headers = {"location": location, "cache-control": "no-store", "content-length": "0"}
    return ServedModule(302, b"", "", headers, Codings(b""))


@dataclass(frozen=True, slots=True)
class ModuleProblem:
    """Why a module may not be imported. `line` (from 1) and `column` (from 0) may be absent.

    `file` is the path, in its realm, of the file to repair, which is where the place is.
    `module` is the identity of the module at fault, one that is missing included, so that
    whoever depends on it hears of it when it is repaired; `importer` is who asked for it.
    """

    title: str
    detail: str
    module: str
    importer: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    frame: str | None = None

    @property
    def place(self) -> dict[str, Any]:
        """Where it is to be repaired, as an error's `meta` tells it: what is known of
        `file`, `line`, `column` and `frame`."""
        members = {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "frame": self.frame,
        }
        return {name: value for name, value in members.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        members = {
            "title": self.title,
            "detail": self.detail,
            "module": self.module,
            "importer": self.importer,
        }
        return {name: value for name, value in members.items() if value is not None} | self.place


@dataclass(frozen=True, slots=True)
class ManifestModule:
    """A module as the host sees it: where to import it, and what else it will bring in.

    `url` is the module URL (no extension; `@cardstack/base/...` for base modules).
    `dependencies` are the module URLs it imports directly. `errors` are its own and
    those of everything it imports: a module with errors is never imported.
    """

    url: str
    href: str
    version: str
    dependencies: tuple[str, ...]
    errors: tuple[ModuleProblem, ...]
    exports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """Every module of one realm. `epoch` changes when any version in it changes."""

    realm_url: str
    epoch: str
    modules: Mapping[str, ManifestModule] = field(default_factory=dict[str, ManifestModule])

    def to_document(self) -> dict[str, Any]:
        """The JSON:API document of `<realm>_modules`."""
        return {
            "data": {
                "type": "module-manifest",
                "id": self.realm_url,
                "attributes": {
                    "epoch": self.epoch,
                    "modules": {
                        url: {
                            "href": module.href,
                            "version": module.version,
                            "dependencies": list(module.dependencies),
                            "errors": [problem.to_dict() for problem in module.errors],
                        }
                        for url, module in self.modules.items()
                    },
                },
            }
        }

    @cached_property
    def body(self) -> bytes:
        """The document as JSON bytes, made once for each manifest."""
        return orjson.dumps(self.to_document())
