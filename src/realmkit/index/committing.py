"""One transaction in which a realm's index becomes another.

`IndexStore.committing` opens it and raises the realm's generation. Whoever holds it
adds what visits left, in as many portions as it likes, and says what pages are to be
told. Readers see none of it until the block ends, and then all of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.definitions import Definition
from realmkit.changes import ChangeLog
from realmkit.db import Transaction
from realmkit.index.artefacts import Batch, NewAnnouncement, NewEntry
from realmkit.index.before import read_before, touched_types
from realmkit.index.json_text import to_json
from realmkit.index.names import name_of
from realmkit.index.refusals import bare, is_about_content, refused
from realmkit.index.rows import statements_of
from realmkit.index.search_writing import SearchWriter

log = logging.getLogger(__name__)

Definitions = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Commit:
    """An open commit of one realm. `tx` is for rows that belong with it."""

    def __init__(
        self,
        tx: Transaction,
        realm_url: str,
        generation: int,
        *,
        now_ms: int,
        names: ModuleNames,
        sql: Mapping[str, str],
        changes: ChangeLog,
        searches: SearchWriter,
        is_careful: bool,
    ) -> None:
        self.tx = tx
        self.realm_url = realm_url
        self.generation = generation
        self.announced: list[int] = []
        self.touched: set[str] = set()
        """The type keys of what was added or removed, as it was and as it is: searches for
        other types answer as before."""
        self._now_ms = now_ms
        self._names = names
        self._sql = sql
        self._changes = changes
        self._searches = searches
        self._is_careful = is_careful

    async def add(
        self,
        entries: Sequence[NewEntry],
        removed: Iterable[str] = (),
        definitions: Definitions | None = None,
    ) -> None:
        """Entries replace what was known of their URL and type; see `NewEntry` for errors.

        What the database does not take becomes an error of the file it is of; in a commit
        that is not careful it is raised instead, and undoes the commit.
        """
        batch = Batch(self.realm_url, entries, list(removed), definitions or {})
        if not self._is_careful:
            await self._add(batch)
            return
        problem = await self._attempt(batch)
        if problem is not None:
            log.warning("A commit of %s is made file by file: %s", self.realm_url, problem)
            await self._add_one_by_one(batch)

    async def _attempt(self, batch: Batch) -> Exception | None:
        """Add a batch, or nothing of it; returns what is wrong with it."""
        try:
            async with self.tx.savepoint():
                await self._add(batch)
        except Exception as exc:
            if not is_about_content(exc):
                raise
            return exc
        return None

    async def _add_one_by_one(self, batch: Batch) -> None:
        await self._add(Batch(self.realm_url, removed=batch.removed))
        unclaimed = dict(batch.definitions)
        for entry in batch.entries:
            module = name_of(entry.url, "module", self._names) if entry.type == "module" else ""
            own = {module: unclaimed.pop(module)} if module in unclaimed else {}
            problem = await self._attempt(Batch(self.realm_url, [entry], definitions=own))
            if problem is None:
                continue
            failed = refused(entry, problem)
            for error in (failed, bare(failed)):
                if await self._attempt(Batch(self.realm_url, [error])) is None:
                    break
            else:
                log.error("%s has no place in the index.", entry.url, exc_info=problem)
        for module, definitions in unclaimed.items():
            await self._attempt(Batch(self.realm_url, definitions={module: definitions}))

    async def _add(self, batch: Batch) -> None:
        urls = [*batch.removed, *(entry.url for entry in batch.entries)]
        before = await read_before(self.tx, self._sql, self.realm_url, urls)
        self.touched |= touched_types(before, batch.entries)
        # On a thread: turning hundreds of documents into JSON would hold up the loop.
        statements = await asyncio.to_thread(
            statements_of,
            batch,
            before=before,
            generation=self.generation,
            now_ms=self._now_ms,
            names=self._names,
            own_keys=await self._own_keys(batch),
        )
        await self.tx.execute_all(statements)
        await self._searches.write(self.tx, batch, before)

    async def _own_keys(self, batch: Batch) -> dict[str, str]:
        """Of the type keys that searches of the batch name, what the definitions are called that
        a module only passes on: their instances have those."""
        targets = {
            target
            for entry in batch.entries
            for query in entry.queries
            for target in query.target_types
        }
        if not targets:
            return {}
        pairs = [target.rpartition("/")[::2] for target in sorted(targets)]
        rows = await self.tx.fetch(self._sql["own_names"], (to_json(pairs),))
        own_keys = {f"{module}/{name}": f"{own[0]}/{own[1]}" for module, name, *own in rows}
        for module, name in pairs:
            if definition := batch.definitions.get(module, {}).get(name):
                own_keys[f"{module}/{name}"] = Definition.from_json(definition).type_key
        return own_keys

    async def announce(self, announcements: Sequence[NewAnnouncement]) -> None:
        """Tell pages, under seqs of the change log that `announced` then holds."""
        if not announcements:
            return
        first = await self._changes.take_seqs(self.tx, self.realm_url, len(announcements))
        await self.tx.execute_many(
            self._sql["announce"],
            [
                (
                    self.realm_url,
                    seq,
                    announcement.index_type,
                    to_json(list(announcement.invalidations)),
                    announcement.client_request_id,
                    self.generation,
                    self._now_ms,
                )
                for seq, announcement in enumerate(announcements, first)
            ],
        )
        self.announced += range(first, first + len(announcements))
