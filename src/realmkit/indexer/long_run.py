"""Making a long run: visit what it owes, look again at what was overtaken, commit.

It goes on beside the short runs of its realm, which commit edits as they come. Before
the commit every visit whose file, or whatever it read, has changed meanwhile is made
once more; after it the searches that cards rest on are asked anew, and cards whose
answers changed are owed again. The run ends when nothing is owed any more. A process
that ends in the middle leaves the rest to the next one.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

from realmkit.index import (
    Dependent,
    LongRun,
    NewAnnouncement,
    Place,
    StoredQuery,
    VisitedFile,
)
from realmkit.indexer.aftermath import (
    announcements,
    card_ids,
    moved_realms,
    paths_in,
    stale_searchers,
)
from realmkit.indexer.means import Means
from realmkit.indexer.ordering import ordered
from realmkit.indexer.overtaken import LateChanges, late_changes, overtaken, resting_on
from realmkit.indexer.plan import Work, plan
from realmkit.indexer.postponing import searching_types
from realmkit.indexer.queries import StaleQueries
from realmkit.indexer.visiting import Outcome
from realmkit.prerender import BACKGROUND

log = logging.getLogger(__name__)

# Each wave visits the cards whose searches answer differently after the one before.
MOST_WAVES = 5


class LongRunner:
    """Makes the long runs of one realm."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._url = means.realm.url
        self._marks: Mapping[str, int] = {}
        """No visit that waits for the commit is older than these."""
        self._run = LongRun(is_full=False, postpones=False, after_seq=0, seq=0)
        self._is_announced = False
        self._known: set[str] = set()
        """The files that the total counts, once the first are being visited."""
        self._done: set[str] = set()
        """The files whose visits count as done."""

    async def go_on(self) -> None:
        """Make the realm's long run, or the rest of it. Raises `PrerenderUnavailable`."""
        means = self._means
        run = await means.long_runs.under_way(self._url)
        if run is None:
            taken = (await means.index.state(self._url)).taken_seq
            run = LongRun(is_full=False, postpones=False, after_seq=taken, seq=taken)
            await means.long_runs.begin(self._url, run, ())
        self._marks = run.marks or (await means.long_runs.place()).marks
        self._run, self._is_announced = run, False
        done, total = await means.long_runs.counts(self._url)
        facts = means.long_runs.facts(self._url)
        self._done = {each.url async for some in facts for each in some}
        self._known = set()
        means.hub.begin(self._url, total, done=done)
        # What an earlier process visited, or an attempt that failed, asked who knows when.
        began = Place() if done else await means.long_runs.place()
        try:
            await self._make(began)
        finally:
            means.hub.finish(self._url)

    async def _make(self, began: Place) -> None:
        means, waves = self._means, 0
        queries = StaleQueries(means.index, means.search)
        while True:
            place = await self._visit_all()
            touched = await self._commit()
            self._marks = place.marks
            now = await means.long_runs.place()
            stale = await resting_on(means, await late_changes(means, place.marks, now.marks))
            if waves < MOST_WAVES:
                own = await self._asked_too_early(began, now)
                stale += await stale_searchers(means.index, queries, touched, own)
            else:
                log.warning("Searches in %s still change each other.", self._url)
            if stale:
                await means.long_runs.owe(stale)
            if await means.long_runs.end(self._url):
                return
            began = await means.long_runs.place()
            waves += 1

    async def _asked_too_early(self, began: Place, now: Place) -> list[StoredQuery]:
        """The realm's searches of realms that had commits of other runs between the two."""
        moved = moved_realms(began, now, self._url)
        if not moved:
            return []
        stored = await self._means.index.stored_queries_of(self._url)
        return [query for query in stored if query.asks_any(moved)]

    async def _visit_all(self) -> Place:
        """Visit until nothing is owed and nothing overtaken; returns when that was so."""
        means = self._means
        while True:
            owed = await means.long_runs.owed(self._url)
            if owed:
                self._count(owed)
                await self._visit(owed)
            place = await means.long_runs.place()
            late = await late_changes(means, self._marks, place.marks)
            again = await self._overtaken(late)
            if again:
                await means.long_runs.owe(Dependent(self._url, url, "instance") for url in again)
            elif not await means.long_runs.owed(self._url):
                return place

    def _count(self, owed: Mapping[str, int]) -> None:
        """Tell of what the run was not begun with, whoever owed it since: other files, and
        visits that are made once more."""
        if self._known:
            self._means.hub.again(self._url, len(self._done & owed.keys()))
            self._means.hub.add_work(self._url, len(owed.keys() - self._known))
        self._done -= owed.keys()
        self._known |= self._done | owed.keys()

    async def _visit(self, owed: Mapping[str, int]) -> None:
        means = self._means
        visitor = means.new_visitor(means.realm, WrittenDown(means, owed, self._done), BACKGROUND)
        work = await ordered(means, plan(paths_in(means.realm, owed)))
        await visitor.visit_modules(work.modules)
        await visitor.visit_others(work, postponed_types=await self._postponed_types(work))

    async def _postponed_types(self, work: Work) -> set[str]:
        """The types of cards that are only read, because others are about to be found."""
        means = self._means
        run = await means.long_runs.under_way(self._url)
        if run is None or not run.postpones or not work.json:
            return set()
        definitions = await means.long_runs.definitions(self._url)
        for realm in means.realms:
            definitions += (await means.index.definitions_of_realm(realm.url)).values()
        return searching_types(definitions)

    async def _commit(self) -> set[str]:
        """Put all that was visited into the index; returns the types it may concern."""
        return await self._means.long_runs.commit(self._url, announce=self._announcements)

    async def _announcements(self, urls: Sequence[str]) -> Sequence[NewAnnouncement]:
        # The first commit answers the writes; later ones are about a few cards more.
        is_first, self._is_announced = not self._is_announced, True
        if not is_first:
            return await announcements(self._means.index, {}, urls) if urls else []
        run = await self._means.long_runs.under_way(self._url) or self._run
        if not run.is_full:
            return await announcements(self._means.index, run.requests, urls) if urls else []
        named = {name: changed for name, changed in run.requests.items() if name}
        answers = await announcements(self._means.index, named, urls) if named else []
        return [NewAnnouncement("full", card_ids(urls)), *answers]

    async def _overtaken(self, late: LateChanges | None) -> set[str]:
        """The visited files that read something before it changed."""
        found: set[str] = set()
        while late is None or late:
            known = len(late.seqs) if late else 0
            async for facts in self._means.long_runs.facts(self._url):
                found |= {each.url for each in facts} if late is None else overtaken(late, facts)
            if late is None or len(late.seqs) == known:
                break
        return found


class WrittenDown:
    """Writes down what a long run's visits leave, batch by batch."""

    def __init__(self, means: Means, owed: Mapping[str, int], done: set[str]) -> None:
        self._means = means
        self._owed = owed
        self._done = done

    async def place(self) -> Place:
        return await self._means.long_runs.place()

    async def keep(self, urls: Sequence[str], outcome: Outcome, place: Place | None) -> None:
        assert place is not None
        visited = list(visited_files(urls, outcome))
        self._done.update(each.url for each in visited if not each.is_postponed)
        await self._means.long_runs.put(self._means.realm.url, visited, place, self._owed)


def visited_files(urls: Sequence[str], outcome: Outcome) -> Iterable[VisitedFile]:
    """An outcome, taken apart by the files that were visited."""
    for url in urls:
        module = outcome.modules.get(url, "")
        yield VisitedFile(
            url,
            [entry for entry in outcome.entries if entry.url == url],
            [each for each in outcome.removed if each == url],
            {module: outcome.definitions[module]} if module in outcome.definitions else {},
            url in outcome.postponed,
        )
