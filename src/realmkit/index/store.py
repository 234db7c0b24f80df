"""What we know of every card, module and file: written by commits, read by everyone.

A commit makes a whole batch visible at once, together with `indexed_seq`: the place
in the realm's change log that the index has caught up with. Reads are plain
listings and look-ups; searches compile their own SQL against the same tables. The
store knows what rests on what, also across realms, and leaves it to the indexer to
visit it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.definitions import Definition
from realmkit.changes import ChangeLog, changes_in
from realmkit.clock import Clock, SystemClock
from realmkit.db import Database, Hints, NamedLock, Row, Transaction, load_sql
from realmkit.index.artefacts import (
    Batch,
    Counts,
    Dependent,
    Entry,
    EntryDependencies,
    EntryType,
    IndexingError,
    Place,
    PlainFile,
    RealmState,
    StoredQuery,
    ToDo,
    TypeSummary,
)
from realmkit.index.committing import Commit
from realmkit.index.json_text import from_json, to_json
from realmkit.index.names import names_of_changed
from realmkit.index.search_docs import restored
from realmkit.index.search_writing import SearchWriter


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit did: the realm's new generation, and the seqs of its announcements."""

    generation: int
    announced: list[int]


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """What the visit of a URL saw of its file."""

    url: str
    type: EntryType
    content_hash: str | None
    last_modified: int | None
    has_error: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How the last visit of an instance ended, and whether it rests on searches."""

    has_error: bool
    runs_searches: bool


class IndexStore:
    """The index of every realm in one database. `public_url` is the server's origin."""

    def __init__(
        self, db: Database, changes: ChangeLog, *, public_url: str, clock: Clock | None = None
    ) -> None:
        self._db = db
        self._sql = load_sql(__package__ or "", "reading.sql", db.dialect)
        self._writing = load_sql(__package__ or "", "writing.sql", db.dialect)
        self._changes = changes
        self._clock = clock or SystemClock()
        self._names = ModuleNames(public_url)
        self._searches = SearchWriter(db.dialect, self._names)
        self._hints = Hints()
        db.notifier.listen("realm_index_updated", self._hints.notify)
        db.notifier.after_gap(self._hints.notify_all)
        changes.join_sweeps(self._sweep)

    # Writing.

    def indexing(self, realm_url: str) -> NamedLock:
        """The lock that whoever indexes a realm holds, so that one process does it at a time."""
        return self._db.locks.named(f"index|{realm_url}")

    async def commit(self, batch: Batch) -> Committed:
        """Make a batch visible in one transaction, and announce it.

        Entries replace what was known of their URL and type; see `NewEntry` for errors.
        """
        async with self.committing(batch.realm_url, batch.indexed_seq) as commit:
            await commit.add(batch.entries, batch.removed, batch.definitions)
            await commit.announce(batch.announcements)
        return Committed(commit.generation, commit.announced)

    @asynccontextmanager
    async def committing(
        self, realm_url: str, indexed_seq: int | None = None, *, is_careful: bool = True
    ) -> AsyncGenerator[Commit, None]:
        """A commit that is visible when the block ends, and not at all if it raises.

        With `indexed_seq`, the changes up to it count as answered. One that is not careful
        costs less and fails as a whole: who still has all of it makes it anew, carefully.
        """
        now_ms = self._clock.now_ms()
        async with self._db.transaction() as tx:
            state = await tx.fetch_one(
                self._writing["next_generation"], (realm_url, indexed_seq, now_ms)
            )
            assert state is not None
            yield Commit(
                tx,
                realm_url,
                state[0],
                now_ms=now_ms,
                names=self._names,
                sql=self._writing,
                changes=self._changes,
                searches=self._searches,
                is_careful=is_careful,
            )
            await tx.notify("realm_index_updated", realm_url)
            tx.on_commit(lambda: self._hints.notify(realm_url))

    async def _sweep(self, tx: Transaction, realm_url: str, pruned_seq: int) -> None:
        """Announcements are kept for as long as the changes of their time."""
        await tx.execute(self._writing["prune_announcements"], (realm_url, pruned_seq))

    # Keeping up with the change log.

    async def state(self, realm_url: str) -> RealmState:
        row = await self._db.read_one(self._sql["state"], (realm_url,))
        return RealmState(*row) if row else RealmState()

    async def to_do(self, realm_url: str) -> ToDo:
        """What runs over the realm have left to do."""
        rows = await self._db.read(self._sql["to_do"], (realm_url,))
        state, owes_visits, pruned_seq, stands = RealmState(*rows[0][:5]), *rows[0][5:8]
        return ToDo(
            state,
            Place.of(from_json(stands) or ()),
            bool(owes_visits),
            state.taken_seq < pruned_seq,
            changes_in(row[8:] for row in rows),
        )

    async def indexed_seq(self, realm_url: str) -> int:
        """The seq up to which every change is in the index."""
        return (await self.state(realm_url)).indexed_seq

    async def wait_indexed(self, realm_url: str, seq: int, timeout_s: float | None = None) -> bool:
        """Wait until the index has the change `seq`. False if `timeout_s` ran out first."""

        async def look() -> bool | None:
            return True if (await self.state(realm_url)).has(seq) else None

        try:
            async with asyncio.timeout(timeout_s):
                return await self._hints.wait_until(realm_url, look)
        except TimeoutError:
            return False

    # The dependency graph.

    async def dependents(
        self, urls: Iterable[str], *, through_instances: bool = True
    ) -> list[Dependent]:
        """Every entry that rests on one of `urls`, transitively and in every realm.

        `urls` are files, module identities or card ids; they need not be indexed. The
        urls themselves are among the answer only if a cycle leads back to them. With
        `through_instances=False`, whoever links to a dependent instance is left out: that
        is exact where a visit's dependencies list everything it read, however far away.
        """
        names = names_of_changed(urls, self._names)
        if not names:
            return []
        name = "dependents" if through_instances else "dependents_through_modules"
        return [Dependent(*row) for row in await self._db.read(self._sql[name], (to_json(names),))]

    async def dependencies(self, url: str) -> list[EntryDependencies]:
        """What the entries with this URL (or card id, or module identity) rest on.

        And what they touched through searches alone, which no change makes stale.
        """
        found: dict[tuple[str, str, str], EntryDependencies] = {}
        folded = self._names.fold(url)
        touched = {
            (entry_url, type): from_json(query_only)
            for entry_url, type, query_only in await self._db.read(
                self._sql["query_only"], (folded,)
            )
        }
        rows = await self._db.read(self._sql["dependencies"], (folded,))
        for entry_url, realm_url, type, has_error, dependency in rows:
            entry = found.setdefault(
                (realm_url, entry_url, type),
                EntryDependencies(
                    entry_url,
                    realm_url,
                    type,
                    bool(has_error),
                    [],
                    touched.get((entry_url, type)) or {},
                ),
            )
            if dependency is not None:
                entry.dependencies.append(dependency)
        return list(found.values())

    async def edges_among(self, realm_url: str, urls: Sequence[str]) -> dict[str, set[str]]:
        """Which of these instances of a realm rests on which, as far as is known."""
        edges: dict[str, set[str]] = {}
        # Names of dependencies are folded, and only the base realm's differ by that.
        for url, dependency in await self._db.read(
            self._sql["edges_among"], (realm_url, to_json(list(urls)))
        ):
            edges.setdefault(url, set()).add(dependency)
        return edges

    async def stored_queries(self, target_types: Iterable[str]) -> list[StoredQuery]:
        """The searches whose answer may change when instances of these type keys do."""
        rows = await self._db.read(self._sql["queries"], (to_json(sorted(target_types)),))
        return [_stored_query(row) for row in rows]

    async def stored_queries_of(self, realm_url: str) -> list[StoredQuery]:
        """The searches that a realm's entries rest on."""
        rows = await self._db.read(self._sql["queries_of_realm"], (realm_url,))
        return [_stored_query(row) for row in rows]

    async def overtaken_across_realms(self, realm_url: str) -> list[Dependent]:
        """The realm's entries that rest on another realm's entry which was visited later.

        There are some when a process ended between the two realms' commits.
        """
        rows = await self._db.read(self._sql["overtaken"], (realm_url,))
        return [Dependent(*row) for row in rows]

    async def standing(self, realm_url: str, urls: Sequence[str]) -> dict[str, Standing]:
        """How these instances of a realm stand, by URL; those that are not indexed are absent."""
        rows = await self._db.read(self._sql["standing"], (realm_url, to_json(list(urls))))
        return {url: Standing(bool(failed), bool(searches)) for url, failed, searches in rows}

    async def beyond_help(self, urls: Iterable[str]) -> set[str]:
        """Those of these instances that fail until a module of theirs is mended."""
        rows = await self._db.read(self._sql["beyond_help"], (to_json(sorted(urls)),))
        return {row[0] for row in rows}

    # Looking up.

    async def entry(self, url: str, type: EntryType | None = None) -> Entry | None:
        """The entry of a URL; of several types, `type`, or else what the file is for: a card
        or a module before the file as such."""
        found = await self.entries([url])
        wanted = [entry for entry in found if type in (None, entry.type)]
        return min(wanted, key=lambda entry: entry.type == "file", default=None)

    async def entries(self, urls: Iterable[str]) -> list[Entry]:
        """The entries of these URLs, in any realm, ordered by URL."""
        rows = await self._db.read(self._sql["entries"], (to_json(list(urls)),))
        return [_entry(row) for row in rows]

    async def indexed_files(self, realm_url: str) -> list[IndexedFile]:
        """Every URL of a realm with what its visit saw, ordered by URL."""
        rows = await self._db.read(self._sql["urls"], (realm_url,))
        return [IndexedFile(*row[:4], has_error=bool(row[4])) for row in rows]

    async def html(
        self, realm_url: str, url: str, format: str, type_key: str | None = None
    ) -> str | None:
        """One rendering of an instance.

        For `embedded` and `fitted`, no `type_key` means the instance's own type.
        """
        if type_key is None and format in ("embedded", "fitted"):
            row = await self._db.read_one(self._sql["own_html"], (url, realm_url, format))
        else:
            row = await self._db.read_one(
                self._sql["html"], (url, realm_url, format, type_key or "")
            )
        return row[0] if row else None

    async def styles_of(self, realm_url: str, url: str) -> dict[str, str]:
        """The stylesheets an instance's HTML needs, css by id."""
        rows = await self._db.read(self._sql["styles_of"], (url, realm_url))
        return dict(rows)

    async def style(self, style_id: str) -> str | None:
        row = await self._db.read_one(self._sql["style"], (style_id,))
        return row[0] if row else None

    async def definitions(self, type_keys: Iterable[str]) -> dict[str, Definition]:
        """The definitions that are known of these type keys, by type key."""
        pairs = [type_key.rpartition("/")[::2] for type_key in type_keys]
        rows = await self._db.read(self._sql["definitions"], (to_json(pairs),)) if pairs else []
        return _definitions(rows)

    async def definitions_of_realm(self, realm_url: str) -> dict[str, Definition]:
        """Every definition of a realm's modules, by type key."""
        return _definitions(await self._db.read(self._sql["definitions_of_realm"], (realm_url,)))

    # Listing.

    async def types_summary(self, realm_url: str) -> list[TypeSummary]:
        """The own types of a realm's instances, ordered by display name."""
        return [
            TypeSummary(type_key, name or type_key.rpartition("/")[2], total, icon)
            for type_key, total, name, icon in await self._db.read(
                self._sql["types_summary"], (realm_url,)
            )
        ]

    async def plain_files(self, realm_url: str, limit: int) -> list[PlainFile]:
        """The first `limit` files that are no card and no module, ordered by URL."""
        rows = await self._db.read(self._sql["plain_files"], (realm_url, limit))
        return [PlainFile(url, kind or "File", size or 0) for url, kind, size in rows]

    async def neighbours(self, realm_url: str, url: str, limit: int) -> list[str]:
        """The URLs of at most `limit` cards in the folder of `url`, those next to it first.

        Next to it in order: who begins alike is near.
        """
        folder = url.rpartition("/")[0]
        # In order, `0` is what follows on `/`.
        rows = await self._db.read(
            self._sql["neighbours"], (realm_url, f"{folder}/", url, f"{folder}0", limit)
        )
        return [row[0] for row in rows]

    async def errors(self, realm_url: str) -> list[IndexingError]:
        """Every entry whose last visit failed, ordered by URL."""
        rows = await self._db.read(self._sql["errors"], (realm_url,))
        return [IndexingError(url, type, from_json(error) or {}) for url, type, error in rows]

    async def broken_links(self, realm_url: str) -> list[tuple[str, list[dict[str, Any]]]]:
        """(URL, `[{field, target, reason}]`) of every entry that met broken links."""
        rows = await self._db.read(self._sql["broken_links"], (realm_url,))
        return [(url, orjson.loads(links)) for url, _type, links in rows]

    async def counts(self, realm_url: str) -> Counts:
        row = await self._db.read_one(self._sql["counts"], (realm_url,))
        return Counts(*row) if row else Counts(0, 0, 0, 0)


def _entry(row: Row) -> Entry:
    (
        realm_url,
        url,
        type,
        file_alias,
        pristine_doc,
        search_doc,
        types,
        display_names,
        icon_html,
        has_error,
        error_doc,
        diagnostics,
        *seen,
    ) = row
    resource = from_json(pristine_doc)
    return Entry(
        realm_url,
        url,
        type,
        file_alias,
        resource,
        restored(search_doc, resource),
        from_json(types) or [],
        from_json(display_names) or [],
        icon_html,
        bool(has_error),
        from_json(error_doc),
        from_json(diagnostics) or {},
        *seen,
    )


def _stored_query(row: Row) -> StoredQuery:
    realm_url, url, position, realms, query, types, ids_hash = row
    return StoredQuery(
        realm_url,
        url,
        position,
        from_json(realms),
        from_json(query),
        from_json(types),
        ids_hash,
    )


def _definitions(rows: Sequence[Row]) -> dict[str, Definition]:
    return {
        f"{module}/{name}": Definition.from_json(orjson.loads(text)) for module, name, text in rows
    }
