"""Queries and the SQL they become on either database: clauses over `entries i`, all bound."""

from typing import Any

import pytest

from realmkit.cards.code_refs import ModuleNames
from realmkit.query import parse_query
from realmkit.query.compile import CompiledQuery, compile_query, compile_shape
from realmkit.query.dialect import Dialect
from realmkit.query.dialects import DIALECTS

from ..support.people import DEFINITIONS, PERSON, REALM, type_key

LIVE = "i.realm_url IN ($1) AND i.type = 'instance' AND i.has_error = 0"
IS_PERSON = (
    "EXISTS (SELECT 1 FROM index_types t WHERE t.type_key = $2"
    " AND t.realm_url = i.realm_url AND t.type = i.type AND t.url = i.url)"
)


SQLITE, POSTGRES = DIALECTS["sqlite"], DIALECTS["postgres"]


def compiled(body: dict[str, Any], dialect: Dialect = SQLITE) -> CompiledQuery:
    query = parse_query(body, names=ModuleNames("http://h"))
    return compile_query(query, [REALM], DEFINITIONS, dialect=dialect)


def at(param: int) -> str:
    return f"json_extract(i.search_doc, ${param})"


def kind(param: int) -> str:
    return f"json_type(i.search_doc, ${param})"


def json(param: int, document: str = "i.search_doc") -> str:
    return f"({document} #> ${param}::text[])"


def text(json: str) -> str:
    return f"(CASE jsonb_typeof({json}) WHEN 'string' THEN {json} #>> '{{}}' END COLLATE \"C\")"


def number(json: str) -> str:
    return f"(CASE jsonb_typeof({json}) WHEN 'number' THEN ({json})::float8 END)"


def boolean(json: str) -> str:
    return f"(CASE jsonb_typeof({json}) WHEN 'boolean' THEN ({json})::boolean END)"


def elements(json: str) -> str:
    return (
        f"jsonb_array_elements(CASE jsonb_typeof({json}) WHEN 'array' THEN {json} END) e1 (value)"
    )


VISIT = "CASE jsonb_typeof(e1.value) WHEN 'object' THEN e1.value END"


# Each filter, what it becomes on SQLite and on PostgreSQL, and its parameters; a path is
# spelled `$."a"."b"` for the one and `{"a","b"}` for the other.
CONDITIONS: list[tuple[dict[str, Any], str, str, list[object]]] = [
    (
        {"eq": {"name": "Ann"}},
        f"({at(4)} = $3 AND {kind(4)} = 'text')",
        f"({text(json(4))} = $3::text)",
        ["Ann", '$."name"'],
    ),
    (
        {"eq": {"age": "30"}},
        f"({at(4)} = $3 AND {kind(4)} IN ('integer', 'real'))",
        f"({number(json(4))} = $3::float8)",
        [30, '$."age"'],
    ),
    (
        {"eq": {"address.city": None}},
        f"{at(3)} IS NULL",
        f"coalesce(jsonb_typeof({json(3)}), 'null') = 'null'",
        ['$."address"."city"'],
    ),
    (
        {"eq": {"tags": "good"}},
        "EXISTS (SELECT 1 FROM json_each(i.search_doc, $4) e1 WHERE typeof(e1.key) = 'integer'"
        " AND (e1.atom = $3 AND e1.type = 'text'))",
        f"EXISTS (SELECT 1 FROM {elements(json(4))} WHERE ({text('e1.value')} = $3::text))",
        ["good", '$."tags"'],
    ),
    (
        {"eq": {"visits.place": "Rome"}},
        "EXISTS (SELECT 1 FROM json_each(i.search_doc, $4) e1 WHERE typeof(e1.key) = 'integer'"
        " AND (json_extract(CASE e1.type WHEN 'object' THEN e1.value END, $5) = $3"
        " AND json_type(CASE e1.type WHEN 'object' THEN e1.value END, $5) = 'text'))",
        f"EXISTS (SELECT 1 FROM {elements(json(4))} WHERE ({text(json(5, VISIT))} = $3::text))",
        ["Rome", '$."visits"', '$."place"'],
    ),
    (
        {"in": {"name": ["Ann", None, "Bob"]}},
        f"(({at(4)} IN (SELECT value FROM json_each($3)) AND {kind(4)} = 'text')"
        f" OR {at(4)} IS NULL)",
        f"(({text(json(4))} IN (SELECT member::text"
        " FROM jsonb_array_elements_text($3::text::jsonb) member))"
        f" OR coalesce(jsonb_typeof({json(4)}), 'null') = 'null')",
        ['["Ann","Bob"]', '$."name"'],
    ),
    ({"in": {"name": []}}, "FALSE", "FALSE", []),
    (
        {"contains": {"name": "50%_É"}},
        f"({kind(4)} = 'text' AND instr(realmkit_fold({at(4)}), $3) > 0)",
        f"(strpos(realmkit_fold({text(json(4))}), $3::text) > 0)",
        ["50%_é", '$."name"'],
    ),
    (
        {"range": {"age": {"gte": 2, "lt": 9}}},
        f"({at(5)} >= $3 AND {kind(5)} IN ('integer', 'real'))"
        f" AND ({at(5)} < $4 AND {kind(5)} IN ('integer', 'real'))",
        f"({number(json(5))} >= $3::float8) AND ({number(json(5))} < $4::float8)",
        [2, 9, '$."age"'],
    ),
    (
        {"not": {"eq": {"isGood": True}}},
        f"(({at(4)} = $3 AND {kind(4)} IN ('true', 'false'))) IS NOT TRUE",
        f"(({boolean(json(4))} = $3::boolean)) IS NOT TRUE",
        [True, '$."isGood"'],
    ),
    ({"every": []}, "TRUE", "TRUE", []),
    ({"any": []}, "FALSE", "FALSE", []),
]


