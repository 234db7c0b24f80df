"""Following every realm's change log, one runner a realm.

A runner waits for the log, drains it, and waits again. A change notification is
only a hint: the runner reads from its realm's `indexed_seq`, so a run that was
cut short by a crash is simply continued, and a burst of writes is one run. What
a run finds stale in another realm is handed to that realm's runner.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from realmkit.cards.code_refs import ModuleNames
from realmkit.changes import ChangeLog
from realmkit.clock import Clock, SystemClock
from realmkit.config import Realm
from realmkit.db import NamedLock
from realmkit.errors import RealmkitError, TryLater
from realmkit.files import FileStore
from realmkit.index import Dependent, IndexStore
from realmkit.indexer.progress import Progress, ProgressHub
from realmkit.indexer.run import Run
from realmkit.indexer.visiting import Visitor
from realmkit.modules import ModuleService
from realmkit.prerender import Prerenderer
from realmkit.search import SearchEngine

log = logging.getLogger(__name__)

BASE_REALM = "base"
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


@dataclass(eq=False)
class Runner:
    """One realm's place in the queue of its own runs."""

    realm: Realm
    run: Run
    lock: NamedLock
    handed: set[str] = field(default_factory=set)
    """Paths that another realm's run found stale."""
    wants_everything: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0
    problem: RealmkitError | None = None

    def wake(self) -> None:
        self.idle.clear()
        self.woken.set()


class Indexer:
    """The service that keeps every realm's index at the end of its change log.

    The base realm is indexed before any other, because every card adopts from it.
    """

    def __init__(
        self,
        *,
        public_url: str,
        realms: Mapping[Realm, FileStore],
        changes: ChangeLog,
        index: IndexStore,
        modules: ModuleService,
        prerenderer: Prerenderer,
        search: SearchEngine,
        clock: Clock | None = None,
    ) -> None:
        self.progress_hub = ProgressHub((clock or SystemClock()).monotonic)
        self._changes = changes
        self._index = index
        self._modules = modules
        self._prerenderer = prerenderer
        self._names = ModuleNames(public_url)
        self._files = dict(realms)
        self._job_ids = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._runners = {
            realm.url: Runner(
                realm,
                Run(
                    realm,
                    files,
                    changes=changes,
                    index=index,
                    modules=modules,
                    search=search,
                    hub=self.progress_hub,
                    new_visitor=self._new_visitor,
                    hand_over=self._hand_over,
                ),
                index.indexing(realm.url),
            )
            for realm, files in realms.items()
        }

    async def start(self) -> None:
        """Begin following the log of every realm. Returns at once; runs go on in tasks."""
        self._tasks = [
            asyncio.create_task(self._follow(runner), name=f"index {runner.realm.name}")
            for runner in self._runners.values()
        ]

    async def stop(self) -> None:
        """Cancel the runs. What was not committed is visited again by the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def drain(self, realm_url: str) -> None:
        """Return when the realm's runner has nothing left to do.

        The index then has everything the log held at the time of the call, and no
        stored search is stale. Raises `TryLater` when runs cannot be made at all.
        """
        runner = self._runners[realm_url]
        while True:
            await runner.idle.wait()
            if runner.problem is not None:
                raise TryLater(runner.problem.detail) from runner.problem
            if await self._index.indexed_seq(realm_url) >= await self._changes.last_seq(realm_url):
                if runner.idle.is_set():
                    return
                continue
            runner.wake()

    async def settle(self) -> None:
        """Return when every realm's runner has nothing left to do, all at the same time."""
        while True:
            for realm_url in self._runners:
                await self.drain(realm_url)
            if all(runner.idle.is_set() for runner in self._runners.values()):
                return

    async def wait(self, realm_url: str, seq: int) -> None:
        """Return when `indexed_seq >= seq`."""
        await self._index.wait_indexed(realm_url, seq)

    async def reindex(self, realm_url: str) -> None:
        """Visit every file of the realm again, whatever its hash, in one run; returns at once."""
        runner = self._runners[realm_url]
        runner.wants_everything = True
        runner.wake()

    def progress(self, realm_url: str) -> Progress:
        return self.progress_hub.get(realm_url)

    async def _follow(self, runner: Runner) -> None:
        await self._wait_for_base(runner)
        is_first = True
        while True:
            try:
                # Several servers may share the realm: one indexes, and the others, when it
                # is their turn, find nothing left to do.
                async with runner.lock:
                    if is_first:
                        self._hand_over(await runner.run.stale_at_start())
                        is_first = False
                    await self._drain_once(runner)
            except RealmkitError as exc:
                await self._pause(runner, exc)
            except Exception as exc:
                # One run's bug must not end the realm's indexing for good.
                log.exception("A run over %s failed.", runner.realm.url)
                await self._pause(runner, TryLater(f"The run failed: {type(exc).__name__}."))
            else:
                runner.failures, runner.problem = 0, None
                await self._wait_for_work(runner)

    async def _drain_once(self, runner: Runner) -> None:
        """Make runs until nothing is left to do."""
        while True:
            runner.woken.clear()
            handed, runner.handed = frozenset(runner.handed), set()
            everything, runner.wants_everything = runner.wants_everything, False
            try:
                task = await runner.run.next_task(handed, everything=everything)
                if task is not None:
                    runner.idle.clear()
                    await runner.run.make(task)
            except BaseException:
                # Asked for and not done: it is asked for again.
                runner.handed |= handed
                runner.wants_everything |= everything
                raise
            if task is None and not runner.woken.is_set():
                return

    async def _wait_for_base(self, runner: Runner) -> None:
        base = next(
            (each for each in self._runners.values() if each.realm.name == BASE_REALM), None
        )
        if base is not None and base is not runner:
            await base.idle.wait()

    async def _wait_for_work(self, runner: Runner) -> None:
        runner.idle.set()
        seq = await self._index.indexed_seq(runner.realm.url)
        change = asyncio.create_task(self._changes.wait_for(runner.realm.url, seq))
        woken = asyncio.create_task(runner.woken.wait())
        try:
            await asyncio.wait({change, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (change, woken):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        runner.idle.clear()

    async def _pause(self, runner: Runner, problem: RealmkitError) -> None:
        """Let some time pass before the next try, more with every failure in a row."""
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**runner.failures)
        runner.failures += 1
        log.warning("%s is not indexed for now: %s", runner.realm.url, problem.detail)
        self.progress_hub.fail(runner.realm.url, problem.detail)
        runner.problem = problem
        runner.idle.set()
        await asyncio.sleep(pause_s)
        runner.idle.clear()

    def _new_visitor(self, realm: Realm) -> Visitor:
        return Visitor(
            realm,
            self._files[realm],
            realms=list(self._files),
            modules=self._modules,
            prerenderer=self._prerenderer,
            names=self._names,
            hub=self.progress_hub,
            job_id=f"{next(self._job_ids)}.1",
        )

    def _hand_over(self, stale: Iterable[Dependent]) -> None:
        """Have other realms' runners visit these entries; realms of other servers are theirs."""
        for dependent in stale:
            runner = self._runners.get(dependent.realm_url)
            path = runner.realm.path_of(dependent.url) if runner else None
            if runner and path:
                runner.handed.add(path)
                runner.wake()
