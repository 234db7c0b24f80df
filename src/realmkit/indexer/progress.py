"""How far a realm's run has come, for whoever wants to show it.

The runner reports; the terminal, `_info` and the event stream read. A reader
takes the latest snapshot or follows: a follower that is slow sees fewer
snapshots, never an older one after a newer one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Progress:
    """One realm's run at one moment. `rate` is visits per second since the run began."""

    realm_url: str
    state: Literal["idle", "indexing"] = "idle"
    done: int = 0
    total: int = 0
    """Files: each counts once, however often it is visited."""
    rate: float = 0.0
    current: str | None = None
    """The realm-relative path being visited."""
    errors: int = 0
    """Error entries of this run."""
    problem: str | None = None
    """Why the last run could not be made at all; it is tried again."""

    def to_json(self) -> dict[str, object]:
        """The members of `_info`'s `indexing` attribute and of `event: progress`."""
        return {
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "rate": round(self.rate, 1),
            "current": self.current,
            "errors": self.errors,
            **({"problem": self.problem} if self.problem else {}),
        }


class ProgressHub:
    """Latest progress of every realm, and a wake-up for those who follow it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._latest: dict[str, Progress] = {}
        self._started_at: dict[str, float] = {}
        self._already: dict[str, int] = {}
        self._under_way: dict[str, int] = {}
        self._moved = asyncio.Event()

    def get(self, realm_url: str) -> Progress:
        return self._latest.get(realm_url) or Progress(realm_url)

    def all(self) -> list[Progress]:
        return list(self._latest.values())

    async def follow(self, realm_url: str) -> AsyncIterator[Progress]:
        """Yield the present progress, then each later one that differs, until closed."""
        shown: Progress | None = None
        while True:
            moved = self._moved
            latest = self.get(realm_url)
            if latest != shown:
                shown = latest
                yield latest
                continue
            await moved.wait()

    def begin(self, realm_url: str, total: int, *, done: int = 0) -> None:
        """A run begins; while another one goes on, both are shown as one."""
        under_way = self._under_way.get(realm_url, 0)
        self._under_way[realm_url] = under_way + 1
        if under_way:
            self.add_work(realm_url, total)
            return
        self._started_at[realm_url] = self._clock()
        self._already[realm_url] = done
        self._publish(Progress(realm_url, "indexing", done=done, total=total))

    def add_work(self, realm_url: str, count: int) -> None:
        """A run found more to visit than it was begun with."""
        latest = self.get(realm_url)
        self._publish(replace(latest, total=latest.total + count))

    def again(self, realm_url: str, count: int) -> None:
        """So many files that count as done are visited once more."""
        latest = self.get(realm_url)
        self._already[realm_url] = self._already.get(realm_url, 0) - count
        self._publish(replace(latest, done=max(0, latest.done - count)))

    def visiting(self, realm_url: str, path: str) -> None:
        self._publish(replace(self.get(realm_url), current=path))

    def visited(self, realm_url: str, count: int = 1, errors: int = 0) -> None:
        latest = self.get(realm_url)
        done = latest.done + count
        elapsed_s = self._clock() - self._started_at.get(realm_url, self._clock())
        visits = done - self._already.get(realm_url, 0)
        rate = visits / elapsed_s if elapsed_s > 0 else 0.0
        self._publish(replace(latest, done=done, rate=rate, errors=latest.errors + errors))

    def finish(self, realm_url: str) -> None:
        """A run has ended; the realm is idle when no other one goes on."""
        self._under_way[realm_url] -= 1
        if self._under_way[realm_url] == 0:
            self._publish(replace(self.get(realm_url), state="idle", current=None))

    def fail(self, realm_url: str, problem: str) -> None:
        """The run cannot go on for now."""
        latest = self.get(realm_url)
        self._publish(replace(latest, state="idle", current=None, problem=problem))

    def _publish(self, progress: Progress) -> None:
        self._latest[progress.realm_url] = progress
        # Each wait gets its own event: setting a shared one and clearing it
        # again would lose a follower that had not run in between.
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
