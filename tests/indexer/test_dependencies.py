"""What entries rest on besides cards: definitions of files, and what only searches led to."""

import pytest

from realmkit.config import Realm
from realmkit.files import FileStore

from .conftest import House, card, restarted

pytestmark = pytest.mark.anyio

FILE_API = "@cardstack/base/file-api"


@pytest.fixture
async def with_base(house: House) -> House:
    """A base realm of three modules before realm `one`, which holds a note and a table."""
    root = house.stores["one"].realm.root.parent / "base"
    root.mkdir()
    realm = Realm(f"{house.origin}/base/", root, "base")
    stores = {"base": FileStore(realm, house.db, house.changes), **house.stores}
    house.stores = stores
    (root / "card-api.gts").write_text("sound")
    for name in ("file-api", "csv-file-def"):
        (root / f"{name}.gts").write_text("import ./card-api")
    await stores["base"].scan()
    await house.write({"notes.bin": "some", "counts.csv": "bird,count\nheron,1\n"})
    indexer = restarted(house)
    await indexer.start()
    await house.index_all()
    return house


async def visited_at(house: House, *paths: str) -> list[int]:
    return [(await house.entry(path)).generation for path in paths]


@pytest.mark.parametrize(
    ("module", "visits_table", "visits_other"),
    [("file-api", True, True), ("card-api", True, True), ("csv-file-def", True, False)],
)
async def test_an_edit_of_a_files_definition_has_it_extracted_again(
    with_base: House, module: str, visits_table: bool, visits_other: bool
):
    table, other = await visited_at(with_base, "counts.csv", "notes.bin")
    await with_base.write({f"{module}.gts": "sounder"}, realm="base")
    await with_base.index_all()

    now = await visited_at(with_base, "counts.csv", "notes.bin")
    assert (now[0] > table, now[1] > other) == (visits_table, visits_other)


async def test_the_file_api_dependency_needs_no_page(house: House):
    # No page boots, and none is asked for.
    house.prerenderer.pool._url = f"{house.origin}/nowhere"
    await house.write({"person.gts": None}, realm="two")
    await house.write({"counts.csv": "bird\nheron\n", "person.gts": None})
    await house.indexer.start()
    await house.index_all()

    [entry] = await house.index.dependencies(house.url("counts.csv"))
    assert entry.dependencies == ["@cardstack/base/csv-file-def", FILE_API]


async def test_what_only_a_search_led_to_is_kept_and_no_dependency(house: House):
    await house.write(
        {
            "list.gts": "sound",
            "hit.gts": "sound",
            "hit.json": card("Hit", module="./hit"),
            "all.json": card("All", module="./list", lists="./hit/Card"),
        }
    )
    await house.indexer.start()
    await house.index_all()
    [entry, _] = await house.index.dependencies(house.url("all"))

    assert entry.query_only == {
        "modules": [house.url("hit")],
        "instances": [house.url("hit.json")],
        "files": [],
    }
    assert house.url("hit") not in entry.dependencies
    house.visits_since()
    await house.write({"hit.json": card("Hit again", module="./hit")})
    await house.index_all()
    assert house.visits_since() == ["one/hit.json"]


async def test_what_people_wait_for_has_a_higher_priority_than_a_full_run(house: House):
    await house.write({"ann.json": card("Ann")})
    await house.indexer.start()
    await house.index_all()
    first = list(house.priorities)
    await house.write({"ann.json": card("Anna")})
    await house.index_all()

    assert set(first) == {0}
    assert house.priorities[len(first) :] == [10]
