"""What an open page hears: changes and announcements under one number, each once."""

import asyncio

import pytest

from realmkit.changes import Change, ChangeLog, NewChange
from realmkit.config import Retention
from realmkit.db import Database
from realmkit.errors import BehindRetention
from realmkit.index import Announcement, Announcements, Batch, IndexStore, NewAnnouncement

from ..support.realms import ATLAS, HeldClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def announcements(db: Database, changes: ChangeLog) -> Announcements:
    return Announcements(db, changes)


async def change(db: Database, changes: ChangeLog, path: str) -> int:
    async with db.transaction() as tx:
        return await changes.append(tx, ATLAS, [NewChange("json", path, "added")])


def announcing(*ids: str, request: str | None = None) -> Batch:
    return Batch(ATLAS, announcements=[NewAnnouncement("incremental", ids, request)])


async def test_both_kinds_come_in_the_order_they_happened(
    db: Database, changes: ChangeLog, index: IndexStore, announcements: Announcements
) -> None:
    await change(db, changes, "a.json")
    committed = await index.commit(announcing("a", request="r1"))
    await change(db, changes, "b.json")

    (first, second, third), _ = await announcements.since(ATLAS, 0)
    assert isinstance(first, Change) and isinstance(third, Change)
    assert (first.path, third.path) == ("a.json", "b.json")
    assert isinstance(second, Announcement)
    assert (second.seq, second.index_type) == (committed.announced[0], "incremental")
    assert (second.invalidations, second.client_request_id) == (["a"], "r1")
    assert second.generation == committed.generation


async def test_a_page_that_comes_back_hears_what_it_missed(
    db: Database, changes: ChangeLog, index: IndexStore, announcements: Announcements
) -> None:
    seq = await change(db, changes, "a.json")
    await index.commit(announcing("a"))
    [event], reached = await announcements.since(ATLAS, seq)
    assert isinstance(event, Announcement)
    assert reached == seq + 1
    assert await announcements.since(ATLAS, reached) == ([], reached)
    assert await announcements.last_seq(ATLAS) == seq + 1


async def test_a_page_of_another_server_is_woken_by_an_announcement(
    peer: Database, index: IndexStore
) -> None:
    waiting = asyncio.create_task(Announcements(peer, ChangeLog(peer)).wait_for(ATLAS, 0))
    await asyncio.sleep(0)
    await index.commit(announcing("a"))
    async with asyncio.timeout(10):
        assert await waiting == 1


async def test_a_page_that_waits_is_woken_by_an_announcement(
    index: IndexStore, announcements: Announcements
) -> None:
    waiting = asyncio.create_task(announcements.wait_for(ATLAS, 0))
    await asyncio.sleep(0)
    await index.commit(announcing("a"))
    assert await waiting == 1


async def test_announcements_do_not_look_like_work_to_the_indexer(
    db: Database, changes: ChangeLog, index: IndexStore
) -> None:
    seq = await change(db, changes, "a.json")
    await index.commit(announcing("a"))
    assert await changes.last_seq(ATLAS) == seq


async def test_a_limit_cuts_both_kinds_together(
    db: Database, changes: ChangeLog, index: IndexStore, announcements: Announcements
) -> None:
    for name in "abc":
        await change(db, changes, f"{name}.json")
        await index.commit(announcing(name))
    heard: list[int] = []
    reached = 0
    while reached < 6:
        events, reached = await announcements.since(ATLAS, reached, limit=2)
        heard += [event.seq for event in events]
        assert heard[-1] == reached
    assert heard == [1, 2, 3, 4, 5, 6]


async def test_a_seq_that_nothing_has_is_passed(
    db: Database, changes: ChangeLog, announcements: Announcements
) -> None:
    async with db.transaction() as tx:
        await changes.take_seqs(tx, ATLAS, 2)
    assert await announcements.since(ATLAS, 0) == ([], 2)


@pytest.mark.parametrize("had_something", [True, False])
async def test_what_is_committed_while_it_is_read_is_told_next_time(
    db: Database,
    changes: ChangeLog,
    announcements: Announcements,
    monkeypatch: pytest.MonkeyPatch,
    had_something: bool,
) -> None:
    if had_something:
        await change(db, changes, "a.json")
    read = changes.since

    async def reading(realm_url: str, seq: int, limit: int = 1_000) -> list[Change]:
        rows = await read(realm_url, seq, limit)
        await change(db, changes, "late.json")
        return rows

    monkeypatch.setattr(changes, "since", reading)
    _, reached = await announcements.since(ATLAS, 0)
    monkeypatch.undo()

    [late], _ = await announcements.since(ATLAS, reached)
    assert isinstance(late, Change) and late.path == "late.json"


async def test_a_page_behind_retention_is_told_so(db: Database) -> None:
    clock = HeldClock()
    log = ChangeLog(db, clock=clock, retention=Retention(rows=1, age_s=1))
    index = IndexStore(db, log, public_url="http://127.0.0.1:4201", clock=clock)
    announcements = Announcements(db, log)
    await change(db, log, "a.json")
    await index.commit(announcing("a"))
    clock.ms += 2_000
    await change(db, log, "b.json")
    await log.sweep()
    await index.commit(announcing("b"))
    with pytest.raises(BehindRetention):
        await announcements.since(ATLAS, 0)
    events, _ = await announcements.since(ATLAS, 2)
    assert [event.seq for event in events] == [3, 4]
    # They are swept with the changes of their time: all up to the change that was dropped.
    kept = await db.read("select seq from index_announcements order by seq")
    assert [row[0] for row in kept] == [2, 4]
