"""Files that cards link to and show: indexed, served, found, followed, healed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from realmkit.extraction.kinds import _BY_SUFFIX, FILE, IMAGE, TEXT

from ..support.chromium import running_chromium
from ..support.documents import image, pdf
from ..support.loops import BACKEND
from ..support.realms import fill
from ..support.server import Server, serving

pytestmark = pytest.mark.anyio

FILE_META = "application/vnd.card.file-meta+json"
BASE = "@cardstack/base/"

ALBUM = """\
import { CardDef, FileDef, contains, field, linksTo } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import { ImageDef } from '@cardstack/base/image-file-def';
import { MarkdownDef } from '@cardstack/base/markdown-file-def';
import { CsvFileDef } from '@cardstack/base/csv-file-def';
import { PdfDef } from '@cardstack/base/pdf-file-def';
import { Component } from '@cardstack/base/card-api';

export class Album extends CardDef {
  static displayName = 'Album';
  @field name = contains(StringField);
  @field cover = linksTo(() => ImageDef);
  @field note = linksTo(() => MarkdownDef, { searchable: true });
  @field counts = linksTo(() => CsvFileDef);
  @field report = linksTo(() => PdfDef);
  @field attachment = linksTo(() => FileDef);

  static isolated = class Isolated extends Component<typeof Album> {
    <template>
      <div class='cover'><@fields.cover @format='embedded' /></div>
      <div class='note'><@fields.note @format='embedded' /></div>
      <div class='counts'><@fields.counts @format='embedded' /></div>
      <div class='report'><@fields.report @format='embedded' /></div>
      <div class='attachment'><@fields.attachment @format='atom' /></div>
    </template>
  };
}
"""
NOTE = """---
title: Dunes in May
---
## Dunes <script>window.wasRun = true</script>

Walk *north* past ![the gate](gate.png), see [the map](../map.svg).
"""
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20">
<script>document.documentElement.setAttribute("data-was-run", "yes")</script></svg>"""


def album(**links: str) -> str:
    return json.dumps(
        {
            "data": {
                "type": "card",
                "attributes": {"name": "Spring"},
                "relationships": {name: {"links": {"self": to}} for name, to in links.items()},
                "meta": {"adoptsFrom": {"module": "./album", "name": "Album"}},
            }
        }
    )


@pytest.fixture(scope="module")
def anyio_backend() -> object:
    """One loop and one server for all of these."""
    return BACKEND


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("files")
    root = folder / "people"
    root.mkdir()
    spring = {
        "cover": "./gate.png",
        "note": "./notes/dunes.md",
        "counts": "./counts.csv",
        "report": "./report.pdf",
        "attachment": "./settings",
    }
    fill(
        root,
        {
            "album.gts": ALBUM,
            "spring.json": album(**spring),
            "gate.png": image(),
            "notes/dunes.md": NOTE,
            "counts.csv": "bird,count\ncurlew,3\nheron,<b>1</b>\n",
            "report.pdf": pdf("Low tide", "High tide", title="Tides"),
            "settings.json": '{"colour": "sand"}',
            "map.svg": SVG,
        },
    )
    async with serving(root, folder / "state", watch=False) as server:
        await server.indexed()
        yield server


