"""Runs that are too long for one sitting, and what they have done so far.

A long run writes down which files it is to visit, and beside each, as soon as it was
visited, what the visit left. None of that is in the index: readers see it when
`commit` puts all of it there at once. A process that dies leaves the rows, and the
next one goes on with those that have no outcome. Memory holds a batch at a time.

A realm has one long run at most; more work joins the one that is under way. What a run
of one realm makes stale in another is owed by that one in the same way, so it is not
forgotten whichever process serves it, and whenever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial

import orjson

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.definitions import Definition
from realmkit.clock import Clock, SystemClock
from realmkit.db import Database, Hints, Transaction, load_sql
from realmkit.errors import OurBug
from realmkit.index.artefacts import Dependent, NewAnnouncement, Place
from realmkit.index.json_text import to_json
from realmkit.index.outcomes import (
    VisitedFile,
    last_of_portion,
    outcome_of,
    portion_of,
    refused_visit,
)
from realmkit.index.store import IndexStore

SQL = load_sql(__package__ or "", "long_runs.sql")

IN_A_PORTION = 200
FACTS_AT_ONCE = 2_000

Requests = Mapping[str, Sequence[str]]
"""Changed URLs by the client request id of the write; the empty one is for all others."""


@dataclass(frozen=True, slots=True)
class LongRun:
    """What a realm's long run is for. It owes the changes after `after_seq` up to `seq`."""

    is_full: bool
    postpones: bool
    """Whether cards that run searches are only read at first."""
    after_seq: int
    seq: int
    marks: Mapping[str, int] = field(default_factory=dict[str, int])
    """Where every realm's log ended when it began."""
    requests: Requests = field(default_factory=dict[str, Sequence[str]])

    def joined(self, more: LongRun) -> LongRun:
        """This run, once it does the work of `more` as well."""
        requests = {name: list(urls) for name, urls in self.requests.items()}
        for name, urls in more.requests.items():
            requests[name] = [*requests.get(name, ()), *urls]
        owes = [run for run in (self, more) if run.after_seq < run.seq] or [more]
        return LongRun(
            self.is_full or more.is_full,
            self.postpones or more.postpones,
            min(run.after_seq for run in owes),
            max(run.seq for run in owes),
            self.marks,
            requests,
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What a visited file was read with: names of dependencies, and how far the logs were."""

    url: str
    marks: Mapping[str, int]
    dependencies: Sequence[str]


class LongRuns:
    """The long runs of every realm in one database."""

    def __init__(
        self,
        db: Database,
        index: IndexStore,
        *,
        public_url: str,
        clock: Clock | None = None,
    ) -> None:
        self._db = db
        self._index = index
        self._names = ModuleNames(public_url)
        self._clock = clock or SystemClock()
        self._hints = Hints()
        db.notifier.listen("realm_index_updated", self._hints.notify)
        db.notifier.after_gap(self._hints.notify_all)

    def hinting(self, realm_url: str, hint: asyncio.Event) -> AbstractContextManager[asyncio.Event]:
        """Have `hint` set whenever visits may be owed, whoever has found them."""
        return self._hints.hinting(realm_url, hint)

    async def under_way(self, realm_url: str) -> LongRun | None:
        """The realm's long run, begun by this process or by one that is no more."""
        row = await self._db.read_one(SQL["run"], (realm_url,))
        if row is None:
            return None
        is_full, postpones, after_seq, seq, marks, requests = row
        return LongRun(
            bool(is_full),
            bool(postpones),
            after_seq,
            seq,
            orjson.loads(marks),
            orjson.loads(requests),
        )

    async def begin(
        self,
        realm_url: str,
        run: LongRun,
        urls: Iterable[str],
        removed: Iterable[str] = (),
        others: Sequence[Dependent] = (),
    ) -> None:
        """Owe visits of `urls`, the removal of those that are gone, and what of other realms
        is stale, in one transaction.

        From then on the run's changes count as taken, and writes after them are free to
        be indexed before it ends.
        """
        if (present := await self.under_way(realm_url)) is not None:
            run = present.joined(run)
        place = await self.place()
        marks, generation = to_json(dict(place.marks)), place.generations.get(realm_url, 0)
        gone = [
            (realm_url, url, marks, generation, outcome_of(VisitedFile(url, removed=[url])))
            for url in removed
        ]
        async with self._index.committing(realm_url, run.seq) as commit:
            await commit.tx.execute_all(
                [
                    (SQL["begin"], [self._run_row(realm_url, run, place)]),
                    (SQL["owe"], [(realm_url, url) for url in urls]),
                    (SQL["put_gone"], gone),
                ]
            )
            if others:
                await self.owe(others, commit.tx)

    def _run_row(self, realm_url: str, run: LongRun, place: Place) -> tuple[object, ...]:
        return (
            realm_url,
            int(run.is_full),
            int(run.postpones),
            run.after_seq,
            run.seq,
            to_json(dict(place.marks)),
            to_json(run.requests),
            self._clock.now_ms(),
        )

    async def owe(self, stale: Iterable[Dependent], tx: Transaction | None = None) -> None:
        """Have these files visited, even if they were, in whichever realm they lie."""
        if tx is None:
            async with self._db.transaction() as own:
                await self.owe(stale, own)
            return
        # In one order, so that two commits that owe each other's realms do not wait in a ring.
        rows = sorted({(each.realm_url, each.url) for each in stale})
        await tx.execute_many(SQL["owe"], rows)
        for realm_url in sorted({realm_url for realm_url, _ in rows}):
            await tx.notify("realm_index_updated", realm_url)
            tx.on_commit(partial(self._hints.notify, realm_url))

    async def owed(self, realm_url: str) -> dict[str, int]:
        """The URLs that are still to be visited, each with the number `put` asks for."""
        return dict(await self._db.read(SQL["owed"], (realm_url,)))

    async def counts(self, realm_url: str) -> tuple[int, int]:
        """How many of the run's files are visited, and how many there are."""
        row = await self._db.read_one(SQL["counts"], (realm_url,))
        return (row[0], row[1]) if row else (0, 0)

    async def place(self) -> Place:
        """Where things stand, to be noted before a visit reads anything."""
        return Place.of(await self._db.read(SQL["place"]))

    async def put(
        self,
        realm_url: str,
        visited: Sequence[VisitedFile],
        place: Place,
        owed: Mapping[str, int],
    ) -> None:
        """Write down what visits left that began at `place`; `owed` is as it was asked before.

        Files that were owed once more since then stay owed.
        """
        # In one order, as `owe` and `forget_visits` take them: nobody waits in a ring.
        visited = sorted(visited, key=lambda each: each.url)
        rows = await asyncio.to_thread(
            lambda: [
                (*self._row_or_error(realm_url, each, place), owed.get(each.url, 0))
                for each in visited
            ]
        )
        try:
            await self._put(rows)
        except OurBug:
            # One of them is more than a row can hold: each by itself.
            for each, row in zip(visited, rows, strict=True):
                try:
                    await self._put([row])
                except OurBug as exc:
                    error = self._row(realm_url, refused_visit(each, exc), place)
                    await self._put([(*error, owed.get(each.url, 0))])

    async def _put(self, rows: Sequence[tuple[object, ...]]) -> None:
        async with self._db.transaction() as tx:
            await tx.execute_many(SQL["put"], rows)

    def _row_or_error(
        self, realm_url: str, visited: VisitedFile, place: Place
    ) -> tuple[object, ...]:
        try:
            return self._row(realm_url, visited, place)
        except (TypeError, RecursionError) as exc:
            return self._row(realm_url, refused_visit(visited, exc), place)

    def _row(self, realm_url: str, visited: VisitedFile, place: Place) -> tuple[object, ...]:
        names = {
            self._names.fold(dependency.url)
            for entry in visited.entries
            for dependency in entry.dependencies
        }
        return (
            realm_url,
            visited.url,
            to_json(dict(place.marks)),
            place.generations.get(realm_url, 0),
            to_json(sorted(names)),
            int(bool(visited.removed) and not visited.entries),
            int(visited.is_postponed),
            outcome_of(visited),
        )

    async def forget_visits(self, realm_url: str, urls: Iterable[str], tx: Transaction) -> None:
        """Drop what visits of these files left: another run has found that they are gone."""
        await tx.execute_many(SQL["forget_visit"], [(realm_url, url) for url in sorted(urls)])

    async def facts(self, realm_url: str) -> AsyncGenerator[list[Facts], None]:
        """What every visited file was read with, some thousands at a time."""
        after = ""
        while rows := await self._db.read(SQL["visited"], (realm_url, after, FACTS_AT_ONCE)):
            after = rows[-1][0]
            yield [
                Facts(url, orjson.loads(marks), orjson.loads(dependencies))
                for url, marks, dependencies in rows
            ]

    async def definitions(self, realm_url: str) -> list[Definition]:
        """The definitions that the run's visits have found so far."""
        return [
            Definition.from_json(definition)
            for (outcome,) in await self._db.read(SQL["modules"], (realm_url,))
            for exports in orjson.loads(outcome)["definitions"].values()
            for definition in exports.values()
        ]

    async def commit(
        self,
        realm_url: str,
        *,
        announce: Callable[[Sequence[str]], Awaitable[Sequence[NewAnnouncement]]],
    ) -> set[str]:
        """Put everything that was visited into the index at once.

        `announce` is told every URL that is not as it was. Files that were only read are owed
        again. Returns the type keys of what it touched, as `Commit.touched`.
        """
        urls: list[str] = []
        async with self._index.committing(realm_url) as commit:
            await commit.tx.execute(SQL["drop_outdone"], (realm_url,))
            # What is gone first: a module may have come back under another extension.
            for removes in (1, 0):
                after = ""
                while sizes := await commit.tx.fetch(
                    SQL["outcome_sizes"], (realm_url, after, removes, IN_A_PORTION)
                ):
                    last = last_of_portion(sizes)
                    rows = await commit.tx.fetch(SQL["outcomes"], (realm_url, after, removes, last))
                    after = last
                    portion = await asyncio.to_thread(portion_of, [row[0] for row in rows])
                    entries, removed, definitions = portion
                    await commit.add(entries, removed, definitions)
                    urls += [*removed, *(entry.url for entry in entries)]
            await commit.tx.execute_all(
                [
                    (SQL["drop_committed"], [(realm_url,)]),
                    (SQL["owe_postponed"], [(realm_url,)]),
                    (SQL["stop_postponing"], [(realm_url,)]),
                ]
            )
            await commit.announce(await announce(list(dict.fromkeys(urls))))
        return commit.touched

    async def end(self, realm_url: str) -> bool:
        """Forget the run, unless it owes something by now."""
        # The commit's lock on the realm's state keeps a `begin` from coming in between.
        async with self._index.committing(realm_url) as commit:
            return await commit.tx.execute(SQL["end"], (realm_url,)) > 0
