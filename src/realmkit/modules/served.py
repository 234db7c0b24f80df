"""What the module path hands to its callers: a served module, and a realm's manifest.

Both are finished values. `ServedModule` is an answer the edge can send as it is;
`Manifest` lists every module of a realm with its current version, so that the
browser host imports only versioned, immutable URLs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class ServedModule:
    """One answer: 200 with a body, or 302 with a `location` header and no body.

    `etag` is quoted and a hash of the body ("" on a redirect). `headers` holds every
    header of the answer, names in lower case, etag and content-type included.
    """

    status: int
    body: bytes
    etag: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModuleProblem:
    """Why a module may not be imported. `line` (from 1) and `column` (from 0) may be absent.

    `module` is the specifier or module that is at fault, `importer` who asked for it
    (realm-relative, or a URL when it lies in another realm).
    """

    title: str
    detail: str
    module: str
    importer: str | None = None
    line: int | None = None
    column: int | None = None
    frame: str | None = None

    def to_dict(self) -> dict[str, Any]:
        members = {
            "title": self.title,
            "detail": self.detail,
            "module": self.module,
            "importer": self.importer,
            "line": self.line,
            "column": self.column,
            "frame": self.frame,
        }
        return {name: value for name, value in members.items() if value is not None}


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
