"""A query asked of both databases and of the reference: they mean the same, or a test fails.

Every query is asked of two realms, of both at once, and turned around: six cases.
"""

import asyncio
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import apsw
import orjson
import psycopg

from realmkit.cards.code_refs import ModuleNames
from realmkit.changes import ChangeLog
from realmkit.db import Database, open_database
from realmkit.db.sqlite import bind
from realmkit.index import Batch, IndexStore, NewEntry
from realmkit.query import parse_query
from realmkit.query.compile import CompiledQuery, compile_query
from realmkit.query.conditions import TRUE
from realmkit.query.dialects import DIALECTS
from realmkit.query.params import Statement
from realmkit.query.resolve import Asked, resolve
from realmkit.query.shapes import compile_shape
from realmkit.query.shelves import Catalog
from realmkit.search.catalog import Catalogs
from realmkit.search.found import GENERATION

from .people import DEFINITIONS
from .postgres import PostgresServer
from .reference_search import Entry, answer, with_sort_value
from .searches import Card

NAMES = ModuleNames("http://h")
QUERIES_AT_ONCE = 12
CASES_OF_QUERY = 6
CASES = int(os.environ.get("REALMKIT_QUERY_CASES", "20400"))
EXAMPLES = -(-CASES // (2 * QUERIES_AT_ONCE * CASES_OF_QUERY))
"""For each of two tests, rounded up."""
_worlds = count(1)
ReadAll = Callable[[Sequence[Statement]], list[list[tuple[Any, ...]]]]

Check = tuple[Statement, Callable[[list[tuple[Any, ...]]], None]]
"""A statement, and what looks at its rows."""


def known_total(compiled: CompiledQuery) -> int | None:
    """How many entries match, where the statements look at none."""
    if all(group.condition == TRUE for group in compiled.groups):
        return sum(group.size for group in compiled.groups)
    return None


@dataclass(frozen=True)
class Case:
    """A query over some realms, and the reference's answer."""

    body: dict[str, Any]
    asked: Asked
    realm_urls: Sequence[str]
    ids: list[str]
    total: int
    with_sort_value: int
    """How many matches have a value for the first sort key."""

    @property
    def with_errors(self) -> bool:
        return "html" in self.body

    def has_total(self, rows: list[tuple[Any, ...]]) -> None:
        assert rows[0][0] == self.total, self.body

    def has_few(self, rows: list[tuple[Any, ...]]) -> None:
        """The total, and the page of matches that are few enough to be listed."""
        assert {total for total, *_ in rows} == {self.total}, self.body
        _, is_few, found, _ = rows[0]
        if not is_few:
            assert (len(rows), found) == (1, None), self.body
        elif isinstance(found, str) and found.startswith("["):
            assert len(set(orjson.loads(found))) == self.total, self.body
        else:
            self.has_ids([(url,) for _, _, url, _ in rows if url is not None])

    def has_ids(self, rows: list[tuple[Any, ...]]) -> None:
        assert [url.removesuffix(".json") for (url,) in rows] == self.ids, self.body

    def has_walked(self, rows: list[tuple[Any, ...]]) -> None:
        """A walk passes over entries that have no value to be sorted by, which come last."""
        page = self.asked.page
        reached = max(self.with_sort_value - page.number * (page.size or 0), 0)
        assert [url.removesuffix(".json") for (url,) in rows] == self.ids[:reached], self.body

    def has_ids_twice(self, rows: list[tuple[Any, ...]]) -> None:
        for each in (0, 1):
            self.has_ids([(url,) for number, url, *_ in rows if number == each])


class Index:
    """An index in one database, asked as the search engine asks it, in both of its ways."""

    def __init__(self, db: Database, runner: asyncio.Runner, read: ReadAll) -> None:
        self._dialect = DIALECTS[db.dialect]
        self._run = runner.run
        self._read = read
        self._index = IndexStore(db, ChangeLog(db), public_url="http://h")
        self._catalogs = Catalogs(db)

    def put(self, realm_url: str, entries: Sequence[Entry]) -> None:
        new = [
            NewEntry(
                entry.id if entry.is_file else f"{entry.id}.json",
                "file" if entry.is_file else "instance",
                pristine_doc=None if entry.health == "empty" else {},
                search_doc=None if entry.health == "empty" else entry.doc,
                types=entry.types,
                error=None if entry.health == "well" else {"status": "500", "title": "It Broke"},
                last_modified=entry.last_modified,
                resource_created_at=entry.created_at,
            )
            for entry in entries
        ]
        self._run(self._index.commit(Batch(realm_url, new)))

    def check(self, cases: Sequence[Case]) -> None:
        """Compare what the database answers with what the reference does."""
        [(generation,)] = self._read([Statement(f"SELECT {GENERATION}")])[0]
        paths = frozenset(path for case in cases for path in case.asked.paths)
        catalog = self._run(self._catalogs.of(paths, generation))
        checks = [check for case in cases for check in self._checks(case, catalog)]
        found = self._read([statement for statement, _ in checks])
        for (_, look), rows in zip(checks, found, strict=True):
            look(rows)

    def _checks(self, case: Case, catalog: Catalog) -> Iterator[Check]:
        compiled = compile_query(
            case.asked,
            case.realm_urls,
            catalog,
            dialect=self._dialect,
            with_errors=case.with_errors,
        )
        few = compiled.few("i.url", "0") if len(case.realm_urls) > 1 else None
        if (total := known_total(compiled)) is not None:
            assert total == case.total
        elif few is not None:
            yield few, case.has_few
        else:
            yield compiled.count, case.has_total
        yield compiled.gather("i.url"), case.has_ids
        if len(case.realm_urls) == 1:
            return
        walk = compiled.walk("i.url", case.total)
        if walk is not None:
            yield walk, case.has_walked
        if case.with_errors:
            # Query-backed fields find no broken cards.
            return
        shape, values = compile_shape(case.asked, case.realm_urls, catalog, dialect=self._dialect)
        yield Statement(shape.sql, shape.params_for([values, values])), case.has_ids_twice


@contextmanager
def indexes(path: Path, postgres: PostgresServer) -> Generator[list[Index]]:
    """One in a file of SQLite's, one in PostgreSQL, which gets its statements in one go."""
    with asyncio.Runner() as runner:
        url = runner.run(postgres.new_database())
        databases = [runner.run(open_database(path)), runner.run(open_database(url))]
        reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        with psycopg.connect(url, cursor_factory=psycopg.RawCursor, autocommit=True) as peer:

            def from_sqlite(statements: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
                return [
                    reader.execute(each.sql, bind(each.params)).fetchall() for each in statements
                ]

            def from_postgres(statements: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
                with peer.pipeline():
                    cursors = [peer.execute(each.sql.encode(), each.params) for each in statements]
                    return [cursor.fetchall() for cursor in cursors]

            readers = [from_sqlite, from_postgres]
            yield [Index(db, runner, read) for db, read in zip(databases, readers, strict=True)]
        reader.close()
        for db in databases:
            runner.run(db.close())
        postgres.drop(url)


def compare_everywhere(
    both: Sequence[Index],
    here: Sequence[Card],
    there: Sequence[Card],
    bodies: Sequence[dict[str, Any]],
) -> None:
    """Put two realms into each index, and compare what it answers with the reference."""
    world = next(_worlds)
    placed = {f"http://h/{world}{name}/": cards for name, cards in (("a", here), ("b", there))}
    entries = {url: entries_of(cards, url) for url, cards in placed.items()}
    turned = [body | {"filter": {"not": body["filter"]}} for body in bodies]
    cases = list(_cases_of([*bodies, *turned], entries))
    for index in both:
        for url, of_realm in entries.items():
            index.put(url, of_realm)
        index.check(cases)


def _cases_of(bodies: Sequence[dict[str, Any]], entries: dict[str, list[Entry]]) -> Iterator[Case]:
    everywhere = [entry for of_realm in entries.values() for entry in of_realm]
    places = [
        *(([url], of_realm) for url, of_realm in entries.items()),
        (list(entries), everywhere),
    ]
    for body in bodies:
        asked = resolve(parse_query(body, names=NAMES), DEFINITIONS)
        for realm_urls, among in places:
            yield Case(body, asked, realm_urls, *answer(body, among), with_sort_value(body, among))


def entries_of(cards: Sequence[Card], realm_url: str) -> list[Entry]:
    """The cards in a realm's index."""
    return [_entry_of(card, realm_url) for card in cards]


def _entry_of(card: Card, realm_url: str) -> Entry:
    id = f"{realm_url}{card.name}{'.md' if card.is_file else ''}"
    return Entry(
        id,
        card.doc | {"id": id},
        card.types,
        card.last_modified,
        card.created_at,
        card.is_file,
        card.health,
    )
