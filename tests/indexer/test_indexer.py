"""What a realm's index says after writes, faults and repairs."""

import pytest

from realmkit.db.migrate import migrations
from realmkit.index import Announcement, Announcements, Batch, Dependency, NewEntry

from .conftest import House, card

pytestmark = pytest.mark.anyio


@pytest.fixture
async def indexed(house: House) -> House:
    """Realm `one`: ann links to bob, cal links to nobody."""
    await house.write(
        {
            "ann.json": card("Ann", links={"friend": "./bob"}),
            "bob.json": card("Bob"),
            "cal.json": card("Cal"),
            "notes.md": "# Notes",
        }
    )
    await house.indexer.start()
    await house.index_all()
    house.visits_since()
    return house


async def test_a_first_run_indexes_modules_cards_and_files(indexed: House):
    assert await indexed.isolated("ann.json") == "<p>sound Ann Bob</p>"
    assert (await indexed.entry("person.gts")).type == "module"
    assert (await indexed.entry("notes.md")).type == "file"
    assert list(await indexed.index.definitions([indexed.url("person/Card")]))


async def test_the_index_reaches_the_end_of_the_log(indexed: House):
    url = indexed.url()

    assert await indexed.index.indexed_seq(url) == await indexed.changes.last_seq(url)


async def test_an_edit_visits_exactly_the_card_and_its_dependents(indexed: House):
    await indexed.write({"bob.json": card("Bobby")})
    await indexed.index_all()

    assert indexed.visits_since() == ["one/ann.json", "one/bob.json"]
    assert await indexed.isolated("ann.json") == "<p>sound Ann Bobby</p>"


async def test_a_module_edit_visits_the_cards_that_adopt_from_it(indexed: House):
    await indexed.write({"person.gts": "sounder"})
    await indexed.index_all()

    assert indexed.visits_since() == [
        "one/ann.json",
        "one/bob.json",
        "one/cal.json",
        "one/person",
    ]
    assert await indexed.isolated("cal.json") == "<p>sounder Cal</p>"


async def test_a_module_edit_reaches_cards_through_the_modules_that_import_it(indexed: House):
    await indexed.write({"base.gts": "sound", "child.gts": "sound import ./base"})
    await indexed.write({"kid.json": card("Kid", module="./child")})
    await indexed.index_all()
    indexed.visits_since()
    await indexed.write({"base.gts": "sounder"})
    await indexed.index_all()

    assert indexed.visits_since() == ["one/base", "one/child", "one/kid.json"]


async def test_identical_bytes_visit_nothing(indexed: House):
    await indexed.write({"bob.json": card("Bob")})
    await indexed.index_all()

    assert indexed.visits_since() == []


async def test_identical_bytes_are_told_to_nobody_and_waited_for_by_nobody(indexed: House):
    before = await indexed.changes.last_event_seq(indexed.url())
    seq = await indexed.write({"bob.json": card("Bob")})
    await indexed.index_all()

    assert await indexed.changes.last_event_seq(indexed.url()) == before
    assert await indexed.index.indexed_seq(indexed.url()) >= seq


async def test_a_removed_card_leaves_and_its_dependents_are_visited(indexed: House):
    await indexed.write({"bob.json": None})
    await indexed.index_all()

    assert await indexed.index.entry(indexed.url("bob.json")) is None
    ann = await indexed.entry("ann.json")
    assert not ann.has_error
    assert ann.diagnostics["brokenLinks"] == [
        {"field": "friend", "target": indexed.url("bob.json"), "reason": "not found"}
    ]
    assert indexed.visits_since() == ["one/ann.json"]
    assert await indexed.isolated("ann.json") == "<p>sound Ann</p>"


async def test_a_link_target_that_appears_heals_the_link(indexed: House):
    await indexed.write({"dan.json": card("Dan", links={"friend": "./eve"})})
    await indexed.index_all()
    await indexed.write({"eve.json": card("Eve")})
    await indexed.index_all()

    assert await indexed.isolated("dan.json") == "<p>sound Dan Eve</p>"


