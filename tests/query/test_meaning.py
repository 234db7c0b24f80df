"""A query means the same to every database as it does in plain Python."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import orjson
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import realmkit.db
from realmkit.cards.code_refs import ModuleNames
from realmkit.db import Dialect
from realmkit.query import parse_query
from realmkit.query.compile import compile_query, compile_shape
from realmkit.query.dialects import DIALECTS
from realmkit.query.sqlite import register_functions

from ..support.people import DEFINITIONS, REALM, Card, card_lists, queries
from ..support.postgres import PostgresServer
from ..support.reference_search import answer

NAMES = ModuleNames("http://h")
MIGRATIONS = Path(realmkit.db.__file__).parent / "migrations"

Run = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]


class Index:
    """An index of cards in one kind of database, asked as the search engine asks it."""

    def __init__(self, dialect: Dialect, run: Run) -> None:
        self.dialect = DIALECTS[dialect]
        self.run = run

    def put(self, cards: Sequence[Card]) -> None:
        for card in cards:
            url = f"{card.id}.json"
            self.run(
                "insert into entries (realm_url, url, type, file_alias, search_doc, indexed_at,"
                " generation) values ($1, $2, 'instance', $3, $4, 0, 1)",
                (REALM, url, card.id, orjson.dumps(card.doc).decode()),
            )
            for position, key in enumerate(card.types):
                self.run(
                    "insert into index_types values ($1, $2, 'instance', $3, $4)",
                    (REALM, url, key, position),
                )

    def search(self, body: dict[str, Any]) -> tuple[list[str], int]:
        compiled = compile_query(
            parse_query(body, names=NAMES), [REALM], DEFINITIONS, dialect=self.dialect
        )
        page = self.run(compiled.page_sql("i.file_alias"), compiled.params)
        total = self.run(compiled.count_sql, compiled.count_params)
        return [row[0] for row in page], total[0][0]

    def search_by_shape(self, body: dict[str, Any]) -> list[list[str]]:
        """The answers of one statement to the same query asked twice."""
        shape, values = compile_shape(
            parse_query(body, names=NAMES), [REALM], DEFINITIONS, dialect=self.dialect
        )
        found: list[list[str]] = [[], []]
        for number, url, _ in self.run(shape.sql, shape.params_for([values, values])):
            found[number].append(url.removesuffix(".json"))
        return found


def sqlite_index() -> Index:
    connection = apsw.Connection(":memory:")
    connection.execute((MIGRATIONS / "0004_index.sqlite.sql").read_text())
    register_functions(connection)

    def run(sql: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
        bindings: dict[str, Any] = {str(number): value for number, value in enumerate(params, 1)}
        return connection.execute(sql, bindings).fetchall()

    return Index("sqlite", run)


@pytest.fixture(scope="module")
def postgres_connection(postgres: PostgresServer) -> Iterator[psycopg.Connection]:
    url = postgres.new_empty_database()
    with psycopg.connect(url, cursor_factory=psycopg.RawCursor) as connection:
        for name in ("0004_index", "0005_search"):
            connection.execute((MIGRATIONS / f"{name}.postgres.sql").read_text().encode())
        connection.commit()
        yield connection
    postgres.drop(url)


def postgres_index(connection: psycopg.Connection) -> Index:
    def run(sql: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
        cursor = connection.execute(sql.encode(), params)
        return cursor.fetchall() if cursor.description else []

    connection.rollback()
    return Index("postgres", run)


def check(index: Index, cards: list[Card], bodies: list[dict[str, Any]]) -> None:
    index.put(cards)
    for body in bodies:
        ids, total = answer(body, cards)
        assert index.search(body) == (ids, total)
        assert index.search_by_shape(body) == [ids, ids]


worlds = given(card_lists(), st.lists(queries(), min_size=1, max_size=4))


@settings(max_examples=400)
@worlds
def test_sqlite_answers_as_the_reference(cards: list[Card], bodies: list[dict[str, Any]]) -> None:
    check(sqlite_index(), cards, bodies)


@settings(max_examples=200)
@worlds
def test_postgres_answers_as_the_reference(
    postgres_connection: psycopg.Connection, cards: list[Card], bodies: list[dict[str, Any]]
) -> None:
    check(postgres_index(postgres_connection), cards, bodies)
