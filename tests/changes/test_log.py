"""Appending, following and pruning the change log."""

import asyncio
import contextlib
from collections.abc import Mapping

import pytest

from realmkit.changes import ChangeLog, Heard, NewChange
from realmkit.db import Database

from ..support.realms import ATLAS

pytestmark = pytest.mark.anyio

OTHER = "http://127.0.0.1:4201/other/"


def added(path: str) -> NewChange:
    return NewChange("json", path, "added", "hash", "request")


async def append(db: Database, changes: ChangeLog, *paths: str, realm_url: str = ATLAS) -> int:
    async with db.transaction() as tx:
        return await changes.append(tx, realm_url, [added(path) for path in paths])


async def test_changes_come_back_in_order(db: Database, changes: ChangeLog) -> None:
    assert await append(db, changes, "a.json", "b.json") == 2
    assert await append(db, changes, "c.json") == 3

    found = await changes.since(ATLAS, 1)

    assert [(change.seq, change.path) for change in found] == [(2, "b.json"), (3, "c.json")]
    assert (found[0].operation, found[0].content_hash) == ("added", "hash")
    assert found[0].client_request_id == "request"


async def test_each_realm_counts_for_itself(db: Database, changes: ChangeLog) -> None:
    await append(db, changes, "a.json", "b.json")
    assert await append(db, changes, "a.json", realm_url=OTHER) == 1
    assert await changes.last_seq(ATLAS) == 2
    assert await changes.last_seq("http://127.0.0.1:4201/unheard/") == 0


async def test_a_write_that_is_rolled_back_takes_no_seq(db: Database, changes: ChangeLog) -> None:
    with contextlib.suppress(KeyError):
        async with db.transaction() as tx:
            await changes.append(tx, ATLAS, [added("lost.json")])
            raise KeyError
    assert await append(db, changes, "a.json") == 1


async def test_nothing_appended_answers_the_last_seq(db: Database, changes: ChangeLog) -> None:
    await append(db, changes, "a.json")
    assert await append(db, changes) == 1


async def test_a_follower_is_woken_by_the_commit(db: Database, changes: ChangeLog) -> None:
    following = asyncio.create_task(changes.wait_for(ATLAS, 0))
    await asyncio.sleep(0)
    async with db.transaction() as tx:
        await changes.append(tx, ATLAS, [added("a.json")])
        await asyncio.sleep(0)
        assert not following.done()
    assert await following == 1


async def test_a_follower_in_another_process_is_woken_by_the_commit(
    db: Database, peer: Database, changes: ChangeLog
) -> None:
    following = asyncio.create_task(ChangeLog(peer).wait_for(ATLAS, 0))
    await asyncio.sleep(0)
    await append(db, changes, "a.json")
    async with asyncio.timeout(10):
        assert await following == 1


async def test_seqs_of_writers_in_two_processes_come_in_the_order_of_their_commits(
    db: Database, peer: Database, changes: ChangeLog
) -> None:
    logs = [(db, changes), (peer, ChangeLog(peer))]
    seqs = await asyncio.gather(
        *(append(*logs[number % 2], f"{number}.json") for number in range(20))
    )
    assert sorted(seqs) == list(range(1, 21))
    assert [change.seq for change in await changes.since(ATLAS, 0)] == list(range(1, 21))


async def test_a_follower_who_missed_the_hint_still_finds_the_change(
    db: Database, changes: ChangeLog
) -> None:
    await append(db, changes, "a.json")
    deaf = ChangeLog(db)
    assert await deaf.wait_for(ATLAS, 0) == 1


async def test_news_of_several_realms_are_complete_and_of_one_moment(
    db: Database, changes: ChangeLog
) -> None:
    await append(db, changes, "a.json", "b.json")
    await append(db, changes, "c.json", realm_url=OTHER)
    before = db.statements

    news = await changes.news({ATLAS: 1, OTHER: 1, "http://127.0.0.1:4201/unheard/": 0})

    assert db.statements - before == 1
    assert {realm: heard.seq for realm, heard in news.items()} == {ATLAS: 2}
    assert [change.path for change in news[ATLAS].changes] == ["b.json"]


async def test_a_change_that_comes_while_a_follower_reads_is_heard_next(
    db: Database, changes: ChangeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append(db, changes, "a.json")
    news, late = changes.news, ["b.json"]

    async def slow(seen: Mapping[str, int]) -> dict[str, Heard]:
        found = await news(seen)
        # follower: has read up to a.json
        # writer: commits b.json, and hints
        # follower: tells a.json, waits for a hint, and must not wait for another
        if late:
            await append(db, changes, late.pop())
        return found

    monkeypatch.setattr(changes, "news", slow)
    heard = changes.follow(ATLAS, 0)
    async with asyncio.timeout(10):
        paths = [[each.path for each in (await anext(heard)).changes] for _ in range(2)]
    await heard.aclose()

    assert paths == [["a.json"], ["b.json"]]


async def test_an_announcement_has_no_follower_of_changes_look(
    db: Database, changes: ChangeLog
) -> None:
    with changes.hinting(ATLAS) as hint:
        async with db.transaction() as tx:
            await changes.take_seqs(tx, ATLAS, 1)
        assert not hint.is_set()
        await append(db, changes, "a.json")
        assert hint.is_set()


async def test_another_realms_changes_and_bare_hints_wake_nobody(
    db: Database, changes: ChangeLog
) -> None:
    following = asyncio.create_task(changes.wait_for(ATLAS, 0))
    await append(db, changes, "a.json", realm_url=OTHER)
    changes.notify(ATLAS)
    await asyncio.sleep(0.01)
    assert not following.done()
    await append(db, changes, "a.json")
    assert await following == 1


async def test_seqs_taken_by_others_wake_those_who_wait_for_events_only(
    db: Database, changes: ChangeLog
) -> None:
    waiting = asyncio.create_task(changes.wait_for(ATLAS, 0))
    hearing = asyncio.create_task(changes.wait_for_event(ATLAS, 0))
    async with db.transaction() as tx:
        assert await changes.take_seqs(tx, ATLAS, 2) == 1
    assert await hearing == 2
    assert (await changes.last_seq(ATLAS), await changes.last_event_seq(ATLAS)) == (0, 2)
    assert not waiting.done()
    assert await append(db, changes, "a.json") == 3
    assert await waiting == 3
