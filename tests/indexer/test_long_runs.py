"""Runs that are written down as they go: what readers, writers and the next start have of them."""

from typing import Any

import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Retention
from realmkit.errors import TryLater
from realmkit.index import Announcement, Announcements, Dependent, LongRuns

from .conftest import House, card, of_another_process, restarted

pytestmark = pytest.mark.anyio

GATED = card("Slow", behaviour="gate")


def people(count: int) -> dict[str, object]:
    return {f"p{number:03}.json": card(f"P{number}") for number in range(count)}


async def start(house: House) -> None:
    await house.indexer.start()
    await house.index_all()
    house.visits_since()


def hold_its_commit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the long run of the realm wait at the gate when it begins to commit."""
    commit = LongRuns.commit

    async def held(long_runs: LongRuns, realm_url: str, **more: Any) -> set[str]:
        if realm_url == house.url():
            house.at_gate.set()
            await house.gate.wait()
        return await commit(long_runs, realm_url, **more)

    monkeypatch.setattr(LongRuns, "commit", held)


async def at_the_gate(house: House, done: int = 0) -> None:
    """Wait until one card is held at the gate and so many files are done."""
    await house.at_gate.wait()
    await house.visited_count(done)


async def test_a_write_is_indexed_while_a_first_run_goes_on(house: House):
    house.have_patience()
    await house.write({"slow.json": GATED})
    await house.indexer.start()
    await at_the_gate(house)
    seq = await house.write({"ann.json": card("Ann")})

    assert await house.index.wait_indexed(house.url(), seq, timeout_s=30)
    assert await house.isolated("ann.json") == "<p>sound Ann</p>"
    assert await house.index.entry(house.url("slow.json")) is None, "the first run goes on"
    assert await house.index.indexed_seq(house.url()) == 0, "what it owes is not there"
    house.gate.set()
    await house.index_all()
    assert await house.index.indexed_seq(house.url()) == seq
    assert await house.isolated("ann.json") == "<p>sound Ann</p>"


async def test_nothing_of_a_long_run_is_seen_before_its_commit(house: House):
    house.have_patience()
    await house.write({**people(30), "slow.json": GATED})
    await house.indexer.start()
    await at_the_gate(house, done=12)

    assert await house.indexed_urls() == set()
    house.gate.set()
    await house.index_all()
    assert len(await house.indexed_urls()) == 32


async def test_readers_have_the_old_index_until_a_long_run_commits(house: House):
    house.have_patience()
    house.gate.set()
    await house.write({**people(60), "slow.json": GATED})
    await start(house)
    house.gate.clear()
    house.at_gate.clear()
    seq = await house.write({"person.gts": "sounder"})
    await at_the_gate(house, done=61)  # the module, and all but the slow one

    for number in range(60):
        assert await house.isolated(f"p{number:03}.json") == f"<p>sound P{number}</p>"
    assert not await house.index.wait_indexed(house.url(), seq, timeout_s=0.01)
    house.gate.set()
    await house.index_all()
    for number in range(60):
        assert await house.isolated(f"p{number:03}.json") == f"<p>sounder P{number}</p>"


async def test_what_a_run_that_was_cut_short_had_visited_is_not_visited_again(house: House):
    house.have_patience()
    await house.write({**people(30), "slow.json": GATED})
    await house.indexer.start()
    await at_the_gate(house, done=13)
    await house.indexer.stop()
    rows = await house.db.read("select url from index_work where outcome is not null")
    written_down = {url.removeprefix(f"{house.origin}/").removesuffix(".gts") for (url,) in rows}
    assert len(written_down) >= 13, "a dozen cards and the module"
    house.visits_since()
    house.gate.set()
    await restarted(house).start()
    await house.index_all()

    again = set(house.visits_since())
    assert "one/slow.json" in again
    assert not written_down & again
    assert len(await house.indexed_urls()) == 32


async def test_an_edit_after_the_visit_and_before_the_commit_wins(house: House):
    house.have_patience()
    await house.write({**people(30), "slow.json": GATED})
    await house.indexer.start()
    await at_the_gate(house, done=12)
    seq = await house.write({f"p{number:03}.json": card("New") for number in range(30)})
    assert await house.index.wait_indexed(house.url(), seq, 30)
    assert await house.isolated("p000.json") == "<p>sound New</p>"
    house.gate.set()
    await house.index_all()

    for number in range(30):
        assert await house.isolated(f"p{number:03}.json") == "<p>sound New</p>"


async def test_a_visit_that_read_a_module_before_its_edit_is_made_again(house: House):
    house.have_patience()
    await house.write({**people(30), "slow.json": GATED})
    await house.indexer.start()
    await at_the_gate(house, done=12)
    await house.write({"person.gts": "sounder"})
    house.gate.set()
    await house.index_all()

    for number in range(30):
        assert await house.isolated(f"p{number:03}.json") == f"<p>sounder P{number}</p>"


async def test_a_file_that_is_removed_during_a_long_run_stays_away(house: House):
    house.have_patience()
    await house.write({**people(30), "slow.json": GATED})
    await house.indexer.start()
    await at_the_gate(house, done=12)
    await house.write({"p000.json": None, "p029.json": None})
    house.gate.set()
    await house.index_all()

    assert await house.index.entry(house.url("p000.json")) is None
    assert await house.index.entry(house.url("p029.json")) is None
    assert len(await house.indexed_urls()) == 30


async def test_a_file_that_is_removed_as_a_long_run_begins_to_commit_stays_away(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await house.write(people(3))
    hold_its_commit(house, monkeypatch)
    await house.indexer.start()
    await house.at_gate.wait()
    seq = await house.write({"p000.json": None})
    assert await house.index.wait_indexed(house.url(), seq, 30)
    house.gate.set()
    await house.index_all()

    assert await house.indexed_urls() == {
        house.url(path) for path in ("p001.json", "p002.json", "person.gts")
    }


async def test_an_edit_as_a_long_run_begins_to_commit_wins(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await house.write(people(3))
    hold_its_commit(house, monkeypatch)
    await house.indexer.start()
    await house.at_gate.wait()
    seq = await house.write({"p000.json": card("New")})
    assert await house.index.wait_indexed(house.url(), seq, 30)
    house.gate.set()
    await house.index_all()

    assert await house.isolated("p000.json") == "<p>sound New</p>"
    assert await house.isolated("p001.json") == "<p>sound P1</p>"


async def test_a_file_that_is_removed_after_a_run_was_cut_short_stays_away(house: House):
    house.have_patience()
    await house.write({**people(30), "slow.json": GATED})
    await house.indexer.start()
    await at_the_gate(house, done=25)
    await house.indexer.stop()
    rows = await house.db.read("select url from index_work where outcome is not null")
    assert house.url("p000.json") in {url for (url,) in rows}, "its visit is written down"
    await house.write({"p000.json": None, "p029.json": None})
    house.gate.set()
    await restarted(house).start()
    await house.index_all()

    assert await house.index.entry(house.url("p000.json")) is None
    assert await house.index.entry(house.url("p029.json")) is None
    assert len(await house.indexed_urls()) == 30


async def test_what_a_long_run_owes_other_realms_is_owed_as_it_begins_or_not_at_all(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await house.write({"far.json": card("Far", module="../one/person")}, realm="two")
    await house.write(people(60))
    await start(house)
    owe, failed = LongRuns.owe, False

    async def failing_once(*args: Any, **more: Any) -> None:
        nonlocal failed
        if not failed:
            failed = True
            raise TryLater("The database went away.")
        await owe(*args, **more)

    monkeypatch.setattr(LongRuns, "owe", failing_once)
    seq = await house.write({"person.gts": "sounder"})
    assert await house.index.wait_indexed(house.url(), seq, 60)
    await house.index_all()

    assert failed
    assert await house.isolated("far.json", realm="two") == "<p>sounder Far</p>"


async def test_an_edit_of_many_dependents_answers_its_request_once(house: House):
    await house.write(people(60))
    await start(house)
    before = await house.changes.last_event_seq(house.url())
    await house.write({"person.gts": "sounder"}, request="tab:1")
    await house.index_all()

    assert len(house.visits_since()) == 61
    events, _ = await Announcements(house.db, house.changes).since(house.url(), before)
    [announced] = [event for event in events if isinstance(event, Announcement)]
    assert (announced.client_request_id, announced.index_type) == ("tab:1", "incremental")
    assert len(announced.invalidations) == 61


async def test_a_long_run_visits_modules_then_dependencies_before_what_rests_on_them(house: House):
    await house.write(
        {
            **people(60),
            "a.json": card("A", links={"friend": "./b"}),
            "b.json": card("B", links={"friend": "./c"}),
            "c.json": card("C"),
        }
    )
    await start(house)
    await house.write({"person.gts": "sounder"})
    await house.index_all()

    order = house.visited
    assert order[0] == "one/person"
    places = [order.index(f"one/{name}.json") for name in "cba"]
    assert places == sorted(places)


async def test_a_first_run_has_the_same_result_in_whichever_order_it_visits(house: House):
    for realm, first, last in (("one", "a", "z"), ("two", "z", "a")):
        await house.write(
            {
                f"{first}.json": card("First", links={"friend": "./m"}),
                "m.json": card("Middle", links={"friend": f"./{last}"}),
                f"{last}.json": card("Last"),
            },
            realm=realm,
        )
    await start(house)

    for realm, first in (("one", "a"), ("two", "z")):
        assert await house.isolated(f"{first}.json", realm) == "<p>sound First Middle</p>"
        assert await house.isolated("m.json", realm) == "<p>sound Middle Last</p>"


async def left_in(house: House, realm: str) -> dict[str, str]:
    """What the index has of a realm's cards and modules, but for when it was made."""
    url = house.url(realm=realm)
    left: dict[str, str] = {}
    for file in await house.index.indexed_files(url):
        if file.type != "file":
            entry = await house.index.entry(file.url, file.type)
            assert entry is not None
            rests_on = [each.dependencies for each in await house.index.dependencies(file.url)]
            made = (entry.type, entry.pristine_doc, entry.search_doc, entry.types, entry.error_doc)
            html = await house.index.html(url, file.url, "isolated")
            left[file.url.removeprefix(url)] = repr((made, html, rests_on)).replace(url, "")
    return left


