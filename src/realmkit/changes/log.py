"""The realm's change log: what happened to its files, in order.

`files` appends to it in the same transaction as a file's metadata, and everything
else follows: the indexer finds its work here, other processes drop what they have
cached, open pages hear of it. A notification is only a hint to look. A follower
reads from the last seq it has seen, so a hint that is lost costs nothing.

Seqs are whole numbers of one realm. The index's announcements take theirs from the
same counter (`take_seqs`), so one number says how much of either a page has seen;
that is why the seqs of changes may have gaps.

Old changes are swept away (`sweep`). A follower that was away for longer is told to
start over, and never gets a part of what it missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import orjson

from realmkit.clock import Clock, SystemClock
from realmkit.config import Retention
from realmkit.db import Database, Hints, Row, Transaction, load_sql
from realmkit.errors import BehindRetention, TryLater

ChangeKind = Literal["module", "json", "file"]
Operation = Literal["added", "updated", "removed"]

# A follower asks again so long after the database did not answer.
PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change to be appended. `content_hash` is None for a removed file.

    One that `is_forced` was asked for: whatever was made of the file is to be made again,
    although the file may be as it was.
    """

    kind: ChangeKind
    path: str
    operation: Operation
    content_hash: str | None = None
    client_request_id: str | None = None
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the log. `path` is realm-relative; `at` is in milliseconds."""

    realm_url: str
    seq: int
    kind: ChangeKind
    path: str
    operation: Operation
    content_hash: str | None
    client_request_id: str | None
    at: int
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What a follower is told. With `starts_over`, changes were missed for good: whatever
    it knows of the realm may be out of date, and it goes on from `seq`."""

    seq: int
    changes: Sequence[Change] = ()
    starts_over: bool = False


Swept = Callable[[Transaction, str, int], Awaitable[None]]
"""Called in the transaction that drops a realm's changes up to a seq."""


