"""What must be served by an index is, on both databases, with many cards there."""

import re
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from tests.search.conftest import PEOPLE, World, person

from realmkit.config import Realm
from realmkit.db import Database
from realmkit.query.compile import CompiledQuery
from realmkit.query.dialects import DIALECTS
from realmkit.query.params import Statement
from realmkit.query.resolve import resolve
from realmkit.query.shapes import compile_shape

from ..support.people import DESCRIBED, PERSON

pytestmark = pytest.mark.anyio
CARDS = 3_000

# Each filter, and the index that lists what matches it on SQLite and on PostgreSQL.
# How SQLite calls what FTS5 is asked to match.
FULL_TEXT = "VIRTUAL TABLE INDEX 0:M"
VALUES = ("search_values_in_order", "search_values_in_order")
SHAPES: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"eq": {"name": "n7"}}, VALUES),
    ({"in": {"name": ["n7", "n8"]}}, VALUES),
    ({"range": {"age": {"gt": 2_990}}}, VALUES),
    ({"eq": {"tags": "t7"}}, VALUES),
    ({"eq": {"owner.name": "o7"}}, VALUES),
    ({"any": [{"eq": {"name": "n7"}}, {"eq": {"tags": "t7"}}]}, VALUES),
    ({"not": {"eq": {"tags": "t7"}}}, VALUES),
    ({"contains": {"name": "n299"}}, (FULL_TEXT, "search_values_by_trigram")),
    ({"matches": "n77"}, (FULL_TEXT, "search_words_by_word")),
]


async def compiled(world: World, body: dict[str, Any]) -> CompiledQuery:
    query = world.engine.parse(body)
    return await world.engine._compile(query, [PEOPLE], world.engine._definitions.for_request())


async def asked_twice(world: World, body: dict[str, Any]) -> Statement:
    """The statement for a query that two cards ask, each with its own values."""
    query = world.engine.parse(body)
    known = world.engine._definitions.for_request()
    asked = await known.compile(lambda definitions: resolve(query, definitions))
    catalog = await world.engine._catalogs.of(asked.paths, await known.generation())
    dialect = DIALECTS[world.db.dialect]
    shape, values = compile_shape(asked, [PEOPLE], catalog, dialect=dialect)
    return Statement(shape.sql, shape.params_for([values, values]))


async def plan(db: Database, statement: Statement) -> str:
    """How a statement is run, without what it is bound to."""
    if db.dialect == "sqlite":
        rows = await db.read(f"explain query plan {statement.sql}", statement.params)
        return "\n".join(row[3] for row in rows)
    rows = await db.read(f"explain (format json) {statement.sql}", statement.params)
    return orjson.dumps(rows[0][0]).decode()


def reads_all_values(how: str, dialect: str) -> bool:
    """Whether the whole table of values is looked through."""
    if dialect == "sqlite":
        return re.search(r"SCAN (search_values|v\d+)\b", how) is not None
    return (
        re.search(r'"Node Type":"Seq Scan"[^{}]*"Relation Name":"search_values"', how) is not None
    )


def sorts_everything(how: str, dialect: str) -> bool:
    """Whether a walk puts in order all that there is, and not only what is equal by its first
    key, or the few entries that it has come to."""
    if dialect == "sqlite":
        arm = how.partition("SCAN s1")[0]
        return "USE TEMP B-TREE FOR ORDER BY" in arm
    return _sorts(orjson.loads(how)[0]["Plan"])


def _sorts(node: dict[str, Any]) -> bool:
    inner = node.get("Plans", [])
    if node["Node Type"] == "Limit" and inner[0]["Node Type"] != "Sort":
        # What is read in order ends here; above are a page's entries.
        return any(map(_sorts, inner))
    return (node["Node Type"] == "Sort" and not _has_limit(node)) or any(map(_sorts, inner))


def _has_limit(node: dict[str, Any]) -> bool:
    # What is looked up for each row is limited as well, and limits no rows.
    inner = [one for one in node.get("Plans", []) if one["Parent Relationship"] != "Inner"]
    return node["Node Type"] == "Limit" or any(map(_has_limit, inner))


