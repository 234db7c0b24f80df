"""What is asked and the SQL it becomes on either database, side by side."""

from typing import Any

import pytest

from realmkit.cards.code_refs import ModuleNames
from realmkit.db import Dialect
from realmkit.query import parse_query
from realmkit.query.compile import CompiledQuery, compile_query
from realmkit.query.dialects import DIALECTS
from realmkit.query.resolve import Asked, resolve
from realmkit.query.search_rows import trigram_tokens
from realmkit.query.shapes import compile_shape
from realmkit.query.shelves import Catalog, Health, Shelf

from ..support.meaning import known_total
from ..support.people import CARD_DEF, DEFINITIONS, EMPLOYEE, PERSON, PLANET, REALM, type_key

CHAINS = [[PERSON, CARD_DEF], [EMPLOYEE, PERSON, CARD_DEF], [PLANET, CARD_DEF]]
SHELVES = tuple(
    Shelf(number, REALM, "instance", tuple(map(type_key, chain)), Health.WELL, 1_000)
    for number, chain in enumerate(CHAINS, 1)
)
# Every path has the number that stands here.
PATHS = {"name": 7, "tags[]": 8, "age": 9, "visits[]": 5, "visits[].place": 6, "isGood": 4}

NAME = "v1.path_id = 7 AND v1.shelf_id IN (1, 2)"
TEXT = "v1.kind = 3 AND v1.number IS NULL"


def asked(body: dict[str, Any]) -> Asked:
    return resolve(parse_query(body, names=ModuleNames("http://h")), DEFINITIONS)


def compiled(body: dict[str, Any], dialect: Dialect = "sqlite") -> CompiledQuery:
    return compile_query(asked(body), [REALM], Catalog(SHELVES, PATHS), dialect=DIALECTS[dialect])


# Each filter of people, how many match it on SQLite and on PostgreSQL, and what is bound.
COUNTS: list[tuple[dict[str, Any], str, str, list[object]]] = [
    (
        {"eq": {"name": "Ann"}},
        f"(SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1"
        f" WHERE {NAME} AND {TEXT} AND v1.text = $1) AS found)",
        f"(SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1"
        f" WHERE {NAME} AND {TEXT} AND v1.text = $1::text) AS found)",
        ["Ann"],
    ),
    (
        {"range": {"age": {"gte": 2, "lt": 9}}},
        "(SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1 WHERE v1.path_id = 9"
        " AND v1.shelf_id IN (1, 2) AND v1.kind = 4 AND v1.number >= $1 AND v1.number < $2)"
        " AS found)",
        "(SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1 WHERE v1.path_id = 9"
        " AND v1.shelf_id IN (1, 2) AND v1.kind = 4 AND v1.number >= realmkit_number($1::float8)"
        " AND v1.number < realmkit_number($2::float8)) AS found)",
        [2.0, 9.0],
    ),
    (
        {"range": {"age": {"gt": str(2**53 + 1)}}},
        "(SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1 WHERE v1.path_id = 9"
        " AND v1.shelf_id IN (1, 2) AND v1.kind = 4 AND (v1.number, v1.text) > ($1, $2))"
        " AS found)",
        "(SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1 WHERE v1.path_id = 9"
        " AND v1.shelf_id IN (1, 2) AND v1.kind = 4"
        " AND (v1.number, v1.text) > (realmkit_number($1::float8), $2::text)) AS found)",
        [2.0**53, "0169007199254740993"],
    ),
    (
        {"in": {"name": ["Ann", "Bob"]}},
        f"(SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1"
        f" WHERE {NAME} AND {TEXT} AND v1.text IN (SELECT value FROM json_each($1))) AS found)",
        f"(SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1"
        f" WHERE {NAME} AND {TEXT} AND v1.text = ANY"
        f" (ARRAY(SELECT jsonb_array_elements_text($1::text::jsonb)))) AS found)",
        ['["Ann","Bob"]'],
    ),
    (
        {"eq": {"tags": "good"}},
        "(SELECT count(DISTINCT entry_id) FROM (SELECT v1.entry_id FROM search_values v1"
        f" WHERE v1.path_id = 8 AND v1.shelf_id IN (1, 2) AND {TEXT} AND v1.text = $1) AS found)",
        "(SELECT count(DISTINCT entry_id) FROM (SELECT v1.entry_id FROM search_values v1"
        f" WHERE v1.path_id = 8 AND v1.shelf_id IN (1, 2) AND {TEXT} AND v1.text = $1::text)"
        " AS found)",
        ["good"],
    ),
    (
        {"not": {"eq": {"isGood": True}}},
        "(2000 - (SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1"
        " WHERE v1.path_id = 4 AND v1.shelf_id IN (1, 2) AND v1.kind = 5 AND v1.number = $1)"
        " AS found))",
        "(2000 - (SELECT count(*) FROM (SELECT v1.entry_id FROM search_values v1"
        " WHERE v1.path_id = 4 AND v1.shelf_id IN (1, 2) AND v1.kind = 5"
        " AND v1.number = realmkit_number($1::float8)) AS found))",
        [1.0],
    ),
    (
        {"matches": 'roman "old road" -ru*'},
        "(SELECT count(*) FROM (SELECT s.entry_id FROM search_words w CROSS JOIN search_entries s"
        " WHERE w.search_words MATCH $1 AND s.entry_id = w.rowid AND s.shelf_id IN (1, 2))"
        " AS found)",
        "(SELECT count(*) FROM (SELECT w.entry_id FROM search_words w"
        " WHERE w.words @@ $1::text::tsquery AND w.shelf_id IN (1, 2)) AS found)",
        [
            '((stems : "roman" AND stems : "old road") NOT ("ru" *))',
            "((('roman') & ('old' <-> 'road')) & !(('ru':* | '=ru':*)))",
        ],
    ),
]


