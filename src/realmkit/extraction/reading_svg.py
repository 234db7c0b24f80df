"""SVG: its size and its title. Entities are not resolved outside of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from realmkit.extraction.looking import Extract, WrongKind, shortened

_LENGTH = re.compile(r"^\s*([0-9]*\.?[0-9]+)(px)?\s*$")
_SVG = "{http://www.w3.org/2000/svg}"


def read(content: bytes, suffix: str) -> Extract:
    seen = _Seen()
    parser = ElementTree.XMLParser(target=seen)
    note = None
    try:
        parser.feed(content)
        parser.close()
    except (ElementTree.ParseError, ValueError, LookupError) as exc:
        note = f"It is not well-formed XML: {exc}."
    if seen.root is None or seen.root[0] != f"{_SVG}svg":
        raise WrongKind(note or "It is no SVG image: its root is another element.")
    title = shortened(seen.title or "")
    return Extract({**_size(seen.root[1]), **({"title": title} if title else {})}, note)


class _Seen:
    """Listens to a parser: the root's name and attributes, and the text of the first title."""

    def __init__(self) -> None:
        self.root: tuple[str, dict[str, str]] | None = None
        self.title: str | None = None
        self._is_in_title = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.root = self.root or (tag, attributes)
        if tag == f"{_SVG}title" and self.title is None:
            self._is_in_title, self.title = True, ""

    def data(self, data: str) -> None:
        if self._is_in_title and self.title is not None:
            self.title += data

    def end(self, tag: str) -> None:
        self._is_in_title = False

    def close(self) -> None:
        """The parser asks for it."""


def _size(root: Mapping[str, str]) -> dict[str, Any]:
    width, height = (_length(root.get(name)) for name in ("width", "height"))
    box = [_length(each) for each in re.split(r"[\s,]+", (root.get("viewBox") or "").strip())]
    if (width is None or height is None) and len(box) == 4:
        width, height = width or box[2], height or box[3]
    return {"width": width, "height": height} if width and height else {}


def _length(text: str | None) -> int | None:
    match = _LENGTH.match(text or "")
    return round(float(match[1])) if match else None
