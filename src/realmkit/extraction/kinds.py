"""Which definition a file adopts, by the end of its name.

The definitions lie in the base realm under the peer's names. A file whose bytes are
not what its name says keeps to the definition that still holds for it: bytes that are
no image are a `FileDef`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from realmkit.cards.code_refs import BASE_DEF, BASE_PREFIX, FILE_DEF, IMAGE_DEF, CodeRef
from realmkit.extraction.media_types import type_of_file

Reader = Literal["markdown", "image", "svg", "csv", "json", "text", "pdf"]


@dataclass(frozen=True, slots=True)
class FileKind:
    """One definition of files. Without a `reader`, the bytes are never looked at."""

    ref: CodeRef
    label: str
    reader: Reader | None = None
    parent: FileKind | None = None

    @property
    def types(self) -> list[str]:
        """Type keys from the kind itself to `BaseDef`."""
        above = self.parent.types if self.parent else [BASE_DEF.type_key]
        return [self.ref.type_key, *above]

    @property
    def labels(self) -> list[str]:
        return [self.label, *(self.parent.labels if self.parent else ())]


FILE = FileKind(FILE_DEF, "File")
IMAGE = FileKind(IMAGE_DEF, "Image", "image", FILE)


def _kind(
    module: str, name: str, label: str, reader: Reader | None, parent: FileKind = FILE
) -> FileKind:
    return FileKind(CodeRef(BASE_PREFIX + module, name), label, reader, parent)


MARKDOWN = _kind("markdown-file-def", "MarkdownDef", "Markdown", "markdown")
TEXT = _kind("text-file-def", "TextFileDef", "Text", "text")
CSV = _kind("csv-file-def", "CsvFileDef", "CSV", "csv")
JSON = _kind("json-file-def", "JsonFileDef", "JSON", "json")
PDF = _kind("pdf-file-def", "PdfDef", "PDF", "pdf")
PNG = _kind("png-image-def", "PngDef", "PNG image", "image", IMAGE)
JPG = _kind("jpg-image-def", "JpgDef", "JPEG image", "image", IMAGE)
GIF = _kind("gif-image-def", "GifDef", "GIF image", "image", IMAGE)
WEBP = _kind("webp-image-def", "WebpDef", "WebP image", "image", IMAGE)
AVIF = _kind("avif-image-def", "AvifDef", "AVIF image", "image", IMAGE)
SVG = _kind("svg-image-def", "SvgDef", "SVG image", "svg", IMAGE)
GTS = _kind("gts-file-def", "GtsFileDef", "Card module", None)
TS = _kind("ts-file-def", "TsFileDef", "TypeScript module", None)

_BY_SUFFIX = {
    ".avif": AVIF,
    ".csv": CSV,
    ".gif": GIF,
    ".gjs": GTS,
    ".gts": GTS,
    ".jpeg": JPG,
    ".jpg": JPG,
    ".json": JSON,
    ".markdown": MARKDOWN,
    ".md": MARKDOWN,
    ".pdf": PDF,
    ".png": PNG,
    ".svg": SVG,
    ".ts": TS,
    ".tsv": CSV,
    ".webp": WEBP,
}

_ALSO_IMAGES = (".bmp", ".ico", ".tif", ".tiff")
_ALSO_TEXT = ("application/toml", "application/yaml", "application/xml")


def kind_of_file(path: str) -> FileKind:
    """The kind that the name of a file promises."""
    suffix = PurePosixPath(path).suffix.lower()
    if kind := _BY_SUFFIX.get(suffix):
        return kind
    if suffix in _ALSO_IMAGES:
        return IMAGE
    media_type = type_of_file(path)
    return TEXT if media_type.startswith("text/") or media_type in _ALSO_TEXT else FILE


def names_a_file(url: str) -> bool:
    """Whether the end of a URL is that of a file of a known kind, and not of a card or module."""
    suffix = PurePosixPath(url).suffix.lower()
    return (suffix in _BY_SUFFIX or suffix in _ALSO_IMAGES or suffix == ".txt") and suffix not in (
        ".json",
        ".gts",
        ".gjs",
        ".ts",
    )