@pytest.mark.parametrize(("filter", "sqlite", "postgres", "params"), COUNTS)
def test_how_many_match_is_asked_like_this(
    filter: dict[str, Any], sqlite: str, postgres: str, params: list[object]
) -> None:
    body = {"filter": {"on": PERSON, **filter}}

    found = compiled(body).count
    assert found.sql == f"SELECT {sqlite}"
    assert list(found.params) == (params[:1] if "matches" in filter else params)

    found = compiled(body, "postgres").count
    assert found.sql == f"SELECT {postgres}"
    assert list(found.params) == (params[1:] if "matches" in filter else params)


@pytest.mark.parametrize(
    ("filter", "total"),
    [
        ({"every": []}, 2_000),
        ({"any": []}, 0),
        ({"in": {"name": []}}, 0),
        # No row has this path.
        ({"eq": {"owner.name": "Ann"}}, 0),
        ({"eq": {"owner.name": None}}, 2_000),
    ],
)
def test_what_no_row_can_decide_is_not_asked(filter: dict[str, Any], total: int) -> None:
    assert known_total(compiled({"filter": {"on": PERSON, **filter}})) == total


def test_texts_are_looked_for_by_their_trigrams_on_sqlite_and_by_a_pattern_on_postgres() -> None:
    body = {"filter": {"on": PERSON, "contains": {"name": "50%_É"}}}
    sqlite, postgres = compiled(body).count, compiled(body, "postgres").count

    assert "search_trigrams t CROSS JOIN search_values v1 WHERE t.search_trigrams MATCH $1" in (
        sqlite.sql
    )
    assert "instr(coalesce(v1.folded, lower(v1.text)), $2) > 0" in sqlite.sql
    tokens = " AND ".join(f'"{token}"' for token in sorted(trigram_tokens(7, "50%_é")))
    assert sqlite.params == (tokens, "50%_é")
    assert "coalesce(v1.folded, lower(v1.text)) LIKE $1::text" in postgres.sql
    assert postgres.params == ("%50\\%\\_é%",)


def test_types_are_settled_without_a_row() -> None:
    found = compiled({"filter": {"any": [{"type": PLANET}, {"not": {"type": EMPLOYEE}}]}})

    assert [group.shelf_ids for group in found.groups] == [(1, 3)]
    assert known_total(found) == 2_000


def test_a_condition_on_one_type_is_asked_of_its_shelves_only() -> None:
    filter = {"any": [{"on": EMPLOYEE, "eq": {"name": "Ann"}}, {"type": PLANET}]}
    found = compiled({"filter": filter})

    assert [group.shelf_ids for group in found.groups] == [(2,), (3,)]
    assert known_total(found) is None


