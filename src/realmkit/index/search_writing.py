"""Keeping the rows that searches read in step with the entries, commit by commit.

An entry's search doc becomes rows of values, words and trigrams; entries that are alike
stand on one shelf. A card that breaks moves to another shelf with everything it had, and
back when it is mended. However many entries a commit has, the statements are as many.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import orjson

from realmkit.cards.code_refs import ModuleNames
from realmkit.db import Dialect, Transaction, load_sql
from realmkit.index.artefacts import Batch, NewEntry
from realmkit.index.before import Before, Key, Likeness, Place
from realmkit.index.json_text import to_json
from realmkit.index.names import alias_of
from realmkit.query.search_rows import Kind, SearchRow, fold, search_rows, trigram_tokens
from realmkit.query.shelves import Health
from realmkit.query.words import EntryWords, entry_words

GAP = "·"
"""Stands in a place that no word has: a letter to FTS5, and never one of ours."""

MOST_PATHS_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry that is put anew, with what its search doc holds."""

    entry: NewEntry
    rows: Sequence[SearchRow]
    words: EntryWords

    @property
    def likeness(self) -> Likeness:
        types = orjson.dumps(list(self.entry.types)).decode()
        if self.entry.error is None:
            return self.entry.type, types, Health.WELL
        has_document = self.entry.pristine_doc is not None
        return self.entry.type, types, Health.BROKEN if has_document else Health.EMPTY


class SearchWriter:
    """Writes the search rows of commits, inside their transactions."""

    def __init__(self, dialect: Dialect, names: ModuleNames) -> None:
        self._sql = load_sql(__package__ or "", "search_rows.sql", dialect)
        self._names = names
        # Paths keep their numbers for good, in every realm.
        self._known_paths: dict[str, int] = {}

    async def write(self, tx: Transaction, batch: Batch, known: Mapping[Key, Before]) -> None:
        """Make searches find what `batch` holds. Entries that failed and were good before
        keep their rows and count as broken; `known` is what the index has of the batch's URLs."""
        entries = {(entry.url, entry.type): entry for entry in batch.entries}
        before = {key: each.place for key, each in known.items() if each.place}
        # What was removed has nothing good left to keep.
        gone = set(batch.removed)
        broken = {
            key: entry
            for key, entry in entries.items()
            if entry.error is not None
            and entry.url not in gone
            and key in known
            and known[key].was_good
        }
        # On a thread: thousands of texts become words.
        read = await asyncio.to_thread(
            _read, [entry for key, entry in entries.items() if key not in broken]
        )
        if not read and not before:
            return
        shelves = _Shelves(tx, self._sql, batch.realm_url, before.values())
        await self._clear(tx, shelves, {k: v for k, v in before.items() if k not in broken}, read)
        await self._put(tx, shelves, batch.realm_url, read)
        await self._move(
            tx, shelves, [(before[key], broken[key]) for key in broken if key in before]
        )
        await shelves.resize()

    async def _clear(
        self,
        tx: Transaction,
        shelves: _Shelves,
        before: Mapping[Key, Place],
        read: Mapping[Key, _Read],
    ) -> None:
        """Forget the rows of entries that are put anew, and all of those that are gone."""
        if not before:
            return
        for found in before.values():
            shelves.sizes[found.shelf_id] -= 1
        ids = to_json([found.entry_id for found in before.values()])
        await tx.execute(self._sql["clear_values"], (ids,))
        gone = [found.entry_id for key, found in before.items() if key not in read]
        if not gone:
            return
        # Words and trigrams are one row of an entry, which is replaced when it is put anew.
        for name in ("clear_words", "clear_trigrams", "remove_entries"):
            if name in self._sql:
                await tx.execute(self._sql[name], (to_json(gone),))

    async def _put(
        self, tx: Transaction, shelves: _Shelves, realm_url: str, read: Mapping[Key, _Read]
    ) -> None:
        if not read:
            return
        shelf_of = {key: await shelves.shelf(one.likeness) for key, one in read.items()}
        for shelf in shelf_of.values():
            shelves.sizes[shelf] += 1
        heads = [
            (
                *key,
                shelf_of[key],
                alias_of(key[0], self._names),
                one.entry.last_modified,
                one.entry.resource_created_at,
                f" {' '.join(one.words.title)} " if one.words.title else "",
            )
            for key, one in read.items()
        ]
        ids: dict[Key, int] = {
            (url, type): entry_id
            for entry_id, url, type in await tx.fetch(
                self._sql["put_entries"], (realm_url, to_json(heads))
            )
        }
        path_ids = await self._path_ids(tx, {row.path for one in read.values() for row in one.rows})
        placed = [(ids[key], shelf_of[key], one) for key, one in read.items()]
        written = await asyncio.to_thread(_Written.of, placed, path_ids, self._is_sqlite)
        for name, rows in written.by_statement:
            await tx.execute(self._sql[name], (rows,))

    @property
    def _is_sqlite(self) -> bool:
        return "put_trigrams" in self._sql

    async def _path_ids(self, tx: Transaction, paths: set[str]) -> dict[str, int]:
        unknown = paths - self._known_paths.keys()
        found = {path: self._known_paths[path] for path in paths - unknown}
        if not unknown:
            return found
        wanted = to_json(sorted(unknown))
        rows = await tx.fetch(self._sql["path_ids"], (wanted,))
        # Only what was there before: a path that is put may be undone by a savepoint, and
        # another be given its number. What this commit put in earlier is good once it is one.
        tx.on_commit(partial(self._remember, dict[str, int](rows)))
        missing = unknown - {path for path, _ in rows}
        if missing:
            await tx.execute(self._sql["put_paths"], (to_json(sorted(missing)),))
            rows = await tx.fetch(self._sql["path_ids"], (wanted,))
        return found | dict[str, int](rows)

    def _remember(self, path_ids: Mapping[str, int]) -> None:
        if len(self._known_paths) + len(path_ids) > MOST_PATHS_KNOWN:
            self._known_paths.clear()
        self._known_paths.update(path_ids)

    async def _move(
        self, tx: Transaction, shelves: _Shelves, broken: Sequence[tuple[Place, NewEntry]]
    ) -> None:
        """Put entries that broke on the shelf of the broken ones like them."""
        moves: list[tuple[int, int, int | None]] = []
        for found, entry in broken:
            shelf = await shelves.broken_like(found.shelf_id)
            moves.append((found.entry_id, shelf, entry.last_modified))
            shelves.sizes[found.shelf_id] -= 1
            shelves.sizes[shelf] += 1
        if not moves:
            return
        for name in ("move_entries", "move_values", "move_words"):
            if name in self._sql:
                await tx.execute(self._sql[name], (to_json(moves),))


