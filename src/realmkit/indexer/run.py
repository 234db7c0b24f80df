"""One run over one realm: take what is unindexed, visit it, commit it together.

A run begins where the last one stopped in the change log and ends with the last
change the log held when it began. A short run keeps what it made in memory, and its
entries become visible in one transaction that also moves `indexed_seq`: cut short, it
leaves nothing and is simply made again. A run that is too much for one sitting is
written down instead, to be made by `long_run` while short ones go on.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from realmkit.changes import Change
from realmkit.files.paths import kind_of
from realmkit.index import Dependent, LongRun, Place, StoredQuery, ToDo, is_about_content
from realmkit.indexer.aftermath import announcements, moved_realms, paths_in, stale_searchers
from realmkit.indexer.means import Means
from realmkit.indexer.ordering import ordered
from realmkit.indexer.overtaken import late_changes, resting_on
from realmkit.indexer.plan import Work, as_left, plan
from realmkit.indexer.queries import StaleQueries
from realmkit.indexer.visiting import Outcome
from realmkit.prerender import FOR_PEOPLE, HUNG, LOST

log = logging.getLogger(__name__)

# More visits than these are written down as they are made: a few megabytes of artefacts,
# and some seconds that another edit would otherwise have to wait.
MOST_IN_MEMORY = 48


@dataclass(frozen=True)
class Task:
    """What a run is for: paths that changed or may have, and the changes it answers."""

    changed: Sequence[str] = ()
    gone: Sequence[str] = ()
    changes: Sequence[Change] = ()
    after_seq: int = 0
    seq: int = 0
    """Where the index stands in the change log once this is committed."""
    is_full: bool = False

    @property
    def is_first(self) -> bool:
        """Whether nothing of the realm was indexed before."""
        return self.is_full and self.after_seq == 0


class Collected:
    """Keeps in memory what a short run's visits leave."""

    def __init__(self) -> None:
        self.outcome = Outcome()

    async def place(self) -> None:
        return None

    async def keep(self, urls: Sequence[str], outcome: Outcome, place: Place | None) -> None:
        self.outcome.add(outcome)


