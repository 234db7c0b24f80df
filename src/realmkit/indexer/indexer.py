"""Following every realm's change log, one runner a realm.

A runner waits for the log, drains it, and waits again. A change notification is
only a hint: the runner reads from where the last run stopped, so a run that was
cut short by a crash is simply continued, and a burst of writes is one run. What is
too much for one sitting is written down and made beside: edits do not wait for it.
What a run finds stale in another realm is owed by that realm, whoever serves it.

    indexer.start(), indexer.stop()
    await indexer.drain(realm_url)      the realm's index has all that its log holds now
    await indexer.settle()              so has every realm's, at the same time
    await indexer.reindex(realm_url)    visit every file again; goes on in the background
    indexer.progress_hub                how far every realm's runs have come
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from realmkit.cards.code_refs import ModuleNames
from realmkit.changes import ChangeLog
from realmkit.clock import Clock, SystemClock
from realmkit.config import BASE_NAME, Realm
from realmkit.db import NamedLock
from realmkit.errors import RealmkitError, TryLater
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore
from realmkit.index import IndexStore, LongRuns, ToDo
from realmkit.indexer.long_run import LongRunner
from realmkit.indexer.means import Means
from realmkit.indexer.progress import ProgressHub
from realmkit.indexer.run import Run
from realmkit.indexer.visiting import Keeper, Visitor
from realmkit.modules import ModuleService
from realmkit.prerender import Prerenderer
from realmkit.search import Describer, SearchEngine

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


@dataclass(eq=False)
class Runner:
    """One realm's place in the queue of its own runs."""

    realm: Realm
    run: Run
    long_runner: LongRunner
    lock: NamedLock
    wants_everything: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by changes, and by whoever asks for a run."""
    hinted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by commits of any process: some of them owe visits."""
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0
    problem: RealmkitError | None = None

    def wake(self) -> None:
        self.idle.clear()
        self.woken.set()


