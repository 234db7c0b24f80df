"""PDF: pages, title, author and text."""

from __future__ import annotations

import io
import logging
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from realmkit.extraction.looking import TEXT_LIMIT, Extract, WrongKind, shortened

# Every oddity of a file is a warning there; what matters becomes a note.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(content: bytes, suffix: str) -> Extract:
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            return Extract(note="It is encrypted.")
        page_count = len(reader.pages)
    except (MemoryError, RecursionError):
        raise
    except Exception as exc:
        # The reader meets broken files with whatever its code happens to raise.
        detail = shortened(str(exc), 200) if isinstance(exc, PyPdfError) else ""
        raise WrongKind(f"It is no PDF that can be read{detail and f': {detail}'}.") from exc
    text, note = _text(reader)
    return Extract(
        {
            **_about(reader),
            "pageCount": page_count,
            "excerpt": shortened(text),
            "content": text,
        },
        note,
    )


def _about(reader: PdfReader) -> dict[str, Any]:
    try:
        if (about := reader.metadata) is None:
            return {}
        told = {"title": about.title, "author": about.author}
    except Exception:
        # As above.
        return {}
    return {name: _clean(value)[:500] for name, value in told.items() if value}


def _text(reader: PdfReader) -> tuple[str, str | None]:
    pages: list[str] = []
    length = 0
    for number, page in enumerate(reader.pages, 1):
        try:
            pages.append(_clean(page.extract_text()))
        except (MemoryError, RecursionError):
            raise
        except Exception:
            # As above.
            return "\n\n".join(pages), f"The text of page {number} cannot be read."
        length += len(pages[-1])
        if length > TEXT_LIMIT:
            break
    return "\n\n".join(pages)[:TEXT_LIMIT], None


def _clean(text: str) -> str:
    """Fonts may map glyphs to halves of characters, which nothing can store."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
