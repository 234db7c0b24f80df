"""One run over one realm: take what is unindexed, visit it, commit it together.

A run begins where the index's `indexed_seq` stands and ends with the last change
the log held when it began. Its entries become visible in one transaction that
also moves `indexed_seq`, so a run that is cut short leaves nothing and is simply
made again. Afterwards the searches that cards rest on are asked anew, and cards
whose answers changed are visited once more.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from realmkit.changes import Change, ChangeLog
from realmkit.config import Realm
from realmkit.errors import BehindRetention
from realmkit.files import FileStore
from realmkit.files.paths import kind_of
from realmkit.index import Batch, Dependent, IndexStore, NewAnnouncement
from realmkit.indexer.plan import Work, plan
from realmkit.indexer.progress import ProgressHub
from realmkit.indexer.queries import StaleQueries
from realmkit.indexer.visiting import Outcome, Visitor
from realmkit.modules import ModuleService
from realmkit.prerender import HUNG, LOST
from realmkit.search import SearchEngine

log = logging.getLogger(__name__)

EVERY_CHANGE = 1_000_000
# Order is a kindness to whoever watches, not a need: a visit reads what it links
# to from files. It is not worth a thousand look-ups.
ORDERED_PATHS = 100
# Each wave visits the cards whose searches answer differently after the one before.
MOST_WAVES = 5


@dataclass(frozen=True)
class Task:
    """What a run is for: the changes it answers, and paths it was asked to visit besides."""

    changes: Sequence[Change] = ()
    seq: int | None = None
    """Where the index stands in the change log once this is committed."""
    is_full: bool = False
    is_first: bool = False
    """Whether nothing of the realm is indexed yet."""
    handed: frozenset[str] = frozenset()


class Run:
    """Makes the runs of one realm, one after another."""

    def __init__(
        self,
        realm: Realm,
        files: FileStore,
        *,
        changes: ChangeLog,
        index: IndexStore,
        modules: ModuleService,
        search: SearchEngine,
        hub: ProgressHub,
        new_visitor: Callable[[Realm], Visitor],
        hand_over: Callable[[Iterable[Dependent]], None],
    ) -> None:
        self._realm = realm
        self._files = files
        self._changes = changes
        self._index = index
        self._modules = modules
        self._search = search
        self._hub = hub
        self._new_visitor = new_visitor
        self._hand_over = hand_over

    async def next_task(self, handed: frozenset[str], *, everything: bool = False) -> Task | None:
        """What is to be done now, or None when the index is up to date."""
        url = self._realm.url
        indexed_seq = await self._index.indexed_seq(url)
        if not everything:
            try:
                found = await self._changes.since(url, indexed_seq, EVERY_CHANGE)
            except BehindRetention:
                log.warning("The change log of %s no longer goes back far enough.", url)
            else:
                if not found:
                    return Task(handed=handed) if handed else None
                is_first = indexed_seq == 0
                return Task(found, found[-1].seq, is_first, is_first, handed)
        # Taken before the folder is read: what changes meanwhile is the next run's.
        seq = await self._changes.last_seq(url)
        return Task(await self._everything(seq), seq, is_full=True, handed=handed)

    async def stale_at_start(self) -> list[Dependent]:
        """Entries that an earlier process was still to visit, or had bad luck with."""
        url = self._realm.url
        unlucky = [
            Dependent(url, entry.url, entry.type)
            for entry in await self._index.errors(url)
            if entry.error.get("status") in (str(HUNG), str(LOST))
        ]
        searches = await StaleQueries(self._index, self._search).of_realm(url)
        return [*unlucky, *searches, *await self._index.overtaken_across_realms(url)]

    async def make(self, task: Task) -> None:
        """Carry out `task`, and what follows from it in this realm."""
        url = self._realm.url
        changed = [change.path for change in task.changes]
        self._modules.on_change(url, [path for path in changed if kind_of(path) == "module"])
        dependents = await self._dependents(changed)
        work = await self._plan(task.changes, self._own_paths(dependents) | task.handed)
        self._hub.begin(url, work.visits)
        try:
            visitor = self._new_visitor(self._realm)
            outcome = await visitor.visit(work, postpones_searching=task.is_first)
            touched = await self._touched_types(outcome)
            if task.is_full:
                await self._finish_full_run(task, outcome, touched)
            else:
                await self._index.commit(
                    Batch(
                        url,
                        outcome.entries,
                        outcome.removed,
                        outcome.definitions,
                        indexed_seq=task.seq,
                        announcements=await self._announcements(task, outcome),
                    )
                )
                await self._revisit_stale(touched)
            self._hand_over(each for each in dependents if each.realm_url != url)
        finally:
            self._hub.finish(url)

    async def _finish_full_run(self, task: Task, outcome: Outcome, touched: set[str]) -> None:
        # The searches of a first run were answered by an index that had not seen it.
        # Only when they have been asked again is the index said to have everything.
        url = self._realm.url
        batch = Batch(url, outcome.entries, outcome.removed, outcome.definitions)
        await self._index.commit(batch)
        revisited = await self._revisit_stale(touched, outcome.postponed, is_announced=False)
        announcement = NewAnnouncement("full", _ids([*outcome.urls, *revisited]))
        await self._index.commit(Batch(url, indexed_seq=task.seq, announcements=[announcement]))

    async def _revisit_stale(
        self, touched: set[str], postponed: Iterable[str] = (), *, is_announced: bool = True
    ) -> list[str]:
        """Visit cards whose searches answer differently now; returns their URLs.

        The first time, the cards at the `postponed` paths are visited with them.
        """
        url = self._realm.url
        queries = StaleQueries(self._index, self._search)
        revisited: list[str] = []
        waiting = set(postponed)
        for _ in range(MOST_WAVES):
            stale = await queries.of_types(touched) if touched else []
            self._hand_over(each for each in stale if each.realm_url != url)
            paths, waiting = self._own_paths(stale) | waiting, set()
            if not paths:
                return revisited
            work = await self._plan((), paths)
            self._hub.add_work(url, work.visits)
            outcome = await self._new_visitor(self._realm).visit(work)
            touched = await self._touched_types(outcome)
            announcement = NewAnnouncement("incremental", _ids(outcome.urls))
            await self._index.commit(
                Batch(
                    url,
                    outcome.entries,
                    outcome.removed,
                    announcements=[announcement] if is_announced else (),
                )
            )
            revisited.extend(outcome.urls)
        log.warning("Searches in %s still change each other after %d visits.", url, MOST_WAVES)
        return revisited

    async def _everything(self, seq: int) -> list[Change]:
        """Every file as if it had just been changed, and every indexed file that is gone."""
        url = self._realm.url
        present = {found.path for found in await self._files.walk()}
        indexed = {self._realm.path_of(entry.url) for entry in await self._index.indexed_files(url)}
        gone = {path for path in indexed if path and path not in present}
        return [
            Change(
                url,
                seq,
                kind_of(path),
                path,
                "removed" if path in gone else "updated",
                content_hash=None,
                client_request_id=None,
                at=0,
            )
            for path in sorted(present | gone)
        ]

    async def _plan(self, changes: Iterable[Change], others: Iterable[str]) -> Work:
        work = plan(changes, others)
        if not 1 < len(work.json) <= ORDERED_PATHS:
            return work
        dependencies: dict[str, Collection[str]] = {}
        for path in work.json:
            found = await self._index.dependencies(self._realm.url_of(path))
            urls = [url for entry in found for url in entry.dependencies]
            dependencies[path] = {path for path in map(self._realm.path_of, urls) if path}
        return plan(changes, others, dependencies)

    async def _dependents(self, paths: Iterable[str]) -> list[Dependent]:
        # What a visit read is listed to any depth, so only modules lead further.
        urls = [self._realm.url_of(path) for path in paths]
        return await self._index.dependents(urls, through_instances=False)

    def _own_paths(self, dependents: Iterable[Dependent]) -> set[str]:
        own = (each.url for each in dependents if each.realm_url == self._realm.url)
        return {path for path in map(self._realm.path_of, own) if path}

    async def _touched_types(self, outcome: Outcome) -> set[str]:
        """The type keys of every instance whose place in some search may be another now.

        Asked before the commit, so that what an instance was counts as well.
        """
        before = {
            (entry.url, entry.type): entry for entry in await self._index.entries(outcome.urls)
        }
        touched: set[str] = set()
        for entry in outcome.entries:
            known = before.pop((entry.url, entry.type), None)
            if known is None:
                touched.update(entry.types)
            elif (
                (entry.error is None) is known.has_error
                or (entry.error is None and entry.search_doc != known.search_doc)
                or entry.last_modified != known.last_modified
                or list(entry.types) != known.types
            ):
                touched.update(entry.types, known.types)
        for known in before.values():
            touched.update(known.types)
        return touched

    async def _announcements(self, task: Task, outcome: Outcome) -> list[NewAnnouncement]:
        """One announcement for each acknowledged write: what it changed, and what rests on that."""
        urls = set(outcome.urls)
        by_request: dict[str | None, list[str]] = {}
        for change in task.changes:
            by_request.setdefault(change.client_request_id, []).append(change.path)
        if len(by_request) <= 1:
            request_id = next(iter(by_request), None)
            return [NewAnnouncement("incremental", _ids(outcome.urls), request_id)]
        announcements: list[NewAnnouncement] = []
        told: set[str] = set()
        for request_id, paths in by_request.items():
            rest = {each.url for each in await self._dependents(paths)}
            mine = ({self._realm.url_of(path) for path in paths} | rest) & urls
            told |= mine
            announcements.append(NewAnnouncement("incremental", _ids(sorted(mine)), request_id))
        if others := urls - told:
            announcements.append(NewAnnouncement("incremental", _ids(sorted(others))))
        return announcements


def _ids(urls: Iterable[str]) -> list[str]:
    """Card ids without `.json`, other URLs as they are, each once."""
    return list(dict.fromkeys(url.removesuffix(".json") for url in urls))
