"""What is learnt of sound files, kind by kind."""

import pytest

from ..support.documents import image, pdf, photo
from .conftest import Folder

pytestmark = pytest.mark.anyio

NOTE = """---
title: Field notes
tags: [birds, dunes]
seen: 2024-05-01
---

# Morning

Two *curlews* over the [dunes](./dunes.md), and
a `heron`.

## Evening ![the bay](bay.png)
"""


async def test_markdown_tells_front_matter_headings_links_and_text(folder: Folder) -> None:
    facts = await folder.facts("notes/may.md", NOTE)

    assert facts.kind.ref.name == "MarkdownDef" and facts.note is None
    content = facts.attributes["content"]
    assert content.startswith("# Morning") and content.endswith("bay.png)\n")
    assert {**facts.attributes, "content": ""} == {
        "title": "Field notes",
        "excerpt": "Two curlews over the dunes, and a heron.",
        "frontmatter": {"title": "Field notes", "tags": ["birds", "dunes"], "seen": "2024-05-01"},
        "headings": [{"level": 1, "text": "Morning"}, {"level": 2, "text": "Evening"}],
        "links": ["./dunes.md", "bay.png"],
        "content": "",
    }


async def test_markdown_without_front_matter_is_titled_by_its_first_heading(folder: Folder) -> None:
    facts = await folder.facts("a.md", "Setting\n=======\n\n---\n\nText.\n")

    assert facts.attributes["title"] == "Setting"
    assert facts.attributes["frontmatter"] == {}


@pytest.mark.parametrize(
    ("name", "format", "definition"),
    [
        ("a.png", "PNG", "PngDef"),
        ("a.JPG", "JPEG", "JpgDef"),
        ("a.gif", "GIF", "GifDef"),
        ("a.webp", "WEBP", "WebpDef"),
        ("a.avif", "AVIF", "AvifDef"),
    ],
)
async def test_an_image_tells_its_dimensions(
    folder: Folder, name: str, format: str, definition: str
) -> None:
    facts = await folder.facts(name, image(format))

    assert (facts.kind.ref.name, facts.note) == (definition, None)
    assert (facts.attributes["width"], facts.attributes["height"]) == (40, 30)


async def test_a_photo_tells_camera_and_time_and_is_measured_as_it_is_shown(folder: Folder) -> None:
    content = photo(camera="Tern 5", taken_at="2024:05:01 12:30:00", orientation=6)
    facts = await folder.facts("a.jpg", content)

    assert facts.attributes == {
        "width": 30,
        "height": 40,
        "camera": "Tern 5",
        "takenAt": "2024-05-01T12:30:00",
    }


async def test_an_svg_tells_its_size_and_title(folder: Folder) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 16"><title>A flag</title></svg>'
    facts = await folder.facts("a.svg", svg)

    assert facts.kind.ref.name == "SvgDef"
    assert facts.attributes == {"width": 24, "height": 16, "title": "A flag"}


async def test_csv_tells_columns_rows_and_a_sample(folder: Folder) -> None:
    facts = await folder.facts("a.csv", 'name; note\nAnn;"one;two\nlines"\n\nBob;\n')

    assert facts.kind.ref.name == "CsvFileDef"
    assert {**facts.attributes, "content": ""} == {
        "columns": ["name", "note"],
        "columnCount": 2,
        "rowCount": 2,
        "sample": [["Ann", "one;two\nlines"], ["Bob", ""]],
        "content": "",
    }


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ('{"b": 1, "a": []}', {"shape": "object", "keys": ["b", "a"], "itemCount": 2}),
        ('[{"x": 1}, {"x": 2}]', {"shape": "array", "keys": ["x"], "itemCount": 2}),
        ("3.5", {"shape": "number"}),
    ],
)
async def test_json_tells_its_outermost_shape(
    folder: Folder, text: str, shape: dict[str, object]
) -> None:
    facts = await folder.facts("a.json", text)

    assert facts.kind.ref.name == "JsonFileDef"
    assert facts.attributes == {**shape, "content": text}


async def test_text_tells_its_lines(folder: Folder) -> None:
    facts = await folder.facts("log.txt", "first\n\nsecond\n")

    assert facts.kind.ref.name == "TextFileDef"
    assert facts.attributes == {
        "content": "first\n\nsecond\n",
        "excerpt": "first second",
        "lineCount": 3,
    }


async def test_a_pdf_tells_its_pages_and_text(folder: Folder) -> None:
    facts = await folder.facts("a.pdf", pdf("Low tide", "High tide", title="Tides"))

    assert facts.kind.ref.name == "PdfDef"
    assert facts.attributes == {
        "title": "Tides",
        "pageCount": 2,
        "excerpt": "Low tide High tide",
        "content": "Low tide\n\nHigh tide",
    }


async def test_other_files_are_files_and_are_not_looked_into(folder: Folder) -> None:
    before = folder.extractor.looked_into
    facts = await folder.facts("a.zip", b"PK")

    assert facts.kind.types == [
        "@cardstack/base/card-api/FileDef",
        "@cardstack/base/card-api/BaseDef",
    ]
    assert (facts.size, facts.attributes) == (2, {})
    assert folder.extractor.looked_into == before


async def test_the_same_bytes_are_looked_into_once(folder: Folder) -> None:
    before = folder.extractor.looked_into
    first = await folder.facts("one.md", "# Once")
    again = await folder.facts("one.md")
    copy = await folder.facts("copy.md", "# Once")

    assert first.attributes == again.attributes == copy.attributes
    assert folder.extractor.looked_into == before + 1