async def test_what_must_be_served_by_an_index_is(
    tmp_path: Path, db: Database, database_url: str
) -> None:
    world = World(db, [Realm(PEOPLE, tmp_path, "people")])
    await world.define(DESCRIBED)
    await world.put(
        *(
            person(
                f"p{number}",
                {
                    "name": f"n{number}",
                    "age": number,
                    "tags": [f"t{number % 100}"],
                    "owner": {"name": f"o{number % 100}"},
                },
            )
            for number in range(CARDS)
        )
    )
    if db.dialect == "postgres":
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("vacuum analyze")
    # As it looks where no index helps.
    by_element = Statement("SELECT 1 FROM search_values v1 WHERE v1.element = 'x'")
    assert reads_all_values(await plan(db, by_element), db.dialect)
    for filter, (on_sqlite, on_postgres) in SHAPES:
        wanted = on_sqlite if db.dialect == "sqlite" else on_postgres
        found = await compiled(world, {"filter": {"on": PERSON, **filter}, "page": {"size": 20}})
        few = found.few("i.url", "0")
        for statement in [found.count, *([few] if few else [])]:
            how = await plan(db, statement)
            assert wanted in how, (filter, how)
            assert not reads_all_values(how, db.dialect), (filter, how)
        if few:
            # What was listed is read by its number, and documents are read for the page alone.
            on_sqlite_listed = found.gather("i.url", "[1, 2, 3]")
            how = await plan(db, on_sqlite_listed if db.dialect == "sqlite" else few)
            on_sqlite, on_postgres = "e USING INTEGER PRIMARY KEY (rowid=?)", "search_entries_pkey"
            assert (on_sqlite if db.dialect == "sqlite" else on_postgres) in how, how
            assert ("i USING" if db.dialect == "sqlite" else '"entries_pkey"') in how, how

        # Too many to be listed are gathered by the same index, or walked in the page's order.
        how = await plan(db, found.gather("i.url"))
        # No index lists what does not match.
        assert wanted in how or "not" in filter, (filter, how)
        assert not reads_all_values(how, db.dialect) or "not" in filter, (filter, how)
        walk = found.walk("i.url", CARDS - 5)
        if walk is None:
            # A rank has to be worked out before anything comes first.
            assert "matches" in filter
            continue
        how = await plan(db, walk)
        assert "search_entries_by_id" in how, (filter, how)
        assert not sorts_everything(how, db.dialect), how

    # A page of many is walked in its order, and nothing is sorted but what is equal.
    body = {"filter": {"on": PERSON, "range": {"age": {"gte": 5}}}, "page": {"size": 20}}
    found = await compiled(world, body | {"sort": [{"by": "age", "direction": "desc"}]})
    walk = found.walk("i.url", CARDS - 5)
    assert walk is not None
    how = await plan(db, walk)
    assert "search_values_in_order" in how
    assert not sorts_everything(how, db.dialect), how
    assert sorts_everything(await plan(db, found.gather("i.url")), db.dialect)
    by_id = (await compiled(world, {"filter": {"type": PERSON}, "page": {"size": 20}})).walk(
        "i.url", CARDS
    )
    assert by_id is not None
    how = await plan(db, by_id)
    assert "search_entries_by_id" in how
    assert not sorts_everything(how, db.dialect), how

    # A match's value is looked up once, whatever the order goes by of it.
    body = {"filter": {"on": PERSON, "eq": {"tags": "t7"}}, "page": {"size": 20}}
    found = await compiled(world, body | {"sort": [{"by": "age", "on": PERSON}]})
    few = found.few("i.url", "0")
    assert few is not None
    if db.dialect == "postgres":
        how = await plan(db, few)
        assert how.count('"search_values_of_entry"') == 1, how
        assert not reads_all_values(how, db.dialect), how

    # What many cards ask is sought for each of them.
    body = {"filter": {"on": PERSON, "eq": {"name": "n7"}}, "page": {"size": 20}}
    how = await plan(db, await asked_twice(world, body))
    assert ("text=?" if db.dialect == "sqlite" else "(text = asked.v1)") in how
