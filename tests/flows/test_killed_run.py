"""A server that is killed in the middle of its first run, and the next one that goes on."""

import asyncio
import sys
from pathlib import Path

import httpx2
import orjson
import pytest
from tests.support.server import BOB, serving, write_people

from realmkit.cli import mounts
from realmkit.db import Database, open_database

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

COMMAND = str(Path(sys.executable).with_name("realmkit"))
LOOP = """\
import { CardDef, field, contains } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
export class Loop extends CardDef {
  @field cardTitle = contains(StringField, {
    computeVia: function () { for (;;); },
  });
}
"""
LOOPING = (
    '{"data": {"type": "card", "attributes": {},'
    ' "meta": {"adoptsFrom": {"module": "../loop", "name": "Loop"}}}}'
)


async def test_the_next_server_visits_only_what_the_killed_one_had_not(tmp_path: Path) -> None:
    root, state = tmp_path / "people", tmp_path / "state"
    write_people(root)
    for number in range(40):
        (root / "Person" / f"bob{number}.json").write_text(BOB)
    (root / "loop.gts").write_text(LOOP)
    (root / "AAA").mkdir()
    (root / "AAA" / "loop.json").write_text(LOOPING)
    with mounts.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "serve", f"people={root}", "--no-open", "--no-watch"),
        *("--port", str(port), "--state", str(state), "--render-timeout", "120"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _until_done(f"http://127.0.0.1:{port}/people/", 24)
    finally:
        process.kill()
        await process.wait()
    written_down = await _written_down(state)
    assert len(written_down) >= 20
    (root / "AAA" / "loop.json").write_text(BOB)
    async with serving(root, state, port=port, index_wait_s=200) as server:
        await server.indexed()
        index = server.app.stations.index
        for url, diagnostics in written_down.items():
            entry = await index.entry(url, "instance")
            # Each visit is timed to a tenth of a millisecond, so these are the same ones.
            assert entry is not None and entry.diagnostics == diagnostics
        counts = await index.counts(server.realm_url)
        assert (counts.instances, counts.errors) == (43, 0)


async def _until_done(realm_url: str, count: int) -> None:
    """Ask until so many files are visited: another process cannot signal to us."""
    async with asyncio.timeout(150), httpx2.AsyncClient(timeout=30) as client:
        while True:
            try:
                info = (await client.get(f"{realm_url}_info")).json()["data"]["attributes"]
                if info["indexing"]["done"] >= count:
                    return
            except (httpx2.TransportError, KeyError):
                pass
            await asyncio.sleep(0.1)


async def _written_down(state: Path) -> dict[str, object]:
    """What the visits of cards left, by URL: their diagnostics."""
    db: Database = await open_database(f"sqlite://{(state / 'realmkit.db').resolve()}")
    try:
        rows = await db.read(
            "select url, outcome from index_work where outcome is not null and url like '%.json'"
        )
    finally:
        await db.close()
    return {
        url: entry["diagnostics"]
        for url, outcome in rows
        for entry in orjson.loads(outcome)["entries"]
        if entry["type"] == "instance"
    }
