"""`<realm>_events`: what happens in a realm, as server-sent events.

A stream follows the realm's log from a seq: the one in `Last-Event-ID`, or the
present. Changes of files become `update`, what the index published becomes
`index`, and ids are seqs of the one log, so a stream that breaks goes on where it
stopped. A follower whose place is no longer kept hears `reset` and starts at the
present. Streams end by themselves when the server stops.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from realmkit.changes import Change
from realmkit.errors import BadRequest, BehindRetention
from realmkit.http.negotiation import EVENTS
from realmkit.http.stations import MountedRealm, Progress, Stations
from realmkit.index import Announcement

ALIVE_EVERY_S = 15.0
PROGRESS_EVERY_S = 0.25


@dataclass(frozen=True)
class Event:
    """One event of the stream. Without a seq it has no id, and is not resumed from."""

    name: str
    data: dict[str, Any]
    seq: int | None = None

    def encode(self) -> bytes:
        head = f"id: {self.seq}\n" if self.seq is not None else ""
        return f"{head}event: {self.name}\ndata: ".encode() + orjson.dumps(self.data) + b"\n\n"


class Events:
    """Opens event streams."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def stream(self, request: Request, mounted: MountedRealm) -> Response:
        """A stream of the realm's events, from `Last-Event-ID` on when it is sent."""
        realm_url = mounted.realm.url
        # Taken before the answer begins: whatever happens after it is in the stream.
        present = await self._stations.announcements.last_seq(realm_url)
        after = _last_event_id(request)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        if request.method == "HEAD":
            return Response(media_type=EVENTS, headers=headers)
        return StreamingResponse(
            self._frames(realm_url, present if after is None else after, present),
            media_type=EVENTS,
            headers=headers,
        )

    async def _frames(
        self, realm_url: str, after: int, present: int
    ) -> AsyncGenerator[bytes, None]:
        if after > present:
            # An id of another database: this one's log is younger.
            yield _reset_event(realm_url, present).encode()
            after = present
        # An id without data only tells the browser where to resume.
        yield f"retry: 1000\nid: {after}\n\n".encode()
        ears = _Ears(self._stations, realm_url, after)
        try:
            while not self._stations.stopping.is_set():
                heard_log, progress = await ears.next(ALIVE_EVERY_S)
                if progress:
                    yield _progress_event(realm_url, progress).encode()
                if heard_log:
                    events, after = await self._since(realm_url, after)
                    for event in events:
                        yield event.encode()
                    ears.listen(after)
                if not heard_log and not progress:
                    yield b": still here\n\n"
        finally:
            await ears.close()

    async def _since(self, realm_url: str, after: int) -> tuple[list[Event], int]:
        """The events after a seq and the seq they reach."""
        try:
            rows, reached = await self._stations.announcements.since(realm_url, after)
        except BehindRetention:
            present = await self._stations.announcements.last_seq(realm_url)
            return [_reset_event(realm_url, present)], present
        return events_of(realm_url, rows), reached


def events_of(realm_url: str, rows: Sequence[Change | Announcement]) -> list[Event]:
    """One `update` for each write and one `index` for each announcement, in the log's order."""
    writes = _writes(row for row in rows if isinstance(row, Change))
    events = [_update_event(realm_url, write) for write in writes]
    events += [_index_event(realm_url, row) for row in rows if isinstance(row, Announcement)]
    return sorted(events, key=lambda event: event.seq or 0)


def _writes(changes: Iterable[Change]) -> list[list[Change]]:
    """Neighbouring changes that one write made: their seqs adjoin and their moment is one."""
    writes: list[list[Change]] = []
    for change in changes:
        last = writes[-1][-1] if writes else None
        if last and (last.seq + 1, last.at, last.client_request_id) == (
            change.seq,
            change.at,
            change.client_request_id,
        ):
            writes[-1].append(change)
        else:
            writes.append([change])
    return writes


def _update_event(realm_url: str, write: Sequence[Change]) -> Event:
    data: dict[str, Any] = {"eventName": "update", "realmURL": realm_url}
    for change in write:
        data.setdefault(change.operation, []).append(change.path)
    if client_request_id := write[-1].client_request_id:
        data["clientRequestId"] = client_request_id
    return Event("update", data, write[-1].seq)


def _index_event(realm_url: str, announcement: Announcement) -> Event:
    data: dict[str, Any] = {
        "eventName": "index",
        "realmURL": realm_url,
        "indexType": announcement.index_type,
        "invalidations": list(announcement.invalidations),
        "generation": announcement.generation,
    }
    if announcement.client_request_id:
        data["clientRequestId"] = announcement.client_request_id
    return Event("index", data, announcement.seq)


def _reset_event(realm_url: str, present: int) -> Event:
    return Event("reset", {"eventName": "reset", "realmURL": realm_url}, present)


def _progress_event(realm_url: str, progress: Progress) -> Event:
    return Event("progress", {"eventName": "progress", "realmURL": realm_url, **progress.to_json()})


def _last_event_id(request: Request) -> int | None:
    sent = request.headers.get("last-event-id") or request.query_params.get("lastEventId")
    if not sent:
        return None
    if not sent.isascii() or not sent.isdigit() or len(sent) > 18:
        raise BadRequest("`Last-Event-ID` must be a whole number that this stream has sent.")
    return int(sent)


class _Ears:
    """Waits for the log, for progress and for the server's stop, whichever is first."""

    def __init__(self, stations: Stations, realm_url: str, after: int) -> None:
        self._announcements = stations.announcements
        self._realm_url = realm_url
        self._progress = _paced(stations.progress.follow(realm_url))
        self._stop = asyncio.create_task(stations.stopping.wait(), name="events: stop")
        self._next_progress = self._follow_progress()
        self.listen(after)

    def listen(self, after: int) -> None:
        """Wait for something after this seq from now on."""
        self._log = asyncio.create_task(
            self._announcements.wait_for(self._realm_url, after), name="events: log"
        )

    async def next(self, timeout_s: float) -> tuple[bool, Progress | None]:
        """(the log has something new, progress to tell); both empty after `timeout_s`."""
        waiting = {self._log, self._next_progress, self._stop}
        done, _ = await asyncio.wait(
            waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        progress = None
        if self._next_progress in done:
            progress = self._next_progress.result()
            self._next_progress = self._follow_progress()
        return self._log in done, progress

    async def close(self) -> None:
        tasks = (self._log, self._next_progress, self._stop)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._progress.aclose()

    def _follow_progress(self) -> "asyncio.Task[Progress]":
        return asyncio.create_task(anext(self._progress), name="events: progress")  # pyright: ignore


async def _paced(progress: Any) -> AsyncGenerator[Progress, None]:
    """The same progress, told a few times a second at most."""
    async for step in progress:
        yield step
        await asyncio.sleep(PROGRESS_EVERY_S)