def test_a_page_of_many_is_walked_shelf_by_shelf_in_its_order() -> None:
    body = {
        "filter": {"on": PERSON, "range": {"age": {"gte": 2}}},
        "sort": [{"by": "age", "direction": "desc"}],
        "page": {"size": 20},
    }
    walk = compiled(body).walk("i.url", 2_000)
    assert walk is not None

    arms = [
        f"SELECT * FROM (SELECT o.number AS k1, o.text AS k2, e.file_alias, e.type, e.url,"
        f" e.realm_url FROM search_values o CROSS JOIN search_entries e"
        f" ON e.entry_id = o.entry_id WHERE o.path_id = 9 AND o.shelf_id = {shelf}"
        f" AND o.kind = 4 AND o.kind = 4 AND o.number >= $2"
        f" ORDER BY o.number DESC, o.text DESC, e.file_alias, e.url LIMIT CAST($1 AS bigint)) AS s{shelf}"
        for shelf in (1, 2)
    ]
    assert walk.sql == (
        f"SELECT i.url FROM (SELECT * FROM ({' UNION ALL '.join(arms)}) AS found"
        " ORDER BY k1 DESC NULLS LAST, k2 DESC NULLS LAST, file_alias, type, url LIMIT CAST($1 AS bigint)) AS p"
        " CROSS JOIN entries i ON i.realm_url = p.realm_url AND i.url = p.url AND i.type = p.type"
        " ORDER BY p.k1 DESC NULLS LAST, p.k2 DESC NULLS LAST, p.file_alias, p.type, p.url"
    )
    assert walk.params == (20, 2.0)


def test_few_matches_are_listed_while_they_are_counted() -> None:
    body = {"filter": {"on": PERSON, "matches": "road"}, "page": {"size": 20}}
    sqlite = compiled(body).few("i.url", "7")
    postgres = compiled(body, "postgres").few("i.url", "7")
    assert sqlite is not None and postgres is not None

    words = (
        "SELECT s.entry_id FROM search_words w CROSS JOIN search_entries s WHERE"
        " w.search_words MATCH $2 AND s.entry_id = w.rowid AND s.shelf_id IN (1, 2)"
    )
    assert sqlite.sql == (
        f"WITH matching AS NOT MATERIALIZED (SELECT entry_id FROM ({words}) AS g),"
        f" counted AS MATERIALIZED (SELECT CASE WHEN n <= 2000 THEN n ELSE"
        f" (SELECT count(*) FROM ({words}) AS found) END AS total, n <= 2000 AS is_few,"
        " CASE WHEN n <= 2000 THEN ids END AS ids FROM (SELECT count(*) AS n,"
        " json_group_array(entry_id) AS ids FROM (SELECT entry_id FROM matching LIMIT CAST($3 AS bigint)) AS few)"
        " AS found) SELECT total, is_few, ids, 7 FROM counted"
    )
    words = (
        "SELECT w.entry_id FROM search_words w WHERE w.words @@ $2::text::tsquery"
        " AND w.shelf_id IN (1, 2)"
    )
    # What goes to and fro takes time there, so the page comes along.
    assert postgres.sql == (
        f"WITH matching AS MATERIALIZED (SELECT entry_id FROM ({words}) AS g),"
        f" counted AS MATERIALIZED (SELECT CASE WHEN n <= 2000 THEN n ELSE"
        f" (SELECT count(*) FROM ({words}) AS found) END AS total, n <= 2000 AS is_few,"
        " CASE WHEN n <= 2000 THEN ids END AS ids FROM (SELECT count(*) AS n,"
        " array_agg(entry_id) AS ids FROM (SELECT entry_id FROM matching LIMIT CAST($3 AS bigint)) AS few)"
        " AS found) SELECT c.total, c.is_few, i.url, 7 FROM counted c LEFT JOIN (SELECT * FROM"
        " (SELECT (strpos(e.title_words, $1::text) > 0)::integer AS k1, e.file_alias, e.type,"
        " e.url, e.realm_url FROM search_entries e WHERE"
        " e.entry_id = ANY ((SELECT ids FROM counted)::integer[])) AS found"
        " ORDER BY k1 DESC NULLS LAST, file_alias, type, url LIMIT CAST($4 AS bigint)) AS p ON TRUE"
        " LEFT JOIN entries i ON i.realm_url = p.realm_url AND i.url = p.url"
        " AND i.type = p.type ORDER BY p.k1 DESC NULLS LAST, p.file_alias, p.type, p.url"
    )


