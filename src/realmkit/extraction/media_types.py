"""The media type of a file by its name, the same on every machine."""

import mimetypes
from pathlib import PurePosixPath

from realmkit.cards.code_refs import MODULE_EXTENSIONS

# What the platform's own table leaves out, or spells differently on each machine.
_TYPES_BY_SUFFIX = {
    ".avif": "image/avif",
    ".css": "text/css",
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".log": "text/plain",
    ".map": "application/json",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def type_of_file(path: str) -> str:
    """The media type of a file's bytes by its name. Source of modules is plain text."""
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in MODULE_EXTENSIONS:
        return "text/plain"
    if known := _TYPES_BY_SUFFIX.get(suffix):
        return known
    return mimetypes.guess_type(path, strict=False)[0] or "application/octet-stream"
