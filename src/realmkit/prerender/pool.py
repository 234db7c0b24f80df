"""Warm pages, lent to one caller at a time.

The pool's state is a list of pages and a queue of callers. `assign` looks at
both and decides who gets which page, how many pages to boot and which to close;
`PagePool` carries that out. A page is booting, idle, leased or retired, and a
retired page is never used again. Callers of one priority are served in the order they came.
"""

import asyncio
import logging
from bisect import insort
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from realmkit.prerender.browser import Browser, PrerenderUnavailable
from realmkit.prerender.cdp import BrowserGone
from realmkit.prerender.page import Page, PageBootFailed, open_page

log = logging.getLogger(__name__)

WAKE_TIMEOUT_S = 3.0
BOOT_ATTEMPTS = 3
BOOT_PAUSE_S = 0.2


class State(Enum):
    BOOTING = "booting"
    IDLE = "idle"
    LEASED = "leased"
    RETIRED = "retired"


@dataclass(eq=False)
class Slot:
    """A place in the pool and the page in it, once that has booted."""

    state: State = State.BOOTING
    page: Page | None = None
    last_used: int = 0
    """The number of the lease that used it last: the higher, the warmer."""


@dataclass(eq=False)
class Waiter:
    """A caller in line."""

    priority: int
    slot: asyncio.Future[Slot]


@dataclass
class Assignment:
    """What to do next; positions in `grants` are those of the waiting callers."""

    grants: list[tuple[int, Slot]] = field(default_factory=list)
    close: list[Slot] = field(default_factory=list)
    boot: int = 0


def assign(waiting: int, slots: Sequence[Slot], limit: int) -> Assignment:
    """Decide who gets which page: the warmest idle page to the caller who is first in line.

    Pages are booted only for callers that no idle or booting page will serve, and
    never beyond `limit`. Retired pages are closed and take up no room.
    """
    idle = sorted(
        (slot for slot in slots if slot.state is State.IDLE),
        key=lambda slot: slot.last_used,
        reverse=True,
    )
    retired = [slot for slot in slots if slot.state is State.RETIRED]
    booting = sum(slot.state is State.BOOTING for slot in slots)
    grants = list(enumerate(idle[:waiting]))
    unserved = waiting - len(grants) - booting
    room = limit - (len(slots) - len(retired))
    return Assignment(grants, retired, max(0, min(unserved, room)))


@dataclass(frozen=True)
class Wear:
    """How much use a page may have: what it remembers only grows, and epochs leave modules."""

    max_visits: int = 2000
    max_epochs: int = 20
    max_heap_bytes: int = 300 * 1024 * 1024

    def is_reached(self, visits: int, epochs: int, heap_bytes: int) -> bool:
        return (
            visits >= self.max_visits
            or epochs > self.max_epochs
            or heap_bytes > self.max_heap_bytes
        )


class PagePool:
    """Pages at `url` in `browser`, at most `limit` of them."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        limit: int = 2,
        wear: Wear | None = None,
        boot_timeout_s: float = 15.0,
    ) -> None:
        self._browser = browser
        self._url = url
        self._limit = limit
        self._wear = wear or Wear()
        self._boot_timeout_s = boot_timeout_s
        self._slots: list[Slot] = []
        self._waiting: list[Waiter] = []
        """Higher priorities first, and of one priority who waits longest."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._leases = 0
        self._failed_boots = 0
        self._is_stopped = False

    def __repr__(self) -> str:
        counts = {state: sum(slot.state is state for slot in self._slots) for state in State}
        pages = ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
        return f"<PagePool {pages or 'empty'} of {self._limit}; {len(self._waiting)} waiting>"

    @property
    def limit(self) -> int:
        return self._limit

    @asynccontextmanager
    async def lease(self, priority: int = 0) -> AsyncGenerator[Page]:
        """Exclusive use of a page that is awake. Raises `PrerenderUnavailable`.

        Of those who wait, the highest priority is served first; nobody is interrupted.
        """
        slot, page = await self._awake_slot(priority)
        try:
            yield page
        finally:
            self._give_back(slot)

    async def stop(self) -> None:
        """Turn everybody away. The pages end with their browser."""
        self._is_stopped = True
        self._turn_away(PrerenderUnavailable("The page pool was stopped."))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._slots.clear()

    async def _awake_slot(self, priority: int) -> tuple[Slot, Page]:
        while True:
            if self._is_stopped:
                raise PrerenderUnavailable("The page pool was stopped.")
            waiter = Waiter(priority, asyncio.get_running_loop().create_future())
            insort(self._waiting, waiter, key=lambda each: -each.priority)
            self._arrange()
            try:
                slot = await waiter.slot
            except asyncio.CancelledError:
                self._leave(waiter)
                raise
            page = slot.page
            assert page is not None
            try:
                # A page can fall asleep between leases, in a timer that some card left.
                if await page.answers(patience_s=WAKE_TIMEOUT_S):
                    return slot, page
            except asyncio.CancelledError:
                self._give_back(slot)
                raise
            self._give_back(slot)

    def _leave(self, waiter: Waiter) -> None:
        granted = waiter.slot
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif granted.done() and not granted.cancelled() and granted.exception() is None:
            self._give_back(granted.result())

    def _give_back(self, slot: Slot) -> None:
        slot.state = State.IDLE
        self._arrange()

    def _arrange(self) -> None:
        """Bring the pages and the callers to where they should be now."""
        if self._is_stopped:
            return
        for slot in self._slots:
            if slot.state is State.IDLE and slot.page and self._should_retire(slot.page):
                slot.state = State.RETIRED
        # A cancelled caller stays in the queue until its task runs again.
        self._waiting = [waiter for waiter in self._waiting if not waiter.slot.done()]
        assignment = assign(len(self._waiting), self._slots, self._limit)
        served = [self._waiting[position] for position, _ in assignment.grants]
        for waiter, (_, slot) in zip(served, assignment.grants, strict=True):
            self._leases += 1
            slot.state, slot.last_used = State.LEASED, self._leases
            self._waiting.remove(waiter)
            waiter.slot.set_result(slot)
        for slot in assignment.close:
            self._slots.remove(slot)
            if slot.page is not None:
                self._spawn(slot.page.close(), f"close {slot.page!r}")
        for _ in range(assignment.boot):
            slot = Slot()
            self._slots.append(slot)
            self._spawn(self._boot(slot), "boot a page")

    def _should_retire(self, page: Page) -> bool:
        if page.is_spoilt:
            log.info("Retiring %r", page)
            return True
        return self._wear.is_reached(page.visits, len(page.epochs), page.heap_bytes)

    async def _boot(self, slot: Slot) -> None:
        try:
            process = await self._browser.running()
            slot.page = await open_page(
                process.connection, self._url, timeout_s=self._boot_timeout_s
            )
        except PrerenderUnavailable as exc:
            self._slots.remove(slot)
            self._turn_away(exc)
        except (PageBootFailed, BrowserGone) as exc:
            self._failed_boots += 1
            log.warning("A prerender page did not boot (%d): %s", self._failed_boots, exc)
            await asyncio.sleep(BOOT_PAUSE_S)
            self._slots.remove(slot)
            if self._failed_boots >= BOOT_ATTEMPTS:
                self._failed_boots = 0
                self._turn_away(PrerenderUnavailable(f"No prerender page boots: {exc}"))
            self._arrange()
        else:
            self._failed_boots = 0
            slot.state = State.IDLE
            self._arrange()

    def _turn_away(self, reason: PrerenderUnavailable) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.slot.done():
                waiter.slot.set_exception(reason)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