async def test_a_broken_module_keeps_the_last_good_artefacts_and_a_repair_heals(indexed: House):
    await indexed.write({"person.gts": "broken"})
    await indexed.index_all()
    for path in ("ann.json", "bob.json", "cal.json"):
        assert (await indexed.entry(path)).has_error
    file = await indexed.index.entry(indexed.url("person.gts"), "file")
    assert file is not None
    assert not file.has_error
    assert await indexed.isolated("ann.json") == "<p>sound Ann Bob</p>"
    assert (await indexed.entry("person.gts")).error_doc == {
        "status": "422",
        "title": "Broken",
        "detail": "It is broken.",
        "meta": {
            "module": "person.gts",
            "line": 1,
            "column": 0,
        },
    }
    await indexed.write({"person.gts": "mended"})
    await indexed.index_all()

    assert await indexed.index.errors(indexed.url()) == []
    assert await indexed.isolated("ann.json") == "<p>mended Ann Bob</p>"
    assert await indexed.isolated("cal.json") == "<p>mended Cal</p>"


async def test_a_missing_module_is_an_error_until_it_is_written(indexed: House):
    await indexed.write({"pet.json": card("Rex", module="./pet")})
    await indexed.index_all()
    error = (await indexed.entry("pet.json")).error_doc
    assert error is not None
    assert error["detail"] == f"{indexed.url('pet')} was not found"
    await indexed.write({"pet.gts": "sound"})
    await indexed.index_all()

    assert not (await indexed.entry("pet.json")).has_error


async def test_a_card_that_loops_for_ever_does_not_stop_the_realm(indexed: House):
    await indexed.write({"loop.json": card("Loop", behaviour="loop"), "mel.json": card("Mel")})
    await indexed.index_all()

    error = (await indexed.entry("loop.json")).error_doc
    assert error is not None
    assert error["detail"] == "It did not finish rendering within 1.5 s."
    assert not (await indexed.entry("mel.json")).has_error


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n  "data": [}\n', "line 2 column 12"),
        (b'{"data": "\xff"}', "is not UTF-8"),
        ({"data": {"type": "card", "meta": {}}}, "`meta.adoptsFrom` is missing"),
        (card("Oops", behaviour="throw"), "thrown by the card"),
    ],
)
async def test_a_bad_card_is_an_error_that_says_so(indexed: House, content: object, said: str):
    await indexed.write({"bad.json": content, "nan.json": card("Nan")})
    await indexed.index_all()

    entry = await indexed.entry("bad.json")
    assert entry.type == "instance"
    assert entry.error_doc is not None
    assert said in entry.error_doc["detail"]
    assert not (await indexed.entry("nan.json")).has_error


async def test_json_that_is_no_card_is_a_plain_file(indexed: House):
    await indexed.write({"package.json": {"name": "x"}, "realm.json": {"data": {"type": "card"}}})
    await indexed.index_all()

    assert (await indexed.entry("package.json")).type == "file"
    assert (await indexed.entry("realm.json")).type == "file"


async def test_an_instance_that_becomes_a_plain_file_is_no_instance_any_more(indexed: House):
    await indexed.write({"cal.json": {"name": "x"}})
    await indexed.index_all()

    [entry] = await indexed.index.entries([indexed.url("cal.json")])
    assert entry.type == "file"


async def test_odd_names_are_indexed(indexed: House):
    await indexed.write({"Räume/ein Zimmer 🎈.json": card("Zimmer", module="../person")})
    await indexed.index_all()

    url = indexed.stores["one"].realm.url_of("Räume/ein Zimmer 🎈.json")
    entry = await indexed.index.entry(url)
    assert entry is not None
    assert not entry.has_error


async def test_a_definition_and_its_card_in_one_write_are_indexed_together(indexed: House):
    await indexed.write({"a-pet.json": card("Rex", module="./z-pet"), "z-pet.gts": "sound"})
    await indexed.index_all()

    assert indexed.visited == ["one/z-pet", "one/a-pet.json"]
    assert await indexed.isolated("a-pet.json") == "<p>sound Rex</p>"