class ChangeLog:
    """The logs of every realm in one database."""

    def __init__(
        self, db: Database, *, clock: Clock | None = None, retention: Retention | None = None
    ) -> None:
        self._db = db
        self._sql = load_sql(__package__ or "", "changes.sql", db.dialect)
        self._clock = clock or SystemClock()
        self._retention = retention or Retention()
        self._hints = Hints()
        # Those who wait for a change are not woken by announcements: every commit of the
        # index makes one, and would have each of them look in vain.
        self._event_hints = Hints()
        self._swept: list[Swept] = []
        # What other processes append is heard here; what was missed is looked for.
        db.notifier.listen("realm_file_changes", self.notify)
        db.notifier.listen("realm_index_updated", self._event_hints.notify)
        db.notifier.after_gap(self._hints.notify_all)
        db.notifier.after_gap(self._event_hints.notify_all)

    async def append(self, tx: Transaction, realm_url: str, changes: Sequence[NewChange]) -> int:
        """Append inside the caller's transaction; returns the last seq given out.

        Followers are notified when that transaction commits. With nothing to append,
        the realm's last change seq is returned.
        """
        if not changes:
            row = await tx.fetch_one(self._sql["ends"], (realm_url,))
            return row[1] if row else 0
        row = await tx.fetch_one(self._sql["take_change_seqs"], (realm_url, len(changes)))
        assert row is not None
        last: int = row[0]
        at = self._clock.now_ms()
        await tx.execute_many(
            self._sql["append"],
            [
                (
                    realm_url,
                    seq,
                    change.kind,
                    change.path,
                    change.operation,
                    change.content_hash,
                    change.client_request_id,
                    at,
                    change.is_forced,
                )
                for seq, change in enumerate(changes, last - len(changes) + 1)
            ],
        )
        await tx.notify("realm_file_changes", realm_url)
        tx.on_commit(lambda: self.notify(realm_url))
        return last

    async def take_seqs(self, tx: Transaction, realm_url: str, count: int) -> int:
        """Give out `count` seqs to announcements of the caller; returns the first of them.

        The caller, whose index has another generation, says so on `realm_index_updated`.
        """
        row = await tx.fetch_one(self._sql["take_seqs"], (realm_url, count))
        assert row is not None
        tx.on_commit(lambda: self._event_hints.notify(realm_url))
        return row[0] - count + 1

    async def since(self, realm_url: str, seq: int, limit: int = 1_000) -> list[Change]:
        """The changes after `seq`, oldest first.

        Raises `BehindRetention` if some of them have been pruned: the follower has to
        look at the whole realm instead.
        """
        rows = await self._db.read(self._sql["since"], (realm_url, seq, limit))
        if rows and seq < rows[0][0]:
            raise _behind(realm_url, seq)
        return changes_in(row[1:] for row in rows)

    async def news(self, seen: Mapping[str, int]) -> dict[str, Heard]:
        """What followers of several realms, who have `seen` each up to a seq, are to be told.

        All that was committed before the call, of every realm, from one statement; realms
        without news are left out.
        """
        rows_of: dict[str, list[Row]] = {}
        asked = orjson.dumps(dict(seen)).decode()
        for realm_url, *row in await self._db.read(self._sql["since_each"], (asked,)):
            rows_of.setdefault(realm_url, []).append(tuple(row))
        found: dict[str, Heard] = {}
        for realm_url, rows in rows_of.items():
            last, after, pruned = rows[0][:3]
            if after < pruned:
                found[realm_url] = Heard(last, starts_over=True)
            elif changes := changes_in(row[3:] for row in rows):
                found[realm_url] = Heard(changes[-1].seq, changes)
        return found

    async def last_seq(self, realm_url: str) -> int:
        """The seq of the last change, 0 for none: the index is up to date when it has this."""
        return (await self._ends(realm_url))[1]

    async def last_event_seq(self, realm_url: str) -> int:
        """The last seq given to anything, announcements included."""
        return (await self._ends(realm_url))[0]

    async def last_event_seqs(self) -> dict[str, int]:
        """The last seq given to anything, for each realm that ever gave one."""
        return dict(await self._db.read(self._sql["all_ends"]))

    def notify(self, realm_url: str) -> None:
        """Hint that there may be something new."""
        self._hints.notify(realm_url)
        self._event_hints.notify(realm_url)

    def hinting(
        self, realm_url: str, hint: asyncio.Event | None = None
    ) -> AbstractContextManager[asyncio.Event]:
        """An event that is set whenever there may be a change, for as long as the block goes on.

        Who clears it before each look, and waits for it after, has missed nothing.
        """
        return self._hints.hinting(realm_url, hint)

    async def wait_for(self, realm_url: str, after_seq: int) -> int:
        """Wait until there is a change after `after_seq`; returns the last seq."""
        return await self._wait(self._hints, realm_url, after_seq, self.last_seq)

    async def wait_for_event(self, realm_url: str, after_seq: int) -> int:
        """Wait until anything has a seq after `after_seq`; returns the last one given out."""
        return await self._wait(self._event_hints, realm_url, after_seq, self.last_event_seq)

    async def follow(self, realm_url: str, after_seq: int) -> AsyncGenerator[Heard, None]:
        """Everything after `after_seq`, as it comes, for as long as somebody listens.

        A database that is away for a while costs the follower time and no change.
        """
        with self.hinting(realm_url) as hint:
            while True:
                # A change that is committed while we read sets it again.
                hint.clear()
                try:
                    heard = (await self.news({realm_url: after_seq})).get(realm_url)
                except TryLater:
                    await asyncio.sleep(PAUSE_S)
                    continue
                if heard is not None:
                    after_seq = heard.seq
                    yield heard
                await hint.wait()

    def join_sweeps(self, swept: Swept) -> None:
        """Have `swept` drop its rows in the transaction of every sweep from now on."""
        self._swept.append(swept)

    async def sweep(self) -> int:
        """Drop the changes of every realm that retention gives up; returns how many."""
        before_ms = self._clock.now_ms() - int(self._retention.age_s * 1000)
        dropped = 0
        for realm_url, pruned_seq in await self._db.read(
            self._sql["prunable"], (before_ms, self._retention.rows)
        ):
            async with self._db.transaction() as tx:
                await tx.execute(self._sql["mark_pruned"], (realm_url, pruned_seq))
                dropped += await tx.execute(self._sql["prune"], (realm_url, pruned_seq))
                for swept in self._swept:
                    await swept(tx, realm_url, pruned_seq)
        return dropped

    async def _wait(
        self,
        hints: Hints,
        realm_url: str,
        after_seq: int,
        last: Callable[[str], Awaitable[int]],
    ) -> int:
        async def look() -> int | None:
            seq = await last(realm_url)
            return seq if seq > after_seq else None

        return await hints.wait_until(realm_url, look)

    async def _ends(self, realm_url: str) -> tuple[int, int, int]:
        row = await self._db.read_one(self._sql["ends"], (realm_url,))
        return (row[0], row[1], row[2]) if row else (0, 0, 0)


def changes_in(rows: Iterable[Row]) -> list[Change]:
    """The changes of rows as the statements have them, less those rows that hold none."""
    return [Change(*row[:-1], is_forced=bool(row[-1])) for row in rows if row[0] is not None]


def _behind(realm_url: str, seq: int) -> BehindRetention:
    return BehindRetention(f"The changes of {realm_url} after {seq} are no longer kept.")
