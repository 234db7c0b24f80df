"""One table of cases, asked of plain Python, of both databases and of the browser's matcher."""

import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.search.conftest import PEOPLE, World

from realmkit.cards.code_refs import ModuleNames
from realmkit.config import Realm, find_node
from realmkit.db import Database
from realmkit.errors import BadRequest
from realmkit.index import NewEntry
from realmkit.query import parse_query
from realmkit.query.resolve import resolve

from ..support.people import DEFINITIONS, DESCRIBED, type_key
from ..support.reference_search import Entry, answer

ROOT = Path(__file__).parents[2]
TABLE: dict[str, Any] = orjson.loads((Path(__file__).parent / "cases.json").read_bytes())
CARDS: list[dict[str, Any]] = TABLE["cards"]
CASES: list[dict[str, Any]] = TABLE["cases"]
REFUSED: list[dict[str, Any]] = TABLE["refused"]


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


@pytest.mark.parametrize("filter", REFUSED, ids=str)
def test_what_no_field_can_hold_is_refused(filter: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match=r" is none|is (a number|true|false|null)"):
        resolve(parse_query({"filter": filter}, names=ModuleNames("http://h")), DEFINITIONS)


def test_the_browser_agrees_about_every_card_or_says_that_it_cannot_know() -> None:
    asked = {
        "cards": CARDS,
        "cases": [*CASES, *({"filter": filter} for filter in REFUSED)],
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
    answers = orjson.loads(ran.stdout)
    # What the server refuses is true of nothing.
    for filter, verdicts in zip(REFUSED, answers[len(CASES) :], strict=True):
        assert "match" not in verdicts.values(), filter
    for case, verdicts in zip(CASES, answers[: len(CASES)], strict=True):
        unknown = case.get("unresolvable", [])
        expected = {
            card["name"]: "unresolvable"
            if card["name"] in unknown
            else ("match" if card["name"] in case["finds"] else "no-match")
            for card in CARDS
        }
        assert verdicts == expected, case["filter"]