async def test_a_long_and_a_short_run_leave_the_same(house: House):
    files = {
        "ann.json": card("Ann", links={"friend": "./bob"}),
        "bob.json": card("Bob"),
        "bad.json": card("Bad", behaviour="throw"),
        "list.gts": "sound",
        "all.json": card("All", lists="./person/Card", module="./list"),
    }
    await house.write(files)  # its first run, a long one: `all` is only read at first
    await start(house)
    await house.write(files, realm="two")  # indexed before, so this is a short one
    await house.index_all()

    left = await left_in(house, "one")
    assert len(left) == 6
    assert left == await left_in(house, "two")


async def test_progress_counts_every_file_of_a_first_run_once(house: House):
    lister = card("All", lists="./person/Card", module="./list")
    await house.write({**people(20), "list.gts": "sound", "all.json": lister})
    await start(house)

    progress = house.indexer.progress_hub.get(house.url())
    assert (progress.state, progress.done, progress.total) == ("idle", 23, 23)


async def test_progress_counts_once_what_another_realm_owes_while_it_is_visited(house: House):
    house.have_patience()
    await house.write({**people(30), "slow.json": GATED})
    await house.indexer.start()
    await at_the_gate(house, done=13)
    urls = [house.url(path) for path in ("p000.json", "slow.json")]
    long_runs = LongRuns(house.db, house.index, public_url=house.origin)
    await long_runs.owe(Dependent(house.url(), url, "instance") for url in urls)
    house.gate.set()
    await house.index_all()

    assert house.visits_since().count("one/p000.json") == 2
    progress = house.indexer.progress_hub.get(house.url())
    assert (progress.state, progress.done, progress.total) == ("idle", 32, 32)