async def document(server: Server, path: str) -> dict[str, Any]:
    answer = await server.client.get(
        f"/people/{path}", headers={"Accept": "application/vnd.card+json"}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def search(server: Server, **body: Any) -> list[str]:
    answer = await server.client.request("QUERY", "/people/_search", json=body)
    assert answer.status_code == 200, answer.text
    return sorted(each["id"].removeprefix(server.realm_url) for each in answer.json()["data"])


async def changed(server: Server, path: str, content: str | bytes | None) -> None:
    if content is None:
        (server.root / path).unlink()
    else:
        fill(server.root, {path: content})
    await server.rescanned()


async def test_a_card_shows_its_files(server: Server) -> None:
    html = await server.html("spring")

    assert f'src="{server.realm_url}gate.png"' in html
    assert 'width="40" height="30"' in html
    assert "<em>north</em>" in html
    assert "<script" not in html
    assert f'src="{server.realm_url}notes/gate.png"' in html, "relative to the note"
    assert f'href="{server.realm_url}map.svg"' in html
    assert ">bird</th>" in html and ">curlew</td>" in html
    assert "&lt;b&gt;1&lt;/b&gt;" in html
    assert "PDF · 2 pages" in html and f'href="{server.realm_url}report.pdf"' in html
    assert "settings.json" in html


async def test_a_cards_document_includes_its_files(server: Server) -> None:
    served = await document(server, "spring")
    relationships = served["data"]["relationships"]
    included = {each["id"]: each for each in served["included"]}
    cover = f"{server.realm_url}gate.png"

    assert relationships["cover"] == {
        "links": {"self": "./gate.png"},
        "data": {"type": "file-meta", "id": cover},
    }
    assert relationships["attachment"]["data"]["type"] == "file-meta"
    assert included[cover]["type"] == "file-meta"
    assert included[cover]["attributes"]["width"] == 40
    assert included[cover]["meta"]["adoptsFrom"] == {
        "module": f"{BASE}png-image-def",
        "name": "PngDef",
    }
    assert "brokenLinks" not in served["data"]["meta"]


async def test_what_a_card_shows_is_visited_again_when_its_file_changes(server: Server) -> None:
    assert "curlew" in await server.html("spring")

    await changed(server, "counts.csv", "bird,count\nbittern,1\n")

    html = await server.html("spring")
    assert "bittern" in html and "curlew" not in html
    dependencies = await server.app.stations.index.dependencies(f"{server.realm_url}spring.json")
    assert f"{server.realm_url}gate.png" in dependencies[0].dependencies


async def test_a_missing_file_is_a_broken_link_until_it_is_there(server: Server) -> None:
    await changed(server, "late.json", album(cover="./late.png"))
    served = (await document(server, "late"))["data"]
    assert served["relationships"]["cover"]["data"] == {
        "type": "file-meta",
        "id": f"{server.realm_url}late.png",
    }
    assert [each["field"] for each in served["meta"]["brokenLinks"]] == ["cover"]
    assert "data-broken-link" in await server.html("late")

    await changed(server, "late.png", image(size=(8, 6)))

    assert 'width="8" height="6"' in await server.html("late")
    assert "brokenLinks" not in (await document(server, "late"))["data"]["meta"]


async def test_bytes_that_are_no_image_are_not_shown_as_one(server: Server) -> None:
    await changed(server, "torn.png", b"no image at all")
    await changed(server, "torn.json", album(cover="./torn.png", attachment="./torn.png"))

    html = await server.html("torn")
    assert "links to a ImageDef" in html
    assert "torn.png</span>" in html, "as a plain file it can be linked to"


async def test_files_are_found_by_their_fields(server: Server) -> None:
    markdown = {"module": f"{BASE}markdown-file-def", "name": "MarkdownDef"}
    every_image = {"module": f"{BASE}image-file-def", "name": "ImageDef"}
    every_file = {"module": f"{BASE}file-api", "name": "FileDef"}

    by_title = {"on": markdown, "contains": {"title": "dunes"}}
    assert await search(server, scope="files", filter=by_title) == ["notes/dunes.md"]
    by_heading = {"on": markdown, "eq": {"headings.level": 2}}
    assert await search(server, scope="files", filter=by_heading) == ["notes/dunes.md"]
    by_size = {"on": every_image, "range": {"width": {"gte": 30, "lt": 35}}}
    assert await search(server, scope="files", filter=by_size) == ["map.svg"]
    assert "report.pdf" in await search(server, scope="all", filter={"type": every_file})
    assert await search(server, filter={"type": every_file}) == []
    cards = {"eq": {"_isCardInstanceFile": True}}
    assert "spring.json" in await search(server, scope="files", filter=cards)
    everything = {"type": {"module": f"{BASE}card-api", "name": "BaseDef"}}
    of_both_kinds = await search(server, scope="all", filter=everything)
    assert {"spring", "spring.json", "report.pdf"} <= set(of_both_kinds)


async def test_a_link_to_a_file_is_searchable_like_any_other(server: Server) -> None:
    module = {"module": f"{server.realm_url}album", "name": "Album"}
    assert await search(server, filter={"on": module, "eq": {"note.title": "Dunes in May"}}) == [
        "spring"
    ]


async def test_a_file_says_what_it_is(server: Server) -> None:
    answer = await server.client.get("/people/report.pdf", headers={"Accept": FILE_META})

    assert answer.headers["content-type"] == FILE_META
    resource = answer.json()["data"]
    assert resource["type"] == "file-meta"
    assert resource["meta"]["adoptsFrom"] == {"module": f"{BASE}pdf-file-def", "name": "PdfDef"}
    attributes = resource["attributes"]
    assert attributes["pageCount"] == 2
    assert attributes["contentSize"] == (server.root / "report.pdf").stat().st_size
    assert {
        "name",
        "url",
        "sourceUrl",
        "contentType",
        "contentHash",
        "lastModified",
        "createdAt",
    } < (attributes.keys())


async def test_a_script_in_an_svg_runs_nowhere(server: Server) -> None:
    async with running_chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{server.realm_url}map.svg")
        was_run = await page.evaluate("document.documentElement.dataset.wasRun")
        origin = await page.evaluate("self.origin")

    assert (was_run, origin) == (None, "null")


async def test_a_run_over_broken_files_goes_on(server: Server) -> None:
    broken: dict[str, str | bytes] = {
        "bad/a.pdf": b"%PDF garbage",
        "bad/b.md": b"---\n: [\n---\n\xff",
        "bad/c.csv": b"\0\0\0",
        "bad/d.jpg": image("JPEG")[:300],
        "bad/e.json": "{",
        "bad/f.svg": "<svg",
    }
    fill(server.root, broken)
    with (server.root / "bad/huge.csv").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    await server.rescanned()

    for path in ["bad/a.pdf", "bad/b.md", "bad/c.csv", "bad/d.jpg", "bad/f.svg", "bad/huge.csv"]:
        entry = await server.app.stations.index.entry(server.realm_url + path, "file")
        assert entry is not None and not entry.has_error, path
        assert entry.diagnostics["extractionError"], path


async def test_what_is_extracted_are_fields_of_the_definitions(server: Server) -> None:
    kinds = {kind.ref.type_key: kind for kind in (FILE, IMAGE, TEXT, *_BY_SUFFIX.values())}
    known = await server.app.stations.index.definitions(kinds)

    assert {key: list(known[key].types) for key in kinds} == {
        key: kind.types for key, kind in kinds.items()
    }
    assert {key: known[key].display_name for key in kinds} == {
        key: kind.label for key, kind in kinds.items()
    }
    for path in ["gate.png", "notes/dunes.md", "counts.csv", "report.pdf", "settings.json"]:
        entry = await server.app.stations.index.entry(server.realm_url + path, "file")
        assert entry is not None and entry.pristine_doc is not None
        extra = {"lastModified", "createdAt"}
        fields = known[entry.types[0]].fields.keys()
        assert entry.pristine_doc["attributes"].keys() - extra <= fields, path
