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
    (folder / "odd.json").write_bytes(b"{")

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
