"""What is kept of the log, and what happens to a follower that was away for longer."""

import asyncio
import signal
import sys

import pytest

from realmkit.changes import ChangeLog, Heard, NewChange, Sweeper
from realmkit.config import Retention
from realmkit.db import Database, open_database
from realmkit.errors import BehindRetention, TryLater

from ..support.postgres import PostgresServer
from ..support.realms import ATLAS, HeldClock

pytestmark = pytest.mark.anyio

OTHER = "http://127.0.0.1:4201/other/"

# A follower as another process would be: it says what it hears, a line each.
FOLLOWER = """
import asyncio, sys
from realmkit.changes import ChangeLog
from realmkit.db import open_database

async def main():
    async with asyncio.timeout(60):
        log = ChangeLog(await open_database(sys.argv[1]))
        print("listening", flush=True)
        async for heard in log.follow(sys.argv[2], 0):
            paths = " ".join(change.path for change in heard.changes)
            print("start over" if heard.starts_over else paths, flush=True)

asyncio.run(main())
"""


async def append(db: Database, log: ChangeLog, *paths: str, realm_url: str = ATLAS) -> int:
    async with db.transaction() as tx:
        changes = [NewChange("json", path, "added") for path in paths]
        return await log.append(tx, realm_url, changes)


def keeping(db: Database, clock: HeldClock, *, rows: int = 2) -> ChangeLog:
    """A log that keeps so many rows, and everything of the last minute."""
    return ChangeLog(db, clock=clock, retention=Retention(rows=rows, age_s=60))


async def test_a_sweep_drops_what_is_both_old_and_beyond_the_newest(db: Database) -> None:
    clock = HeldClock()
    log = keeping(db, clock)
    await append(db, log, "a.json", "b.json", "c.json")
    assert await log.sweep() == 0, "too young to be dropped"
    clock.ms += 61_000
    await append(db, log, "d.json", "e.json")
    assert await log.sweep() == 3

    assert [change.path for change in await log.since(ATLAS, 3)] == ["d.json", "e.json"]
    with pytest.raises(BehindRetention, match="no longer kept"):
        await log.since(ATLAS, 2)


async def test_the_newest_changes_of_a_quiet_realm_are_kept_however_old(db: Database) -> None:
    clock = HeldClock()
    log = keeping(db, clock)
    await append(db, log, "a.json", "b.json")
    await append(db, log, "a.json", "b.json", "c.json", realm_url=OTHER)
    clock.ms += 61_000
    assert await log.sweep() == 1

    assert len(await log.since(ATLAS, 0)) == 2
    assert [change.path for change in await log.since(OTHER, 1)] == ["b.json", "c.json"]


async def test_a_follower_behind_retention_is_told_to_start_over_and_goes_on(db: Database) -> None:
    clock = HeldClock()
    log = keeping(db, clock, rows=0)
    await append(db, log, "a.json", "b.json")
    clock.ms += 61_000
    await log.sweep()
    following = log.follow(ATLAS, 1)
    assert await anext(following) == Heard(2, starts_over=True)
    await append(db, log, "c.json")

    heard = await anext(following)
    assert [change.path for change in heard.changes] == ["c.json"]
    await following.aclose()


async def test_two_sweeps_at_once_drop_everything_once(db: Database, peer: Database) -> None:
    clock = HeldClock()
    logs = keeping(db, clock, rows=0), keeping(peer, clock, rows=0)
    await append(db, logs[0], *(f"{number}.json" for number in range(50)))
    clock.ms += 61_000

    dropped = await asyncio.gather(*(log.sweep() for log in logs))
    assert sum(dropped) == 50
    with pytest.raises(BehindRetention):
        await logs[1].since(ATLAS, 49)


async def test_the_sweeper_sweeps_by_itself_and_ends_when_it_is_stopped(db: Database) -> None:
    clock = HeldClock()
    log = keeping(db, clock, rows=0)
    await append(db, log, "a.json")
    clock.ms += 61_000
    sweeper = Sweeper(log, every_s=3600)
    await sweeper.start()
    async with asyncio.timeout(10):
        await sweeper.swept.wait()
    await sweeper.stop()

    with pytest.raises(BehindRetention):
        await log.since(ATLAS, 0)


async def test_a_process_that_slept_through_retention_starts_over(
    postgres: PostgresServer,
) -> None:
    url = await postgres.new_database()
    db, clock = await open_database(url), HeldClock()
    log = keeping(db, clock, rows=0)
    follower = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FOLLOWER, url, ATLAS, stdout=asyncio.subprocess.PIPE
    )
    assert follower.stdout is not None
    try:
        assert await follower.stdout.readline() == b"listening\n"
        await append(db, log, "a.json")
        assert await follower.stdout.readline() == b"a.json\n"
        follower.send_signal(signal.SIGSTOP)
        await append(db, log, "b.json", "c.json")
        clock.ms += 61_000
        await log.sweep()
        follower.send_signal(signal.SIGCONT)
        assert await follower.stdout.readline() == b"start over\n"
        await append(db, log, "d.json")
        assert await follower.stdout.readline() == b"d.json\n"
    finally:
        follower.kill()
        await follower.wait()
        await db.close()
        postgres.drop(url)


async def test_a_follower_that_was_cut_off_goes_on_though_the_database_went_away_just_then(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HeldClock()
    log = keeping(db, clock)
    await append(db, log, "a.json", "b.json", "c.json")
    clock.ms += 61_000
    await append(db, log, "d.json", "e.json")
    await log.sweep()
    monkeypatch.setattr("realmkit.changes.log.PAUSE_S", 0)
    last_seq, asked = log.last_seq, 0

    async def away_once(realm_url: str) -> int:
        nonlocal asked
        asked += 1
        # The first is asked while waiting for a change, the second for where to go on.
        if asked == 2:
            raise TryLater("The database is away.")
        return await last_seq(realm_url)

    monkeypatch.setattr(log, "last_seq", away_once)

    async with asyncio.timeout(10):
        assert await anext(log.follow(ATLAS, 0)) == Heard(5, starts_over=True)