@pytest.mark.parametrize(("filter", "sqlite", "postgres", "params"), CONDITIONS)
def test_a_filter_becomes_this_condition(
    filter: dict[str, Any], sqlite: str, postgres: str, params: list[object]
) -> None:
    body = {"filter": {"on": PERSON, **filter}}

    found = compiled(body)
    assert found.where == f"{LIVE} AND ({IS_PERSON} AND {sqlite})"
    assert found.params == (REALM, type_key(PERSON), *params)

    found = compiled(body, POSTGRES)
    assert found.where == f"{LIVE} AND ({IS_PERSON} AND {postgres})"
    assert found.params == (REALM, type_key(PERSON), *map(as_array, params))


def as_array(param: object) -> object:
    """A parameter of SQLite as PostgreSQL gets it."""
    if isinstance(param, str) and param.startswith("$."):
        return "{" + param.removeprefix("$.").replace('"."', '","') + "}"
    return param


def test_no_filter_is_every_card_by_id() -> None:
    assert compiled({}).page_sql("i.url") == (
        f"SELECT i.url FROM entries i WHERE {LIVE} ORDER BY i.file_alias, i.type"
    )


def test_sort_keys_put_nulls_last_and_the_page_is_bound() -> None:
    found = compiled(
        {
            "sort": [
                {"by": "lastModified", "direction": "desc"},
                {"by": "age", "on": PERSON},
                {"by": "tags", "on": PERSON, "direction": "desc"},
            ],
            "page": {"number": 2, "size": 10},
        }
    )

    assert found.order_by == (
        "i.last_modified DESC NULLS LAST, "
        f"CASE WHEN {kind(2)} IN ('integer', 'real') THEN {at(2)} END ASC NULLS LAST, "
        "(SELECT max(CASE WHEN e1.type = 'text' THEN e1.atom END)"
        " FROM json_each(i.search_doc, $3) e1 WHERE typeof(e1.key) = 'integer') DESC NULLS LAST, "
        "i.file_alias, i.type"
    )
    assert found.limit == " LIMIT $4 OFFSET $5"
    assert found.params == (REALM, '$."age"', '$."tags"', 10, 20)
    assert found.count_params == (REALM,)


def test_booleans_sort_as_numbers_on_postgres() -> None:
    sort = [{"by": "isGood", "on": PERSON}, {"by": "scores", "on": PERSON, "direction": "desc"}]

    assert compiled({"sort": sort}, POSTGRES).order_by == (
        f"{boolean(json(2))}::integer ASC NULLS LAST,"
        f" (SELECT max({number('e1.value')}) FROM {elements(json(3))}) DESC NULLS LAST,"
        " i.file_alias, i.type"
    )


def test_a_value_used_twice_is_bound_once_unless_its_kind_differs() -> None:
    found = compiled(
        {
            "filter": {
                "on": PERSON,
                "any": [{"eq": {"age": 1}}, {"eq": {"age": 1}}, {"eq": {"isGood": True}}],
            }
        }
    )

    assert found.params[2:] == (1, '$."age"', True, '$."isGood"')


def test_queries_that_differ_in_values_only_have_one_shape() -> None:
    names = ModuleNames("http://h")
    bodies = [
        {"filter": {"on": PERSON, "eq": {"name": name, "age": age}}, "page": {"size": 2}}
        for name, age in [("Ann", 30), ("Bob", "40")]
    ]
    (shape, ann), (other, bob) = [
        compile_shape(parse_query(body, names=names), [REALM], DEFINITIONS, dialect=SQLITE)
        for body in bodies
    ]

    assert shape == other
    assert (ann, bob) == (("Ann", 30), ("Bob", 40))
    assert shape.sql == (
        "WITH asked (number, v1, v2) AS MATERIALIZED (SELECT key, json_extract(value, '$[0]'),"
        " json_extract(value, '$[1]') FROM json_each($7))"
        " SELECT number, url, type FROM ("
        "SELECT asked.number AS number, i.url AS url, i.type AS type, row_number() OVER"
        " (PARTITION BY asked.number ORDER BY i.file_alias, i.type) AS place"
        f" FROM entries i CROSS JOIN asked WHERE {LIVE} AND ({IS_PERSON}"
        f" AND (({at(3)} = asked.v1 AND {kind(3)} = 'text')"
        f" AND ({at(4)} = asked.v2 AND {kind(4)} IN ('integer', 'real'))))"
        ") AS placed WHERE place > $5 AND place <= $6 ORDER BY number, place"
    )
    assert shape.params_for([ann, bob])[4:] == (0, 2, '[["Ann",30],["Bob",40]]')


def test_values_of_a_shape_are_cast_once_on_postgres() -> None:
    body = {"filter": {"on": PERSON, "eq": {"name": "Ann", "age": 30, "isGood": True}}}
    query = parse_query(body, names=ModuleNames("http://h"))

    shape, _ = compile_shape(query, [REALM], DEFINITIONS, dialect=POSTGRES)

    assert shape.sql.startswith(
        "WITH asked (number, v1, v2, v3) AS MATERIALIZED (SELECT number - 1,"
        " (value ->> 0)::text, (value ->> 1)::float8, (value ->> 2)::boolean"
        " FROM jsonb_array_elements($6::text::jsonb) WITH ORDINALITY AS each (value, number))"
    )


def test_a_null_value_is_another_shape() -> None:
    names = ModuleNames("http://h")
    bodies = [{"filter": {"on": PERSON, "eq": {"name": name}}} for name in ("Ann", None)]
    shapes = {
        compile_shape(parse_query(body, names=names), [REALM], DEFINITIONS, dialect=SQLITE)[0]
        for body in bodies
    }

    assert len(shapes) == 2
