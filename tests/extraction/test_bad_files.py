"""Files that are broken, hostile or huge: each is an entry with a note, and the next one works."""

import asyncio
import zlib

import pytest

from realmkit.extraction import FileExtractor, FileFacts, kind_of_file
from realmkit.extraction.looking import TEXT_LIMIT

from ..support.documents import image, pdf
from .conftest import Folder

pytestmark = pytest.mark.anyio


def named(facts: FileFacts) -> str:
    return facts.kind.ref.name


async def test_a_truncated_png_keeps_its_dimensions_and_says_so(folder: Folder) -> None:
    facts = await folder.facts("a.png", image(size=(400, 300))[:2_000])

    assert (named(facts), facts.attributes["width"]) == ("PngDef", 400)
    assert facts.note == "It breaks off before its end, or is damaged."


async def test_bytes_that_are_no_image_are_a_plain_file(folder: Folder) -> None:
    facts = await folder.facts("a.png", b"\x89PNG nothing of the sort")

    assert (named(facts), facts.attributes) == ("FileDef", {})
    assert facts.note == "It is no image: its bytes are in no format we know."


async def test_an_image_in_another_format_is_an_image(folder: Folder) -> None:
    facts = await folder.facts("a.png", image("JPEG"))

    assert (named(facts), facts.attributes["width"]) == ("ImageDef", 40)
    assert facts.note == "Its name says PNG, and its bytes are JPEG."


async def test_a_decompression_bomb_is_never_unpacked(folder: Folder) -> None:
    facts = await folder.facts("bomb.png", _bomb(side=50_000))

    assert (named(facts), facts.attributes) == ("FileDef", {})
    assert facts.note is not None and "more pixels than a page can show" in facts.note


async def test_a_pdf_of_garbage_is_a_plain_file(folder: Folder) -> None:
    facts = await folder.facts("a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40)

    assert named(facts) == "FileDef"
    assert facts.note is not None and facts.note.startswith("It is no PDF that can be read")


async def test_a_pdf_that_breaks_off_tells_what_is_left(folder: Folder) -> None:
    facts = await folder.facts("a.pdf", pdf("Low tide")[:-120])

    assert facts.note is None or facts.note.startswith(("It is no PDF", "The text of page"))


async def test_csv_with_nul_bytes_is_read_around_them(folder: Folder) -> None:
    facts = await folder.facts("a.csv", b"a,b\n1,\0\n2,x\n")

    assert facts.attributes["rowCount"] == 2
    assert facts.attributes["sample"][0] == ["1", "\ufffd"]
    assert facts.note == "It holds a NUL character, at offset 6."


async def test_broken_front_matter_leaves_the_text(folder: Folder) -> None:
    facts = await folder.facts("a.md", "---\ntitle: [never closed\n---\n# Sound\n")

    assert (named(facts), facts.attributes["title"]) == ("MarkdownDef", "Sound")
    assert facts.attributes["frontmatter"] == {}
    assert facts.note is not None and facts.note.startswith("Its front matter is no YAML")


async def test_aliases_in_front_matter_do_not_multiply(folder: Folder) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    facts = await folder.facts("a.md", "---\n" + "\n".join(lines) + "\n---\nText.\n")

    assert facts.attributes["frontmatter"] == {}
    assert facts.note is not None and "more than 1000 values" in facts.note


async def test_text_that_is_not_utf8_says_where(folder: Folder) -> None:
    facts = await folder.facts("a.md", b"# Caf\xe9\n")

    assert facts.attributes["title"] == "Caf\ufffd"
    assert facts.note == "It is not all UTF-8: byte 0xe9 at offset 5."


async def test_json_that_is_none_or_too_deep_is_a_plain_file(folder: Folder) -> None:
    broken = await folder.facts("a.json", '{"a": ')
    deep = await folder.facts("b.json", "[" * 100_000)

    assert [named(broken), named(deep)] == ["FileDef", "FileDef"]
    assert broken.note is not None and broken.note.startswith("It is no JSON")


async def test_xml_that_is_no_svg_is_a_plain_file(folder: Folder) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE svg [<!ENTITY e0 "xxxxxxxxxx">{entities}]><svg>&e11;</svg>'
    facts = [
        await folder.facts("a.svg", "<svg"),
        await folder.facts("b.svg", "<html xmlns='http://www.w3.org/1999/xhtml'/>"),
        await folder.facts("c.svg", bomb),
    ]

    assert [named(each) for each in facts] == ["FileDef"] * 3
    assert all(each.note for each in facts)


async def test_a_huge_file_is_not_read(folder: Folder) -> None:
    """Sparse, and larger than what the store reads at once."""
    with (folder.store.root / "huge.csv").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    facts = await folder.facts("huge.csv")

    assert (named(facts), facts.size) == ("FileDef", 104_857_600)
    assert facts.note == "It has 104,857,600 bytes, and at most 16 MB are looked into."


async def test_long_text_is_cut(folder: Folder) -> None:
    facts = await folder.facts("a.txt", "word " * 100_000)

    assert len(facts.attributes["content"]) == TEXT_LIMIT
    assert len(facts.attributes["excerpt"]) <= 301


async def test_embedded_pictures_are_no_words_to_search_for(folder: Folder) -> None:
    picture = "QUJD" * 200
    facts = await folder.facts("a.md", f"Before ![x](data:image/png;base64,{picture}) after\n")

    assert picture in facts.attributes["content"]
    assert picture not in facts.search_doc("http://r/a.md")["content"]
    assert facts.attributes["links"] == []


async def test_a_file_that_takes_too_long_or_too_much_gets_a_note_and_the_next_is_read(
    folder: Folder,
) -> None:
    impatient = FileExtractor(patience_s=0.0001)
    try:
        facts = await impatient.facts(folder.store, _put(folder, "slow.md", "# Slow"))
        assert (named(facts), facts.note) == (
            "FileDef",
            "Looking into it took longer than 0.0001 s.",
        )
    finally:
        await impatient.stop()
    assert (await folder.facts("slow.md")).attributes["title"] == "Slow"


async def test_a_caller_who_gives_up_does_not_spoil_it_for_the_others(folder: Folder) -> None:
    look = await folder.store.look(_put(folder, "shared.md", "# Shared"))
    kind, real = kind_of_file(look.path), folder.store.locate(look.path)
    giving_up = asyncio.create_task(folder.extractor._extract(look, kind, real))
    staying = asyncio.create_task(folder.extractor._extract(look, kind, real))
    await asyncio.sleep(0)
    giving_up.cancel()

    assert (await staying).attributes["title"] == "Shared"
    with pytest.raises(asyncio.CancelledError):
        await giving_up


def _put(folder: Folder, path: str, content: str) -> str:
    (folder.store.root / path).write_text(content)
    return path


def _bomb(*, side: int) -> bytes:
    """A PNG of `side` times `side` white pixels in a few kilobytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        sum = zlib.crc32(name + body)
        return len(body).to_bytes(4, "big") + name + body + sum.to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    rows = zlib.compress(b"\0" * 100_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
