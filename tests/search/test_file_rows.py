"""Files among the rows: what was learnt of their bytes is found and served on both databases."""

from typing import Any

import pytest

from realmkit.extraction import FileFacts, kind_of_file
from realmkit.index import NewEntry
from realmkit.indexer.entries import file_entry

from .conftest import PEOPLE, World, person

pytestmark = pytest.mark.anyio

BASE = "@cardstack/base/"
FILE = {"module": f"{BASE}card-api", "name": "FileDef"}
MARKDOWN = {"module": f"{BASE}markdown-file-def", "name": "MarkdownDef"}
HEADING = {"module": f"{BASE}markdown-file-def", "name": "MarkdownHeadingField"}
IMAGE = {"module": f"{BASE}card-api", "name": "ImageDef"}


def defined(ref: dict[str, str], *chain: dict[str, str], **fields: Any) -> dict[str, Any]:
    types = [f"{each['module']}/{each['name']}" for each in (ref, *chain)]
    kind = "field-def" if ref == HEADING else "card-def"
    return {"type": kind, "codeRef": ref, "types": types, "fields": fields}


def plain(value_type: str = "string", kind: str = "contains") -> dict[str, Any]:
    card = {"module": f"{BASE}card-api", "name": "ReadOnlyField"}
    return {"type": kind, "card": card, "isPrimitive": True, "valueType": value_type}


def file(path: str, *, is_card: bool = False, **attributes: Any) -> NewEntry:
    facts = FileFacts(path, kind_of_file(path), 7, "h", 1, 1, attributes)
    return file_entry(PEOPLE + path, facts, is_card=is_card)


@pytest.fixture
async def files(world: World) -> World:
    headings = {"type": "containsMany", "card": HEADING, "isPrimitive": False}
    about = {"contentSize": plain("number"), "name": plain(), "url": plain()}
    await world.define(
        [
            defined(FILE, **about),
            defined(HEADING, level=plain("number"), text=plain()),
            defined(
                MARKDOWN,
                FILE,
                **about,
                title=plain(),
                content=plain(),
                headings=headings,
                links=plain(kind="containsMany"),
            ),
            defined(IMAGE, FILE, **about, width=plain("number"), height=plain("number")),
        ]
    )
    await world.put(
        person("ann"),
        file("ann.json", is_card=True),
        file(
            "a.md",
            title="Dunes",
            content="Sand, everywhere.",
            links=["b.md"],
            headings=[{"level": 1, "text": "Dunes"}, {"level": 2, "text": "Birds"}],
        ),
        file("b.md", title="Harbour", content="Boats.", headings=[], links=[]),
        file("c.png", width=90, height=1000),
        file("d.jpg", width=800, height=600),
    )
    return world


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"type": MARKDOWN}, ["a.md", "b.md"]),
        ({"type": IMAGE}, ["c.png", "d.jpg"]),
        ({"type": FILE}, ["a.md", "ann.json", "b.md", "c.png", "d.jpg"]),
        ({"on": MARKDOWN, "contains": {"title": "dune"}}, ["a.md"]),
        ({"on": MARKDOWN, "contains": {"content": "boats"}}, ["b.md"]),
        ({"on": MARKDOWN, "eq": {"headings.text": "Birds"}}, ["a.md"]),
        ({"on": MARKDOWN, "eq": {"links": "b.md"}}, ["a.md"]),
        ({"on": IMAGE, "range": {"width": {"gt": 100}}}, ["d.jpg"]),
        ({"on": IMAGE, "range": {"height": {"gte": 1000}}}, ["c.png"]),
        ({"eq": {"_isCardInstanceFile": True}}, ["ann.json"]),
        ({"eq": {"_isCardInstanceFile": False}}, ["a.md", "b.md", "c.png", "d.jpg"]),
        ({"contains": {"_title": ".md"}}, ["a.md", "b.md"]),
    ],
)
async def test_files_are_found_by_what_is_in_them(
    files: World, filter: dict[str, Any], found: list[str]
) -> None:
    sort = [{"by": "_title", "direction": "desc"}]
    ids = await files.ids(scope="files", filter=filter, sort=sort)

    assert ids == [f"people/{path}" for path in reversed(found)]


async def test_a_card_is_one_result_as_a_card_and_one_as_a_file(files: World) -> None:
    assert await files.ids() == ["people/ann"]
    everything = await files.ids(scope="all")
    assert {"people/ann", "people/ann.json"} < set(everything)
    assert len(everything) == 6
    of_cards = await files.ids(scope="all", filter={"eq": {"_isCardInstanceFile": True}})
    others = await files.ids(scope="all", filter={"eq": {"_isCardInstanceFile": False}})
    assert of_cards == ["people/ann.json"]
    assert set(others) == set(everything) - {"people/ann.json"}


async def test_both_names_of_a_root_definition_mean_it(files: World) -> None:
    by_alias = {"type": {"module": f"{BASE}file-api", "name": "FileDef"}}
    image = {"type": {"module": f"{BASE}image-file-def", "name": "default"}}

    assert len(await files.ids(scope="files", filter=by_alias)) == 5
    assert len(await files.ids(scope="files", filter=image)) == 2


@pytest.mark.parametrize(
    "module",
    [
        "@cardstack/base/card-api",
        "https://cardstack.com/base/card-api",
        "http://h/base/card-api.gts",
    ],
)
async def test_every_spelling_of_a_module_means_it(files: World, module: str) -> None:
    filter = {"type": {"module": module, "name": "FileDef"}}

    assert len(await files.ids(scope="files", filter=filter)) == 5


async def test_a_found_file_is_served_as_what_it_is(files: World) -> None:
    query = files.engine.parse({"scope": "files", "filter": {"on": IMAGE, "eq": {"width": 90}}})
    page = await files.engine.search([PEOPLE], query)

    [resource] = page.data
    assert (resource["type"], resource["id"]) == ("file-meta", f"{PEOPLE}c.png")
    assert resource["attributes"]["contentSize"] == 7
    assert resource["meta"]["adoptsFrom"]["name"] == "PngDef"


async def test_a_broken_link_to_a_file_is_still_one_to_a_file(files: World) -> None:
    await files.put(person("bob", links={"owner": "./gone.png", "boss": "./gone"}))

    relationships = (await files.document("bob"))["data"]["relationships"]
    assert relationships["owner"]["data"] == {"type": "file-meta", "id": f"{PEOPLE}gone.png"}
    assert relationships["boss"]["data"] == {"type": "card", "id": f"{PEOPLE}gone"}


async def test_files_that_are_neither_cards_nor_modules_are_listed(files: World) -> None:
    listed = await files.index.plain_files(PEOPLE, 3)

    assert [(each.url.removeprefix(PEOPLE), each.kind, each.size) for each in listed] == [
        ("a.md", "Markdown", 7),
        ("b.md", "Markdown", 7),
        ("c.png", "PNG image", 7),
    ]
