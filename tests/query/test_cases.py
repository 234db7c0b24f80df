"""One table of cases, asked of plain Python, of both databases and of the browser's matcher."""

import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.search.conftest import PEOPLE, World

from realmkit.config import Realm, find_node
from realmkit.db import Database
from realmkit.index import NewEntry

from ..support.people import DESCRIBED, type_key
from ..support.reference_search import Entry, answer

ROOT = Path(__file__).parents[2]
TABLE: dict[str, Any] = orjson.loads((Path(__file__).parent / "cases.json").read_bytes())
CARDS: list[dict[str, Any]] = TABLE["cards"]
CASES: list[dict[str, Any]] = TABLE["cases"]


def test_the_reference_finds_what_the_table_says() -> None:
    entries = [Entry(card["name"], card["doc"], card["types"]) for card in CARDS]
    found = [sorted(answer({"filter": case["filter"]}, entries)[0]) for case in CASES]

    assert found == [case["finds"] for case in CASES]


@pytest.mark.anyio
async def test_both_databases_find_what_the_table_says(tmp_path: Path, db: Database) -> None:
    world = World(db, [Realm(PEOPLE, tmp_path, "people")])
    await world.define(DESCRIBED)
    await world.put(
        *(
            NewEntry(
                f"{PEOPLE}{card['name']}.json",
                "instance",
                pristine_doc={"attributes": {}},
                search_doc=card["doc"],
                types=card["types"],
            )
            for card in CARDS
        )
    )
    for case in CASES:
        ids = await world.ids(filter=case["filter"])
        assert sorted(id.removeprefix("people/") for id in ids) == case["finds"], case


def test_the_browser_agrees_about_every_card_or_says_that_it_cannot_know() -> None:
    asked = {
        "cards": CARDS,
        "cases": CASES,
        "definitions": {type_key(each["codeRef"]): each for each in DESCRIBED},
    }
    ran = subprocess.run(
        [str(find_node()), "tests/host/matcher.mjs", "host/src/store/matcher.ts"],
        cwd=ROOT,
        input=orjson.dumps(asked),
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    for case, verdicts in zip(CASES, orjson.loads(ran.stdout), strict=True):
        unknown = case.get("unresolvable", [])
        expected = {
            card["name"]: "unresolvable"
            if card["name"] in unknown
            else ("match" if card["name"] in case["finds"] else "no-match")
            for card in CARDS
        }
        assert verdicts == expected, case["filter"]