async def test_a_first_run_is_one_full_event_of_all_its_files(house: House):
    await house.write(people(3))
    await start(house)

    events, _ = await Announcements(house.db, house.changes).since(house.url(), 0)
    [announced] = [event for event in events if isinstance(event, Announcement)]
    assert announced.index_type == "full"
    assert sorted(announced.invalidations) == [
        *(house.url(f"p{number:03}") for number in range(3)),
        house.url("person.gts"),
    ]


async def test_an_indexer_behind_retention_visits_what_differs_or_failed_and_nothing_else(
    house: House,
):
    friend = card("F", links={"friend": "./p001"})
    bad = card("Bad", behaviour="throw")
    await house.write({**people(5), "friend.json": friend, "bad.json": bad})
    await start(house)
    await house.indexer.stop()
    await house.write({"p001.json": card("New"), "p002.json": None, "new.json": card("N")})
    await ChangeLog(house.db, retention=Retention(rows=0, age_s=-60)).sweep()
    await restarted(house).start()
    await house.index_all()

    assert house.visits_since() == [
        "one/bad.json",
        "one/friend.json",
        "one/new.json",
        "one/p001.json",
    ]
    assert await house.isolated("p001.json") == "<p>sound New</p>"
    assert await house.index.entry(house.url("p002.json")) is None


async def test_a_process_behind_retention_indexes_what_another_wrote(house: House):
    await house.write(people(3))
    await start(house)
    await house.indexer.stop()
    await house.write({"p000.json": card("New")})
    await ChangeLog(house.db, retention=Retention(rows=0, age_s=-60)).sweep()
    other = of_another_process(house, "one")
    await other.start()
    await other.settle()
    await other.stop()

    assert house.visits_since() == ["one/p000.json"]
    assert await house.isolated("p000.json") == "<p>sound New</p>"


@pytest.mark.parametrize(("edited", "resting"), [("one", "two"), ("two", "one")])
async def test_an_edit_reaches_cards_of_a_realm_that_another_process_serves(
    house: House, edited: str, resting: str
):
    await house.write({"far.json": card("Far", module=f"../{edited}/person")}, realm=resting)
    await start(house)
    await house.indexer.stop()
    mine, theirs = restarted(house, edited), of_another_process(house, resting)
    await mine.start()
    await theirs.start()
    await mine.settle()
    await theirs.settle()
    await house.write({"person.gts": "sounder"}, realm=edited)
    await mine.settle()
    await theirs.settle()

    assert await house.isolated("far.json", realm=resting) == "<p>sounder Far</p>"
    await theirs.stop()


async def test_what_is_owed_to_a_realm_is_visited_when_somebody_serves_it_again(house: House):
    await house.write({"far.json": card("Far", module="../one/person")}, realm="two")
    await start(house)
    await house.indexer.stop()
    await restarted(house, "one").start()
    await house.write({"person.gts": "sounder"})
    await house.index_all()
    assert await house.isolated("far.json", realm="two") == "<p>sound Far</p>"
    await house.indexer.stop()
    await restarted(house, "two").start()
    await house.index_all()

    assert await house.isolated("far.json", realm="two") == "<p>sounder Far</p>"
