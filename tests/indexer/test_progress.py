"""What followers of a run see."""

import pytest

from realmkit.indexer import Progress, ProgressHub

pytestmark = pytest.mark.anyio

REALM = "http://r/"


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def test_a_run_counts_what_is_done_and_how_fast():
    clock = Clock()
    hub = ProgressHub(clock)
    hub.begin(REALM, 10)
    clock.now_s = 2.0
    hub.visiting(REALM, "a.json")
    hub.visited(REALM, 4, errors=1)

    assert hub.get(REALM) == Progress(REALM, "indexing", 4, 10, 2.0, "a.json", 1)


async def test_work_that_turns_up_later_is_added():
    hub = ProgressHub(Clock())
    hub.begin(REALM, 2)
    hub.add_work(REALM, 3)

    assert hub.get(REALM).total == 5


async def test_runs_beside_each_other_are_shown_as_one():
    hub = ProgressHub(Clock())
    hub.begin(REALM, 10)
    hub.begin(REALM, 1)
    hub.visited(REALM)
    hub.finish(REALM)
    assert hub.get(REALM) == Progress(REALM, "indexing", 1, 11)
    hub.finish(REALM)

    assert hub.get(REALM).state == "idle"


async def test_a_run_that_goes_on_counts_what_was_done_before_and_not_for_its_rate():
    clock = Clock()
    hub = ProgressHub(clock)
    hub.begin(REALM, 10, done=6)
    clock.now_s = 1.0
    hub.visited(REALM, 2)

    assert (hub.get(REALM).done, hub.get(REALM).rate) == (8, 2.0)


async def test_a_file_that_is_visited_again_is_no_more_work_to_count():
    hub = ProgressHub(Clock())
    hub.begin(REALM, 2)
    hub.visited(REALM, 2)
    hub.again(REALM, 1)
    hub.visited(REALM)

    assert (hub.get(REALM).done, hub.get(REALM).total) == (2, 2)


async def test_a_realm_that_was_never_indexed_is_idle():
    assert ProgressHub(Clock()).get(REALM) == Progress(REALM)


async def test_a_follower_begins_with_the_present_and_misses_only_what_was_overtaken():
    hub = ProgressHub(Clock())
    following = hub.follow(REALM)
    assert await anext(following) == Progress(REALM)
    hub.begin(REALM, 1)
    hub.visited(REALM)
    hub.finish(REALM)

    assert await anext(following) == Progress(REALM, "idle", 1, 1)


async def test_a_run_that_cannot_be_made_says_why_until_the_next_begins():
    hub = ProgressHub(Clock())
    hub.fail(REALM, "No Chromium.")
    assert hub.get(REALM).to_json()["problem"] == "No Chromium."
    hub.begin(REALM, 1)

    assert hub.get(REALM).problem is None
