"""Naming a card definition: code refs, module URLs and type keys.

A code ref is a module and an export name. Documents spell modules relative to
themselves, with or without an executable extension, and the base realm in three
ways; inside the server a module has one name. `ModuleNames` does the folding,
and the way back for documents that are written or served.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urldefrag, urljoin

from realmkit.cards.addresses import relative_reference
from realmkit.errors import BadRequest

BASE_PREFIX = "@cardstack/base/"
"""How modules and cards of the base realm are named everywhere inside."""

BASE_ORIGIN_SPELLING = "https://cardstack.com/base/"

MODULE_EXTENSIONS = (".js", ".gjs", ".ts", ".gts")
"""Of modules' sources, in the order in which a path without extension is looked for."""


@dataclass(frozen=True, slots=True, order=True)
class CodeRef:
    """A definition's identity: a folded module URL without extension, and an export name."""

    module: str
    name: str

    @property
    def type_key(self) -> str:
        """`<module URL>/<ExportName>`, the form in which types are stored and compared."""
        return f"{self.module}/{self.name}"

    def to_json(self) -> dict[str, str]:
        return {"module": self.module, "name": self.name}

    @staticmethod
    def from_type_key(type_key: str) -> "CodeRef":
        module, _, name = type_key.rpartition("/")
        return CodeRef(module, name)


CARD_DEF = CodeRef(BASE_PREFIX + "card-api", "CardDef")
BASE_DEF = CodeRef(BASE_PREFIX + "card-api", "BaseDef")
FILE_DEF = CodeRef(BASE_PREFIX + "card-api", "FileDef")
IMAGE_DEF = CodeRef(BASE_PREFIX + "card-api", "ImageDef")

# The engine's own classes that other modules of the base realm export as well.
_REEXPORTED = {
    CodeRef(BASE_PREFIX + "file-api", "FileDef"): FILE_DEF,
    CodeRef(BASE_PREFIX + "file-api", "ImageDef"): IMAGE_DEF,
    CodeRef(BASE_PREFIX + "image-file-def", "ImageDef"): IMAGE_DEF,
    CodeRef(BASE_PREFIX + "image-file-def", "default"): IMAGE_DEF,
}


@dataclass(frozen=True, slots=True)
class ModuleNames:
    """The spellings of modules on a server whose origin is `public_url` (no trailing slash)."""

    public_url: str

    def resolve(self, ref: CodeRef | Mapping[str, Any], relative_to: str | None = None) -> CodeRef:
        """Return `ref` with its module's one name. `relative_to` is the document's own URL."""
        module, name = (
            (ref.module, ref.name) if isinstance(ref, CodeRef) else (ref["module"], ref["name"])
        )
        resolved = CodeRef(self.resolve_module(module, relative_to), name)
        return _REEXPORTED.get(resolved, resolved)

    def resolve_module(self, module: str, relative_to: str | None = None) -> str:
        """Return the module's one name: absolute, base folded, no query, no extension."""
        if not module.startswith("@") and relative_to is not None:
            base = self.to_url(relative_to)
            try:
                module = urljoin(base, module)
            except ValueError as exc:
                raise BadRequest(f"`{module}` is not a module URL") from exc
        module = urldefrag(module).url.partition("?")[0]
        return trim_executable_extension(self.fold(module))

    def fold(self, url: str) -> str:
        """Write a URL of the base realm in its `@cardstack/base/` form; leave others alone."""
        for spelling in (BASE_ORIGIN_SPELLING, f"{self.public_url}/base/"):
            if url.startswith(spelling):
                return BASE_PREFIX + url.removeprefix(spelling)
        return url

    def to_url(self, name: str) -> str:
        """The address at which this server serves what `fold` names."""
        folded = self.fold(name)
        if folded.startswith(BASE_PREFIX):
            return f"{self.public_url}/base/" + folded.removeprefix(BASE_PREFIX)
        return folded

    def spell(self, module: str, document_url: str, realm_url: str) -> str:
        """How a document at `document_url` writes `module`: relative inside its own realm."""
        address = self.to_url(module)
        if address.startswith(realm_url) and document_url.startswith(realm_url):
            return relative_reference(address, document_url)
        return self.fold(module)


def is_module_path(path: str) -> bool:
    """Whether a file of this name holds a module's source. A `.d.ts` declares types, and is none."""
    return path.endswith(MODULE_EXTENSIONS) and not path.endswith(".d.ts")


def trim_executable_extension(url: str) -> str:
    for extension in MODULE_EXTENSIONS:
        if url.endswith(extension):
            return url.removesuffix(extension)
    return url


def is_code_ref(value: object) -> bool:
    """Whether `value` is `{"module": <text>, "name": <text>}`, both of them not empty."""
    if not isinstance(value, Mapping):
        return False
    ref = cast("Mapping[str, object]", value)
    return all(isinstance(ref.get(key), str) and ref[key] for key in ("module", "name"))
