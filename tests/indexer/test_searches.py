"""Cards that rest on searches."""

from typing import Any

import pytest

from realmkit.errors import BadRequest, TooSlow, TryLater

from .conftest import House, card, restarted

pytestmark = pytest.mark.anyio

LISTER = card("All", lists="./person/Card", module="./list")


@pytest.fixture
async def indexed(house: House) -> House:
    """Realm `one`: two people, and a card that lists every person."""
    await house.write(
        {"list.gts": "sound", "all.json": LISTER, "ann.json": card("Ann"), "bob.json": card("Bob")}
    )
    await house.indexer.start()
    await house.index_all()
    return house


async def test_a_search_made_during_the_first_run_is_answered_from_the_whole_of_it(indexed: House):
    assert await indexed.isolated("all.json") == "<p>sound All ann bob</p>"


async def test_a_first_run_renders_a_card_that_searches_once(indexed: House):
    assert indexed.visits_since().count("one/all.json") == 1


async def test_a_new_card_is_found_by_the_search_of_another(indexed: House):
    indexed.visits_since()
    await indexed.write({"cal.json": card("Cal")})
    await indexed.index_all()

    assert indexed.visits_since() == ["one/all.json", "one/cal.json"]
    assert await indexed.isolated("all.json") == "<p>sound All ann bob cal</p>"


async def test_a_removed_card_is_no_longer_found(indexed: House):
    await indexed.write({"bob.json": None})
    await indexed.index_all()

    assert await indexed.isolated("all.json") == "<p>sound All ann</p>"


@pytest.mark.parametrize("problem", [TooSlow("It is slow."), TryLater("The index moves.")])
async def test_a_search_that_cannot_be_answered_in_time_is_asked_again_by_a_visit(
    indexed: House, problem: TryLater
):
    indexed.visits_since()
    indexed.search.problem = problem
    await indexed.write({"cal.json": card("Cal")})
    await indexed.index_all()

    assert indexed.visits_since() == ["one/all.json", "one/cal.json"]
    assert await indexed.isolated("all.json") == "<p>sound All ann bob cal</p>"


async def test_a_search_that_is_slow_at_each_time_comes_to_rest(indexed: House):
    await indexed.write({"me.json": card("Me", lists="./list/Card", module="./list")})
    await indexed.index_all()
    indexed.visits_since()
    indexed.search.problem = TooSlow("It is slow.")
    await indexed.write({"you.json": card("You", lists="./list/Card", module="./list")})
    await indexed.index_all()

    assert await indexed.isolated("me.json") == "<p>sound Me all me you</p>"
    assert indexed.visits_since().count("one/me.json") == 1


async def test_a_search_that_was_slow_at_the_start_is_asked_again_by_a_visit(indexed: House):
    await indexed.indexer.stop()
    indexed.visits_since()
    indexed.search.problem = TooSlow("It is slow.")
    await restarted(indexed).start()
    await indexed.index_all()

    assert indexed.visits_since() == ["one/all.json"]


async def test_a_search_that_is_refused_visits_nobody(indexed: House):
    indexed.visits_since()
    indexed.search.problem = BadRequest("There is no such field.")
    await indexed.write({"cal.json": card("Cal")})
    await indexed.index_all()

    assert indexed.visits_since() == ["one/cal.json"]


async def test_an_edit_that_changes_no_answer_visits_nobody_else(indexed: House):
    indexed.visits_since()
    await indexed.write({"bob.json": card("Bobby")})
    await indexed.index_all()

    assert indexed.visits_since() == ["one/bob.json"]


async def test_a_card_that_lists_its_own_kind_comes_to_rest(indexed: House):
    await indexed.write({"me.json": card("Me", lists="./list/Card", module="./list")})
    await indexed.index_all()

    assert await indexed.isolated("me.json") == "<p>sound Me all me</p>"


async def test_a_search_over_another_realm_follows_it(indexed: House):
    await indexed.write({"far.json": card("Far", lists="../one/person/Card")}, realm="two")
    await indexed.index_all()
    await indexed.write({"cal.json": card("Cal")})
    await indexed.index_all()

    assert await indexed.isolated("far.json", realm="two") == "<p>sound Far ann bob cal</p>"


