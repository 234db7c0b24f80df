"""Many cards at once, from their files."""

from pathlib import Path

import pytest

from .conftest import PEOPLE, World

pytestmark = pytest.mark.anyio

ANN = b"""{"data": {"id": "ignored", "type": "card", "attributes": {"name": "Ann"},
  "relationships": {"boss": {"links": {"self": "./bob"}}},
  "meta": {"adoptsFrom": {"module": "../person", "name": "Person"}}}}"""


async def test_cards_come_as_stored_and_the_rest_is_listed(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "people"
    (folder / "ann.json").write_bytes(ANN)
    (folder / "odd.json").write_bytes(b'{"data": {"meta": {"adoptsFrom": {')

    wanted = [f"{PEOPLE}ann", f"{PEOPLE}odd", f"{PEOPLE}nobody", "http://far/x"]
    answer = await world.engine.stored_documents(wanted)

    [ann] = answer["data"]
    assert ann.pop("meta").keys() == {"adoptsFrom", "realmURL", "lastModified"}
    assert ann == {
        "type": "card",
        "id": f"{PEOPLE}ann",
        "attributes": {"name": "Ann"},
        "relationships": {"boss": {"links": {"self": "./bob"}}},
    }
    missing = answer["meta"]["missing"]
    assert [(one["id"], one["status"]) for one in missing] == [
        (f"{PEOPLE}odd", "400"),
        (f"{PEOPLE}nobody", "404"),
        ("http://far/x", "404"),
    ]


async def test_many_documents_cost_one_statement_a_realm(world: World) -> None:
    people, others = world.files.values()
    body = b'{"data": {"type": "card", "meta": {"adoptsFrom": {"module": "./p", "name": "P"}}}}'
    ids: list[str] = []
    for store in (people, others):
        for number in range(20):
            await store.write(f"{number}.json", body)
            ids.append(f"{store.realm.url}{number}")

    before = world.db.statements
    answer = await world.engine.stored_documents([*ids, f"{PEOPLE}none", "http://far/x"])

    assert world.db.statements - before == 2
    assert [one["id"] for one in answer["data"]] == ids
    assert [one["id"] for one in answer["meta"]["missing"]] == [f"{PEOPLE}none", "http://far/x"]