class Run:
    """Makes the runs of one realm, one after another."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._url = means.realm.url

    async def next_task(self, to_do: ToDo, *, everything: bool = False) -> Task | None:
        """What is to be done now, or None when no change is untaken."""
        taken, found = to_do.state.taken_seq, to_do.changes
        if everything:
            return await self._everything(taken)
        if to_do.starts_over:
            log.warning("The change log of %s no longer goes back far enough.", self._url)
            return await self._all_that_differs(taken)
        if not found:
            return None
        changed, gone = as_left(found)
        return Task(changed, gone, found, taken, found[-1].seq, is_full=taken == 0)

    async def owe_what_is_stale(self) -> None:
        """Write down what an earlier process was still to visit, or had bad luck with."""
        means = self._means
        unlucky = [
            Dependent(self._url, entry.url, entry.type)
            for entry in await means.index.errors(self._url)
            if entry.error.get("status") in (str(HUNG), str(LOST))
        ]
        searches = await StaleQueries(means.index, means.search).of_realm(self._url)
        overtaken = await means.index.overtaken_across_realms(self._url)
        if stale := [*unlucky, *searches, *overtaken]:
            await means.long_runs.owe(stale)

    async def make(self, task: Task, began: Place) -> None:
        """Carry out `task`, or write it down if it is long; `began` is where all stood before."""
        means = self._means
        modules = [path for path in (*task.changed, *task.gone) if kind_of(path) == "module"]
        means.modules.on_change(self._url, modules)
        urls = self._urls([*task.changed, *task.gone])
        # What a visit read is listed to any depth, so only modules lead further.
        dependents = await means.index.dependents(urls, through_instances=False)
        own = paths_in(means.realm, (each.url for each in dependents))
        others = [each for each in dependents if each.realm_url != self._url]
        work = plan({*task.changed, *own}, task.gone)
        postpones = task.is_first or await self._is_postponing(work)
        if task.is_full or postpones or work.visits > MOST_IN_MEMORY:
            await self._write_down(task, work, others, postpones=postpones)
            return
        means.hub.begin(self._url, work.visits)
        try:
            await self._make_short(task, await ordered(means, work), others, began)
        finally:
            means.hub.finish(self._url)

    async def _make_short(
        self, task: Task, work: Work, others: list[Dependent], began: Place
    ) -> None:
        means, collected = self._means, Collected()
        await means.new_visitor(means.realm, collected, FOR_PEOPLE).visit(work)
        outcome = collected.outcome
        removed = [*self._urls(work.removed), *outcome.removed]
        told = await announcements(
            means.index, self._requests(task), [*self._urls(work.removed), *outcome.urls]
        )

        async def commit(*, is_careful: bool) -> set[str]:
            async with means.index.committing(self._url, task.seq, is_careful=is_careful) as commit:
                await commit.add(outcome.entries, removed, outcome.definitions)
                await commit.announce(told)
                await means.long_runs.forget_visits(self._url, removed, commit.tx)
                if others:
                    await means.long_runs.owe(others, commit.tx)
            return commit.touched

        try:
            touched = await commit(is_careful=False)
        except Exception as exc:
            if not is_about_content(exc):
                raise
            log.info("A commit of %s is made again, carefully: %s", self._url, exc)
            touched = await commit(is_careful=True)
        stale, own = await self._overtaken(outcome, began)
        queries = StaleQueries(means.index, means.search)
        stale += await stale_searchers(means.index, queries, touched, own)
        if stale:
            await means.long_runs.owe(stale)

    async def _overtaken(
        self, outcome: Outcome, began: Place
    ) -> tuple[list[Dependent], list[StoredQuery]]:
        """What runs beside this one could not find, as it was not committed yet.

        The visited files that read something of another realm which changed meanwhile, and
        the searches they ran of realms that had a commit.
        """
        means = self._means
        abroad = tuple(realm.url for realm in means.realms if realm != means.realm)
        searches = [
            query for entry in outcome.entries for query in StoredQuery.of_entry(self._url, entry)
        ]
        read = (each.url for entry in outcome.entries for each in entry.dependencies)
        if not searches and not any(url.startswith(abroad) for url in read):
            return [], []
        now = await means.long_runs.place()
        marks = {url: seq for url, seq in now.marks.items() if url != self._url}
        late = await resting_on(means, await late_changes(means, began.marks, marks))
        visited = {entry.url for entry in outcome.entries}
        moved = moved_realms(began, now, self._url)
        return (
            [each for each in late if each.url in visited],
            [query for query in searches if query.asks_any(moved)],
        )

    async def _write_down(
        self, task: Task, work: Work, others: list[Dependent], *, postpones: bool
    ) -> None:
        means = self._means
        run = LongRun(
            task.is_full, postpones, task.after_seq, task.seq, requests=self._requests(task)
        )
        paths = [*work.modules, *work.json, *work.files]
        await means.long_runs.begin(
            self._url, run, self._urls(paths), self._urls(work.removed), others
        )

    async def _is_postponing(self, work: Work) -> bool:
        """Whether cards that run searches should wait for others that are about to be found.

        They would find them only after the commit, and have to be rendered once more.
        """
        urls = self._urls(work.json)
        if len(urls) < 2:
            return False
        standing = await self._means.index.standing(self._url, urls)
        if not any(each.runs_searches for each in standing.values()):
            return False
        return len(standing) < len(urls) or any(each.has_error for each in standing.values())

    async def _everything(self, taken: int) -> Task:
        """Every file, whether or not it has changed, and what is indexed and gone."""
        present = {found.path for found in await self._means.files.walk()}
        return Task(sorted(present), await self._gone(present), (), taken, taken, is_full=True)

    async def _all_that_differs(self, taken: int) -> Task:
        """Every file whose content is not what the index has seen, or whose visit failed."""
        # Taken before the folder is read: what changes meanwhile is the next run's.
        seq = await self._means.changes.last_seq(self._url)
        present = await self._means.files.content_hashes()
        is_same: dict[str, bool] = {}
        for entry in await self._means.index.indexed_files(self._url):
            path = self._means.realm.path_of(entry.url) or ""
            as_seen = present.get(path) == entry.content_hash and not entry.has_error
            is_same[path] = as_seen and is_same.get(path, True)
        changed = sorted(path for path in present if not is_same.get(path))
        return Task(changed, await self._gone(set(present)), (), taken, seq, is_full=True)

    async def _gone(self, present: set[str]) -> list[str]:
        indexed = await self._means.index.indexed_files(self._url)
        return sorted(paths_in(self._means.realm, (each.url for each in indexed)) - present)

    def _requests(self, task: Task) -> dict[str, list[str]]:
        """The changed URLs of each client request, in order; the empty one is for the rest."""
        requests: dict[str, list[str]] = {}
        for change in task.changes:
            url = self._means.realm.url_of(change.path)
            requests.setdefault(change.client_request_id or "", []).append(url)
        return requests

    def _urls(self, paths: Iterable[str]) -> list[str]:
        return [self._means.realm.url_of(path) for path in paths]