@pytest.mark.parametrize("others", [0, 60], ids=["short run", "long run"])
@pytest.mark.parametrize(
    ("reads", "shown"),
    [
        ({"lists": "../one/person/Card"}, "<p>sound Far ann bob cal</p>"),
        ({"links": {"friend": "../one/ann"}}, "<p>sound Far Anna</p>"),
    ],
    ids=["searched", "linked"],
)
async def test_what_another_realm_commits_while_a_card_waits_for_its_own_commit_is_seen(
    indexed: House, reads: dict[str, Any], shown: str, others: int
):
    # Whoever commits meanwhile cannot tell that this card will rest on it.
    indexed.have_patience()
    far = {"far.json": card("Far", behaviour="gate after search", **reads)}
    more = {f"other{number}.json": card("Other") for number in range(others)}
    await indexed.write({**far, **more}, realm="two")
    await indexed.at_gate.wait()
    await indexed.write({"cal.json": card("Cal"), "ann.json": card("Anna")})
    await indexed.indexer.drain(indexed.url())
    indexed.gate.set()
    await indexed.index_all()

    assert await indexed.isolated("far.json", realm="two") == shown


async def test_a_definition_that_breaks_and_heals_visits_its_searching_cards_once_each_time(
    indexed: House,
):
    await indexed.write({"me.json": card("Me", lists="./list/Card", module="./list")})
    await indexed.index_all()
    indexed.visits_since()
    await indexed.write({"list.gts": "broken"})
    await indexed.index_all()
    broke = indexed.visits_since()
    assert await indexed.isolated("me.json") == "<p>sound Me all me</p>", "the last good one"
    await indexed.write({"list.gts": "mended"})
    await indexed.index_all()

    assert broke.count("one/me.json") == 1
    assert indexed.visits_since() == ["one/all.json", "one/list", "one/me.json"]
    assert await indexed.isolated("me.json") == "<p>mended Me all me</p>"


async def test_a_card_that_heals_is_found_again_by_the_search_of_another(indexed: House):
    await indexed.write({"bob.json": card("Bob", behaviour="throw")})
    await indexed.index_all()
    assert await indexed.isolated("all.json") == "<p>sound All ann</p>"
    await indexed.write({"bob.json": card("Bob")})
    await indexed.index_all()

    assert await indexed.isolated("all.json") == "<p>sound All ann bob</p>"


async def test_a_card_that_is_found_and_linked_to_is_a_dependency(indexed: House):
    both = card("Both", lists="./person/Card", module="./list", links={"friend": "./ann"})
    await indexed.write({"both.json": both})
    await indexed.index_all()
    indexed.visits_since()
    await indexed.write({"ann.json": card("Anna")})
    await indexed.index_all()

    assert indexed.visits_since() == ["one/ann.json", "one/both.json"]
    assert await indexed.isolated("both.json") == "<p>sound Both Anna ann bob</p>"


async def test_what_a_job_was_answered_is_forgotten_when_its_visits_end(indexed: House):
    await indexed.job_answers.put("1.1", "k", b"of another job")
    await indexed.write({"all.json": card("Everybody", lists="./person/Card", module="./list")})
    await indexed.index_all()

    assert len(set(indexed.jobs)) == 2, "the first run's and this one's"
    assert await jobs_with_answers(indexed) == ["1.1"]


async def test_what_a_job_was_answered_is_forgotten_when_its_visits_are_cut_off(indexed: House):
    indexed.have_patience()
    searching = card("All", lists="./person/Card", module="./list", behaviour="gate after search")
    await indexed.write({"all.json": searching})
    await indexed.at_gate.wait()
    assert await jobs_with_answers(indexed) == [indexed.jobs[-1]]

    await indexed.indexer.stop()

    assert await jobs_with_answers(indexed) == []


async def jobs_with_answers(house: House) -> list[str]:
    rows = await house.db.read(
        "select distinct job_id from job_scoped_search_cache order by job_id"
    )
    return [row[0] for row in rows]
