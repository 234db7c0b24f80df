"""Markdown: front matter, headings, links, and the text without the front matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Any, cast

from frontmatter.default_handlers import YAMLHandler
from markdown_it import MarkdownIt
from markdown_it.token import Token
from yaml import YAMLError

from realmkit.extraction.looking import TEXT_LIMIT, Extract, decoded, shortened

HEADINGS_LIMIT = 200
LINKS_LIMIT = 500
# An alias of YAML is a few bytes and may stand for a million values.
FRONT_MATTER_VALUES = 1_000
FRONT_MATTER_DEPTH = 20

_markdown = MarkdownIt("commonmark").enable("table")


def read(content: bytes, suffix: str) -> Extract:
    text, note = decoded(content)
    front_matter, body, trouble = _split(text)
    tokens = _markdown.parse(body)
    headings = list(_headings(tokens))[:HEADINGS_LIMIT]
    title = front_matter.get("title")
    if not isinstance(title, str) or not title.strip():
        title = next((each["text"] for each in headings), None)
    return Extract(
        {
            "title": title,
            "excerpt": shortened(_first_paragraph(tokens)),
            "frontmatter": front_matter,
            "headings": headings,
            "links": list(dict.fromkeys(_links(tokens)))[:LINKS_LIMIT],
            "content": body[:TEXT_LIMIT],
        },
        note or trouble,
    )


def _split(text: str) -> tuple[dict[str, Any], str, str | None]:
    """Front matter, body, and what is wrong with the front matter."""
    handler = YAMLHandler()
    if not handler.detect(text):
        return {}, text, None
    try:
        written, body = handler.split(text)
    except ValueError:
        # Opened and never closed: a line of dashes is Markdown too.
        return {}, text, None
    body = body.lstrip("\r\n")
    try:
        loaded: object = handler.load(written)
    except (YAMLError, ValueError) as exc:
        return {}, body, f"Its front matter is no YAML: {shortened(str(exc), 200)}"
    if loaded is None:
        return {}, body, None
    if not isinstance(loaded, Mapping):
        return {}, body, "Its front matter is no mapping of names to values."
    try:
        plain = _Plain().value(cast("Mapping[object, object]", loaded))
    except OverflowError as exc:
        return {}, body, str(exc)
    return plain, body, None


class _Plain:
    """Makes values of YAML into values of JSON, a bounded number of them."""

    def __init__(self) -> None:
        self._left = FRONT_MATTER_VALUES

    def value(self, value: object, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > FRONT_MATTER_DEPTH:
            raise OverflowError(
                f"Its front matter holds more than {FRONT_MATTER_VALUES} values,"
                f" or nests deeper than {FRONT_MATTER_DEPTH}."
            )
        match value:
            case None | bool() | str():
                return value
            case int():
                return value if abs(value) < 2**53 else str(value)
            case float():
                # NaN and infinity are no JSON.
                return value if value - value == 0 else str(value)
            case date():
                return value.isoformat()
            case Mapping():
                members = cast("Mapping[object, object]", value)
                return {str(name): self.value(each, depth + 1) for name, each in members.items()}
            case list() | tuple() | set():
                items = cast("list[object]", value)
                return [self.value(each, depth + 1) for each in items]
            case _:
                return str(value)


def _headings(tokens: list[Token]) -> Iterator[dict[str, Any]]:
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            text = _text_of(inline)
            if text:
                yield {"level": int(opening.tag[1:]), "text": text}


def _first_paragraph(tokens: list[Token]) -> str:
    for opening, inline in pairwise(tokens):
        if opening.type == "paragraph_open" and (text := _text_of(inline)):
            return text
    return ""


def _links(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        for child in token.children or ():
            target = child.attrGet("href") or child.attrGet("src")
            if isinstance(target, str) and not target.startswith("data:"):
                yield target[:2_000]


def _text_of(inline: Token) -> str:
    told = (
        child.content if child.type in ("text", "code_inline") else " "
        for child in inline.children or ()
        if child.type in ("text", "code_inline", "softbreak", "hardbreak")
    )
    return " ".join("".join(told).split())
