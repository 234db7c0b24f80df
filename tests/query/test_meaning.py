"""A query means the same to SQLite as it does in plain Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import realmkit.db
from realmkit.cards.code_refs import ModuleNames
from realmkit.query import parse_query
from realmkit.query.compile import compile_query, compile_shape
from realmkit.query.sqlite import register_functions

from ..support.people import DEFINITIONS, REALM, Card, card_lists, queries
from ..support.reference_search import answer

NAMES = ModuleNames("http://h")
SCHEMA = Path(realmkit.db.__file__).parent / "migrations" / "0004_index.sqlite.sql"


def index_of(cards: Sequence[Card]) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute(SCHEMA.read_text())
    register_functions(connection)
    for card in cards:
        url = f"{card.id}.json"
        connection.execute(
            "insert into entries (realm_url, url, type, file_alias, search_doc, indexed_at,"
            " generation) values (?, ?, 'instance', ?, ?, 0, 1)",
            (REALM, url, card.id, orjson.dumps(card.doc).decode()),
        )
        connection.executemany(
            "insert into index_types values (?, ?, 'instance', ?, ?)",
            [(REALM, url, key, position) for position, key in enumerate(card.types)],
        )
    return connection


def search(connection: apsw.Connection, body: dict[str, Any]) -> tuple[list[str], int]:
    compiled = compile_query(parse_query(body, names=NAMES), [REALM], DEFINITIONS)
    page = connection.execute(compiled.page_sql("i.file_alias"), _bind(compiled.params))
    ids = [row[0] for row in page]
    total = connection.execute(compiled.count_sql, _bind(compiled.count_params)).get
    return ids, total


def search_by_shape(connection: apsw.Connection, body: dict[str, Any]) -> list[list[str]]:
    """The answers of one statement to the same query asked twice."""
    shape, values = compile_shape(parse_query(body, names=NAMES), [REALM], DEFINITIONS)
    found: list[list[str]] = [[], []]
    for number, url, _ in connection.execute(shape.sql, _bind(shape.params_for([values, values]))):
        found[number].append(url.removesuffix(".json"))
    return found


def _bind(params: Sequence[object]) -> dict[str, Any]:
    return {str(number): value for number, value in enumerate(params, 1)}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(card_lists(), st.lists(queries(), min_size=1, max_size=4))
def test_ids_order_and_total_are_those_of_the_reference(
    cards: list[Card], bodies: list[dict[str, Any]]
) -> None:
    connection = index_of(cards)
    for body in bodies:
        ids, total = answer(body, cards)
        assert search(connection, body) == (ids, total)
        assert search_by_shape(connection, body) == [ids, ids]
