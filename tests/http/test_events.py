"""Server-sent events: what is told, in which order, and from where on."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.support.server import Server, serving

from realmkit.changes import Change
from realmkit.config import Retention
from realmkit.http.events import events_of
from realmkit.http.negotiation import SOURCE
from realmkit.index import Announcement

pytestmark = pytest.mark.anyio
AS_SOURCE = {"Accept": SOURCE}


class Listener:
    """Reads events of a stream, one at a time. `last_id` is what a browser would remember."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.last_id: str | None = None

    async def next(self, *names: str) -> dict[str, Any]:
        """The data of the next event with one of these names."""
        name = ""
        async with asyncio.timeout(30):
            async for line in self._lines:
                key, _, value = line.partition(": ")
                if key == "id":
                    self.last_id = value
                elif key == "event":
                    name = value
                elif key == "data" and name in names:
                    return orjson.loads(value)
        raise AssertionError("the stream ended")

    async def opened(self) -> None:
        """Wait for the first block: everything from now on will be heard."""
        async for line in self._lines:
            if line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")
                return


@asynccontextmanager
async def listening(server: Server, **headers: str) -> AsyncGenerator[Listener, None]:
    async with server.client.stream("GET", "/people/_events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        listener = Listener(answer.aiter_lines())
        await listener.opened()
        yield listener


async def write(server: Server, path: str, content: str, **headers: str) -> None:
    answer = await server.client.post(
        f"/people/{path}", content=content, headers={**AS_SOURCE, **headers}
    )
    assert answer.status_code == 204


async def test_a_write_is_told_as_an_update(server: Server):
    async with listening(server) as events:
        await write(server, "told.txt", "x")

        update = await events.next("update")
    assert (update["eventName"], update["added"]) == ("update", ["told.txt"])
    assert update["realmURL"] == server.realm_url


async def test_an_edit_on_disk_is_told_as_well(server: Server):
    async with listening(server) as events:
        (server.root / "from-disk.txt").write_text("x")

        assert (await events.next("update"))["added"] == ["from-disk.txt"]


async def test_the_client_request_id_comes_back_when_indexed(server: Server):
    # The first run of a realm is one event, whatever was written meanwhile.
    await server.indexed()
    async with listening(server) as events:
        await write(server, "mine.txt", "x", **{"X-Boxel-Client-Request-Id": "abc"})

        # Index events of earlier writes may come first; ours carries our id.
        while (index := await events.next("index")).get("clientRequestId") != "abc":
            pass
    assert index["indexType"] == "incremental"


async def test_a_write_is_told_before_what_the_index_made_of_it(server: Server):
    await server.indexed()
    heard: list[str] = []
    async with listening(server) as events:
        await write(server, "ordered.txt", "x", **{"X-Boxel-Client-Request-Id": "ordered"})
        while len(heard) < 2:
            event = await events.next("update", "index")
            if event.get("clientRequestId") == "ordered":
                heard.append(event["eventName"])

    assert heard == ["update", "index"]


async def test_progress_is_told_by_the_stream_and_by_the_realms_report(server: Server):
    await server.indexed()
    hub = server.app.indexer.progress_hub
    async with listening(server) as events:
        hub.begin(server.realm_url, 9)
        hub.visiting(server.realm_url, "Person/ann.json")
        hub.visited(server.realm_url, 4, errors=1)
        try:
            while (told := await events.next("progress"))["done"] != 4:
                pass
            info = (await server.client.get("/people/_info")).json()["data"]
        finally:
            hub.finish(server.realm_url)
        while (last := await events.next("progress"))["state"] != "idle":
            pass

    assert told == {
        "eventName": "progress",
        "realmURL": server.realm_url,
        "state": "indexing",
        "done": 4,
        "total": 9,
        "rate": told["rate"],
        "current": "Person/ann.json",
        "errors": 1,
    }
    assert told["rate"] >= 0
    assert info["attributes"]["indexing"] | {"rate": 0} == {
        name: value for name, value in told.items() if name not in ("eventName", "realmURL")
    } | {"rate": 0}
    assert (last["done"], last["total"], last["current"]) == (4, 9, None)


async def test_a_stream_goes_on_after_the_last_event_id(server: Server):
    async with listening(server) as events:
        await write(server, "before.txt", "x")
        await events.next("update")
        seen = events.last_id
    await write(server, "meanwhile.txt", "x")

    assert seen is not None
    async with listening(server, **{"Last-Event-ID": seen}) as events:
        assert (await events.next("update"))["added"] == ["meanwhile.txt"]


async def test_an_id_from_another_database_resets(server: Server):
    headers = {"Last-Event-ID": "99999999"}
    async with server.client.stream("GET", "/people/_events", headers=headers) as answer:
        events = Listener(answer.aiter_lines())
        assert (await events.next("reset"))["eventName"] == "reset"


async def test_a_stream_behind_retention_is_reset_and_goes_on(tmp_path: Path):
    keeps_nothing = Retention(rows=0, age_s=-1)
    (tmp_path / "realm").mkdir()
    async with serving(tmp_path / "realm", tmp_path / "state", retention=keeps_nothing) as server:
        await write(server, "forgotten.txt", "x")
        await server.app.stations.changes.sweep()
        headers = {"Last-Event-ID": "0"}
        async with server.client.stream("GET", "/people/_events", headers=headers) as answer:
            events = Listener(answer.aiter_lines())
            assert (await events.next("reset"))["eventName"] == "reset"
            await write(server, "heard.txt", "x")
            assert (await events.next("update"))["added"] == ["heard.txt"]


async def test_an_id_that_is_no_number_is_refused(server: Server):
    answer = await server.client.get("/people/_events", headers={"Last-Event-ID": "x"})

    assert answer.status_code == 400


def change(seq: int, path: str, at: int = 1) -> Change:
    return Change("r", seq, "file", path, "updated", "h", None, at)


def test_one_write_of_several_files_is_one_update():
    events = events_of("r", [change(1, "a"), change(2, "b"), change(3, "c", at=2)])

    assert [(event.seq, event.data["updated"]) for event in events] == [(2, ["a", "b"]), (3, ["c"])]


def test_updates_and_index_events_keep_the_logs_order():
    announced = Announcement("r", 2, "incremental", ["x"], None, 1, 1)
    events = events_of("r", [change(1, "a"), announced, change(3, "b")])

    assert [event.name for event in events] == ["update", "index", "update"]


async def test_a_cards_page_says_where_streams_of_every_realm_begin(server: Server):
    await write(server, "before.txt", "x")
    page = await server.client.get("/people/Person/ann", headers={"Accept": "text/html"})
    data = re.search(r"data-realmkit-data>(.*?)</script>", page.text, re.DOTALL)
    assert data
    seqs: dict[str, int] = orjson.loads(data[1])["seqs"]
    assert set(seqs) == {server.realm_url, f"{server.url}/base/"}

    await write(server, "after.txt", "x")
    async with listening(server, **{"Last-Event-ID": str(seqs[server.realm_url])}) as events:
        update = await events.next("update")
    assert update["added"] == ["after.txt"]