class _Shelves:
    """The shelves of one realm during one commit, and how their sizes change."""

    def __init__(
        self, tx: Transaction, sql: Mapping[str, str], realm_url: str, found: Iterable[Place]
    ) -> None:
        self._tx = tx
        self._sql = sql
        self._realm_url = realm_url
        # Most entries stay where they are; the other shelves are read when one is looked for.
        self._ids: dict[Likeness, int] = {each.likeness: each.shelf_id for each in found}
        self._are_all_known = False
        self.sizes = Counter[int]()

    async def _know_all(self) -> None:
        rows = await self._tx.fetch(self._sql["shelves_of_realm"], (self._realm_url,))
        self._ids = {(type, types, health): shelf for shelf, type, types, health in rows}
        self._are_all_known = True

    async def shelf(self, likeness: Likeness) -> int:
        if likeness not in self._ids and not self._are_all_known:
            await self._know_all()
        if likeness not in self._ids:
            row = await self._tx.fetch_one(self._sql["put_shelf"], (self._realm_url, *likeness))
            assert row is not None
            self._ids[likeness] = row[0]
        return self._ids[likeness]

    async def broken_like(self, shelf_id: int) -> int:
        type, types, _ = next(one for one, shelf in self._ids.items() if shelf == shelf_id)
        return await self.shelf((type, types, Health.BROKEN))

    async def resize(self) -> None:
        changes = [(shelf, change) for shelf, change in sorted(self.sizes.items()) if change]
        await self._tx.execute_many(self._sql["resize_shelf"], changes)


@dataclass(frozen=True, slots=True)
class _Written:
    """What the put statements are given: JSON arrays, by the name of the statement."""

    by_statement: list[tuple[str, str]]

    @staticmethod
    def of(
        placed: Sequence[tuple[int, int, _Read]], path_ids: Mapping[str, int], is_sqlite: bool
    ) -> _Written:
        values = [
            (
                entry_id,
                path_ids[row.path],
                row.element,
                int(row.kind),
                shelf_id,
                row.number,
                row.text,
                row.folded,
            )
            for entry_id, shelf_id, one in placed
            for row in one.rows
        ]
        words: list[tuple[Any, ...]] = [
            (entry_id, shelf_id, *(_in_fts5(one.words) if is_sqlite else _in_tsvector(one.words)))
            for entry_id, shelf_id, one in placed
        ]
        by_statement = [("put_values", values), ("put_words", words)]
        if is_sqlite:
            tokens = [(entry_id, _trigrams(one.rows, path_ids)) for entry_id, _, one in placed]
            by_statement.append(("put_trigrams", tokens))
        return _Written([(name, orjson.dumps(rows).decode()) for name, rows in by_statement])


def _read(entries: Iterable[NewEntry]) -> dict[tuple[str, str], _Read]:
    """The entries that stand on shelves: cards and files."""
    read: dict[tuple[str, str], _Read] = {}
    for entry in entries:
        if entry.type == "module":
            continue
        # As the entry keeps it: without what neither database can store.
        doc = cast("dict[str, object]", orjson.loads(to_json(entry.search_doc or {}) or "{}"))
        read[entry.url, entry.type] = _Read(entry, list(search_rows(doc)), entry_words(doc))
    return read


def _in_fts5(words: EntryWords) -> tuple[str, str]:
    """Texts that FTS5 takes apart into exactly these words."""
    length = max((places[-1] for places in words.places.values()), default=0)
    in_places = [GAP] * length
    for stem, places in words.places.items():
        for place in places:
            in_places[place - 1] = stem
    return " ".join(in_places), " ".join(sorted(words.words))


def _in_tsvector(words: EntryWords) -> tuple[str]:
    # Words are letters and digits; nothing in them needs to be escaped.
    stems = (f"'{stem}':{','.join(map(str, places))}" for stem, places in words.places.items())
    return (" ".join([*stems, *(f"'={word}'" for word in sorted(words.words))]),)


def _trigrams(rows: Iterable[SearchRow], path_ids: Mapping[str, int]) -> str:
    tokens: set[str] = set()
    for row in rows:
        if row.kind is Kind.TEXT:
            tokens |= trigram_tokens(path_ids[row.path], row.folded or fold(row.text or ""))
    return " ".join(sorted(tokens))