class Indexer:
    """The service that keeps every realm's index at the end of its change log.

    The base realm is indexed before any other, because every card adopts from it.
    Modules are described by `definitions`, where there are any, which keep what is known.
    `end_job` hears the id of each job whose cards have asked their searches.
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
        extractor: FileExtractor,
        definitions: Describer | None = None,
        search: SearchEngine,
        long_runs: LongRuns,
        end_job: Callable[[str], Awaitable[None]],
        clock: Clock | None = None,
    ) -> None:
        self.progress_hub = ProgressHub((clock or SystemClock()).monotonic)
        self._changes = changes
        self._index = index
        self._long_runs = long_runs
        self._modules = modules
        self._prerenderer = prerenderer
        self._extractor = extractor
        self._definitions = definitions or prerenderer
        self._names = ModuleNames(public_url)
        self._files = dict(realms)
        self._end_job = end_job
        # No other process, and none before this one, gives its jobs the same numbers.
        self._job_ids = itertools.count(time.time_ns())
        self._tasks: list[asyncio.Task[None]] = []
        self._runners: dict[str, Runner] = {}
        for realm, files in realms.items():
            means = Means(
                realm,
                list(realms),
                files,
                changes,
                index,
                long_runs,
                modules,
                search,
                self.progress_hub,
                self._names,
                self._new_visitor,
            )
            self._runners[realm.url] = Runner(
                realm, Run(means), LongRunner(means), index.indexing(realm.url)
            )

    async def start(self) -> None:
        """Begin following the log of every realm. Returns at once; runs go on in tasks."""
        self._tasks = [
            asyncio.create_task(self._follow(runner), name=f"index {runner.realm.name}")
            for runner in self._runners.values()
        ]

    async def stop(self) -> None:
        """Cancel the runs. The next start goes on with the long ones, and makes the others again."""
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
            if await self._index.to_do(realm_url):
                runner.wake()
            elif runner.idle.is_set():
                return

    async def settle(self) -> None:
        """Return when every realm's runner has nothing left to do, all at the same time."""
        while True:
            for realm_url in self._runners:
                await self.drain(realm_url)
            if all(runner.idle.is_set() for runner in self._runners.values()):
                return

    async def reindex(self, realm_url: str) -> None:
        """Visit every file of the realm again, whatever its hash, in one run; returns at once."""
        runner = self._runners[realm_url]
        runner.wants_everything = True
        runner.wake()

    async def _follow(self, runner: Runner) -> None:
        await self._wait_for_base(runner)
        url = runner.realm.url
        # Hints are taken note of from before the first look to the end, while a run goes on too.
        with (
            self._changes.hinting(url, runner.woken),
            self._long_runs.hinting(url, runner.hinted),
        ):
            await self._make_runs(runner)

    async def _make_runs(self, runner: Runner) -> None:
        is_first = True
        while True:
            try:
                # Several servers may share the realm: one indexes, and the others, when it
                # is their turn, find nothing left to do.
                async with runner.lock:
                    if is_first:
                        await runner.run.owe_what_is_stale()
                        is_first = False
                    await self._work(runner)
                runner.failures, runner.problem = 0, None
                await self._wait_for_work(runner)
            except RealmkitError as exc:
                await self._pause(runner, exc)
            except Exception as exc:
                # One run's bug must not end the realm's indexing for good.
                log.exception("A run over %s failed.", runner.realm.url)
                await self._pause(runner, TryLater(f"The run failed: {type(exc).__name__}."))

    async def _work(self, runner: Runner) -> None:
        """Make runs until nothing is left to do: short ones, and beside them a long one."""
        url, long_run = runner.realm.url, None
        try:
            while True:
                # What is committed from here on sets them again, and there is another look.
                runner.woken.clear()
                runner.hinted.clear()
                to_do = await self._index.to_do(url)
                took_something = await self._take(runner, to_do)
                if long_run is None and to_do.owes_visits:
                    runner.idle.clear()
                    long_run = asyncio.create_task(
                        runner.long_runner.go_on(), name=f"long run over {runner.realm.name}"
                    )
                if took_something:
                    continue
                if long_run is not None:
                    await self._woken_or_over(runner, long_run)
                    if long_run.done():
                        await long_run
                        long_run = None
                elif not runner.woken.is_set():
                    return
        finally:
            if long_run is not None:
                long_run.cancel()
                await asyncio.gather(long_run, return_exceptions=True)

    async def _take(self, runner: Runner, to_do: ToDo) -> bool:
        """Take what is untaken and make a run of it; False if there is nothing."""
        everything, runner.wants_everything = runner.wants_everything, False
        try:
            task = await runner.run.next_task(to_do, everything=everything)
            if task is None:
                return False
            runner.idle.clear()
            await runner.run.make(task, to_do.place)
        except BaseException:
            # Asked for and not done: it is asked for again.
            runner.wants_everything |= everything
            raise
        return True

    async def _woken_or_over(self, runner: Runner, long_run: asyncio.Task[None]) -> None:
        """Return when there may be a change to take, or when the long run is over."""
        woken = asyncio.create_task(runner.woken.wait())
        try:
            await asyncio.wait([woken, long_run], return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            await asyncio.gather(woken, return_exceptions=True)

    async def _wait_for_base(self, runner: Runner) -> None:
        base = next((each for each in self._runners.values() if each.realm.name == BASE_NAME), None)
        if base is not None and base is not runner:
            await base.idle.wait()

    async def _wait_for_work(self, runner: Runner) -> None:
        """Return when there may be a change to take, or when visits are owed.

        Nearly every commit owes none. So that not all servers of a realm queue for its lock
        after each, they look first.
        """
        runner.idle.set()
        waiting: list[asyncio.Task[Any]] = [
            asyncio.create_task(runner.woken.wait()),
            asyncio.create_task(self._visits_are_owed(runner)),
        ]
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                # A database that went away says so here.
                task.result()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        runner.idle.clear()

    async def _visits_are_owed(self, runner: Runner) -> None:
        while True:
            await runner.hinted.wait()
            runner.hinted.clear()
            if await self._index.to_do(runner.realm.url):
                return

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

    def _new_visitor(self, realm: Realm, keeper: Keeper, priority: int) -> Visitor:
        return Visitor(
            realm,
            self._files[realm],
            realms=list(self._files),
            modules=self._modules,
            prerenderer=self._prerenderer,
            extractor=self._extractor,
            definitions=self._definitions,
            names=self._names,
            hub=self.progress_hub,
            job_id=f"{next(self._job_ids)}.1",
            priority=priority,
            end_job=self._end_job,
            keeper=keeper,
        )