async def test_a_cycle_of_links_and_imports_is_visited_once(indexed: House):
    await indexed.write(
        {
            "egg.gts": "sound import ./hen",
            "hen.gts": "sound import ./egg",
            "x.json": card("X", module="./egg", links={"friend": "./y"}),
            "y.json": card("Y", module="./hen", links={"friend": "./x"}),
        }
    )
    await indexed.index_all()
    indexed.visits_since()
    await indexed.write({"egg.gts": "sounder import ./hen"})
    await indexed.index_all()

    assert indexed.visits_since() == ["one/egg", "one/hen", "one/x.json", "one/y.json"]


async def test_an_ignored_file_is_neither_indexed_nor_an_error(indexed: House):
    await indexed.write({"draft.json": card("Draft"), ".gitignore": "draft.json\n"})
    await indexed.index_all()

    assert await indexed.index.entry(indexed.url("draft.json")) is None
    assert await indexed.index.errors(indexed.url()) == []


async def test_declarations_are_a_file_and_no_module(indexed: House):
    await indexed.write({"shape.d.ts": "export type Shape = string;"})
    await indexed.index_all()

    [entry] = await indexed.index.entries([indexed.url("shape.d.ts")])
    assert (entry.type, entry.has_error) == ("file", False)


async def test_declarations_that_were_taken_for_a_module_are_none_after_the_update(indexed: House):
    await indexed.write({"shape.d.ts": "export type Shape = string;"})
    await indexed.index_all()
    url = indexed.url("shape.d.ts")
    lost = {"status": "404", "title": "Module Not Found", "detail": "It was not found."}
    module = NewEntry(url, "module", error=lost, dependencies=[Dependency(url, "module")])
    await indexed.index.commit(Batch(indexed.url(), entries=[module]))
    assert len(await indexed.index.errors(indexed.url())) == 1

    [update] = [each for each in migrations(indexed.db.dialect) if each.name == "declarations"]
    async with indexed.db.transaction() as tx:
        for statement in update.sql.split(";")[:-1]:
            await tx.execute(statement)

    assert await indexed.index.errors(indexed.url()) == []
    assert [each.type for each in await indexed.index.entries([url])] == ["file"]


async def test_an_error_without_a_message_still_says_something(indexed: House):
    await indexed.write({"mute.json": card("Mute", behaviour="mute")})
    await indexed.index_all()

    error = (await indexed.entry("mute.json")).error_doc
    assert error is not None
    assert error["detail"] == "Card Error, and nothing more was said."


async def test_a_module_edit_reaches_cards_of_another_realm(indexed: House):
    await indexed.write({"far.json": card("Far", module="../one/person")}, realm="two")
    await indexed.index_all()
    indexed.visits_since()
    await indexed.write({"person.gts": "sounder"})
    await indexed.index_all()

    assert "two/far.json" in indexed.visits_since()
    assert await indexed.isolated("far.json", realm="two") == "<p>sounder Far</p>"


async def test_each_acknowledged_write_has_one_announcement(indexed: House):
    before = await indexed.changes.last_event_seq(indexed.url())
    await indexed.write({"bob.json": card("Bobby")}, request="tab:1")
    await indexed.index_all()

    events, _ = await Announcements(indexed.db, indexed.changes).since(indexed.url(), before)
    [announced] = [event for event in events if isinstance(event, Announcement)]
    assert announced.client_request_id == "tab:1"
    assert sorted(announced.invalidations) == [indexed.url("ann"), indexed.url("bob")]


async def test_reindex_visits_everything_again(indexed: House):
    before = (await indexed.entry("notes.md")).generation
    await indexed.indexer.reindex(indexed.url())
    await indexed.index_all()

    assert indexed.visits_since() == ["one/ann.json", "one/bob.json", "one/cal.json", "one/person"]
    assert (await indexed.entry("notes.md")).generation > before


async def test_progress_ends_idle_with_everything_counted(indexed: House):
    progress = indexed.indexer.progress_hub.get(indexed.url())

    assert (progress.state, progress.done, progress.total) == ("idle", 5, 5)
