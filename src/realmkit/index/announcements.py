"""What open pages hear of a realm: its changes and its index's announcements, in one order.

Both take their seqs from the realm's change log, so the last seq a page has heard
(`Last-Event-ID`) says exactly what it is still to be told. A page that was away for
longer than the log is kept gets `BehindRetention` and has to look afresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from realmkit.changes import Change, ChangeLog
from realmkit.db import Database, Row, load_sql
from realmkit.index.json_text import from_json

SQL = load_sql(__package__ or "", "reading.sql")


@dataclass(frozen=True, slots=True)
class Announcement:
    """A commit that became visible. `invalidations` are card ids and module or file URLs."""

    realm_url: str
    seq: int
    index_type: Literal["incremental", "full"]
    invalidations: list[str]
    client_request_id: str | None
    generation: int
    at: int


Event = Change | Announcement


class Announcements:
    """Reading events of a realm after a seq, and waiting for the next."""

    def __init__(self, db: Database, changes: ChangeLog) -> None:
        self._db = db
        self._changes = changes

    async def since(self, realm_url: str, seq: int, limit: int = 1_000) -> tuple[list[Event], int]:
        """Changes and announcements after `seq`, oldest first, at most `limit`, and the seq
        they reach: what is still to be told comes after it.

        Raises `BehindRetention`.
        """
        # Up to where the log stands now: what is committed between the two reads comes
        # next time, both kinds of it, and nothing is overtaken.
        rows = await self._db.read(SQL["announcements"], (realm_url, seq, limit))
        last: int = rows[0][0] if rows else 0
        told_of = [_announcement(row[1:]) for row in rows if row[1] is not None]
        # After the announcements: a sweep drops those in the same moment as the changes.
        changes = await self._changes.since(realm_url, seq, limit)
        events: list[Event] = [*told_of, *changes]
        events.sort(key=lambda event: event.seq)
        told = [event for event in events if event.seq <= last][:limit]
        # A seq may be given to nothing that is still kept; then there is nothing to tell.
        return told, told[-1].seq if len(told) == limit else last

    async def last_seq(self, realm_url: str) -> int:
        """The seq at which a page that comes now begins."""
        return await self._changes.last_event_seq(realm_url)

    async def last_seqs(self) -> dict[str, int]:
        """The same for every realm that anything ever happened in."""
        return await self._changes.last_event_seqs()

    async def wait_for(self, realm_url: str, after_seq: int) -> int:
        """Wait until there is an event after `after_seq`; returns the last seq."""
        return await self._changes.wait_for_event(realm_url, after_seq)


def _announcement(row: Row) -> Announcement:
    realm_url, seq, index_type, invalidations, *rest = row
    return Announcement(realm_url, seq, index_type, from_json(invalidations), *rest)