def test_what_matches_are_sorted_by_is_looked_up_once_for_each_on_postgres() -> None:
    body = {
        "filter": {"on": PERSON, "eq": {"name": "Ann"}},
        "sort": [{"by": "age"}, {"by": "tags", "direction": "desc"}],
        "page": {"size": 20},
    }
    sqlite = compiled(body).gather("i.url", "[1]")
    postgres = compiled(body, "postgres").gather("i.url", "[1]")

    age = "FROM search_values o WHERE o.entry_id = e.entry_id AND o.path_id = 9 AND o.kind = 4 LIMIT 1"
    tag = (
        "FROM search_values o WHERE o.entry_id = e.entry_id AND o.path_id = 8 AND o.kind = 3"
        " ORDER BY o.number DESC, o.text DESC LIMIT 1"
    )
    assert (
        f"SELECT (SELECT o.number {age}) AS k1, (SELECT o.text {age}) AS k2, (SELECT o.text {tag})"
        " AS k3, e.file_alias, e.type, e.url, e.realm_url FROM search_entries e WHERE"
    ) in sqlite.sql
    assert (
        "SELECT o1.c1 AS k1, o1.c2 AS k2, o2.c1 AS k3, e.file_alias, e.type, e.url, e.realm_url"
        " FROM search_entries e"
        f" LEFT JOIN LATERAL (SELECT o.number AS c1, o.text AS c2 {age}) AS o1 ON TRUE"
        f" LEFT JOIN LATERAL (SELECT o.text AS c1 {tag}) AS o2 ON TRUE WHERE"
    ) in postgres.sql


@pytest.mark.parametrize(
    ("total", "is_walked"), [(10, False), (399, False), (400, True), (2_000, True)]
)
def test_few_matches_are_gathered_and_many_walked(total: int, is_walked: bool) -> None:
    body = {"filter": {"on": PERSON, "eq": {"name": "Ann"}}, "page": {"size": 20}}

    assert (compiled(body).walk("i.url", total) is not None) == is_walked


def test_queries_that_differ_in_values_only_have_one_shape() -> None:
    bodies = [
        {"filter": {"on": PERSON, "eq": {"name": name, "age": age}}, "page": {"size": 2}}
        for name, age in [("Ann", 30), ("Bob", "40")]
    ]
    catalog = Catalog(SHELVES, PATHS)
    (shape, ann), (other, bob) = [
        compile_shape(asked(body), [REALM], catalog, dialect=DIALECTS["sqlite"]) for body in bodies
    ]

    assert shape == other
    assert (ann, bob) == (("Ann", 30.0), ("Bob", 40.0))
    assert shape.sql == (
        "WITH asked (number, v1, v2) AS MATERIALIZED (SELECT key, json_extract(value, '$[0]'),"
        " json_extract(value, '$[1]') FROM json_each($3))"
        " SELECT number, url, type, place FROM (SELECT number, url, type, row_number() OVER"
        " (PARTITION BY number ORDER BY file_alias, type, url) AS place FROM (SELECT asked.number"
        " AS number, e.file_alias, e.type, e.url, e.realm_url FROM asked"
        " CROSS JOIN search_entries e ON e.entry_id IN (SELECT v2.entry_id FROM"
        f" (SELECT v1.entry_id FROM search_values v1 WHERE {NAME} AND {TEXT}"
        " AND v1.text = asked.v1) v2 WHERE EXISTS (SELECT 1 FROM search_values v3"
        " WHERE v3.entry_id = v2.entry_id AND v3.path_id = 9 AND v3.kind = 4"
        " AND v3.number = asked.v2))) AS found"
        ") AS placed WHERE place > $2 AND place <= $1 ORDER BY number, place"
    )
    assert shape.params_for([ann, bob]) == (2, 0, '[["Ann",30.0],["Bob",40.0]]')


def test_a_null_value_is_another_shape() -> None:
    bodies = [{"filter": {"on": PERSON, "eq": {"name": name}}} for name in ("Ann", None)]
    catalog = Catalog(SHELVES, PATHS)
    shapes = {
        compile_shape(asked(body), [REALM], catalog, dialect=DIALECTS["sqlite"])[0]
        for body in bodies
    }

    assert len(shapes) == 2
