"""What stderr shows while a realm is indexed: lines in a file, a moving bar on a terminal."""

import asyncio
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from realmkit.cli import progress as shown
from realmkit.cli.progress import shown_progress
from realmkit.config import Realm
from realmkit.indexer import ProgressHub

pytestmark = pytest.mark.anyio
ATLAS = Realm("http://127.0.0.1:4201/atlas/", Path("atlas"), "atlas")


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def watched(stderr: io.StringIO, monkeypatch: pytest.MonkeyPatch, total: int) -> list[str]:
    """Index `total` files, one of them in error, and return what stderr held after each step."""
    clock = Clock()
    hub = ProgressHub(clock)
    held: list[str] = []
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(shown.time, "monotonic", clock)

    def step(seconds: float, act: Callable[[], None]) -> None:
        clock.now_s += seconds
        act()

    async with shown_progress(hub, [ATLAS]):
        for seconds, act in (
            (0.0, lambda: hub.begin(ATLAS.url, total)),
            (1.0, lambda: hub.visiting(ATLAS.url, "Country/fr.json")),
            (3.0, lambda: hub.visited(ATLAS.url, 4, errors=1)),
            (2.0, lambda: hub.visited(ATLAS.url, total - 4)),
            (0.0, lambda: hub.finish(ATLAS.url)),
        ):
            step(seconds, act)
            # The follower is woken, and has shown what it saw, before it waits again.
            for _ in range(5):
                await asyncio.sleep(0)
            held.append(stderr.getvalue())
    return held


async def test_lines_tell_how_far_a_run_is_what_it_is_at_and_what_went_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, last = await watched(io.StringIO(), monkeypatch, total=10)

    assert last.splitlines() == [
        "  atlas: 4 of 10 indexed, 1.0 a second, 1 in error, at Country/fr.json",
        "  atlas: 10 indexed in 6.0 s, 1 in error",
    ]


async def test_a_terminal_shows_the_current_file_and_the_errors_while_a_run_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    *_, last = await watched(Terminal(), monkeypatch, total=10)

    for told in ("indexing", "10/10", "1.7 a second", ", 1 in error", "Country/fr.json"):
        assert told in last
    assert last.splitlines()[-1].endswith("atlas: 10 indexed in 6.0 s, 1 in error")
