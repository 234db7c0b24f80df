"""Queries that make no sense are refused with the place and, where there is one, a near miss."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realmkit.cards.code_refs import ModuleNames
from realmkit.errors import BadRequest
from realmkit.query import parse_query
from realmkit.query.conditions import IsType
from realmkit.query.resolve import resolve

from ..support.people import DEFINITIONS, EMPLOYEE, PERSON, type_key

NAMES = ModuleNames("http://h")


def refusal_of(body: Any) -> BadRequest:
    with pytest.raises(BadRequest) as refused:
        resolve(parse_query(body, names=NAMES), DEFINITIONS)
    return refused.value


def on_person(filter: dict[str, Any]) -> dict[str, Any]:
    return {"filter": {"on": PERSON, **filter}}


MALFORMED: list[tuple[Any, str, str]] = [
    ([], "", "A query must be an object, not an array."),
    ({"fliter": {}}, "/fliter", 'Unknown query member "fliter". Did you mean "filter"?'),
    ({"filter": []}, "/filter", "A filter must be an object, not an array."),
    ({"filter": {"eqq": {}}}, "/filter/eqq", 'Unknown operator "eqq". Did you mean "eq"?'),
    (
        {"filter": {"matches": ["x"]}},
        "/filter/matches",
        "`matches` looks for words in text, not an array.",
    ),
    (
        {"filter": {"matches": "x" * 2_001}},
        "/filter/matches",
        "`matches` takes at most 2,000 characters.",
    ),
    ({"filter": {"matches": "x " * 65}}, "/filter/matches", "`matches` takes at most 64 words."),
    (
        {"filter": {"item": {"path": "visits", "matches": "x"}}},
        "/filter/item/matches",
        "`matches` reads the whole card, so it cannot be asked of one element.",
    ),
    (
        {"filter": {"every": [{"type": PERSON}, {"not": {}}]}},
        "/filter/every/1/not",
        "An empty filter asks nothing.",
    ),
    (
        {"filter": {"any": [{"type": PERSON}, {"eq": {"a": 1}, "contains": {"a": "x"}}]}},
        "/filter/any/1",
        "A filter has one operator, and this one has eq and contains;"
        " put each in its own filter under `every`.",
    ),
    (
        {"filter": {"every": {}}},
        "/filter/every",
        "`every` must be an array of filters, not an object.",
    ),
    ({"filter": {"eq": {}}}, "/filter/eq", "`eq` names no field."),
    ({"filter": {"eq": {"a": []}}}, "/filter/eq/a", "An array cannot be compared; use `in`."),
    (
        {"filter": {"eq": {"a/b": {"module": "x"}}}},
        "/filter/eq/a~1b",
        "A code ref needs `module` and `name` as text; `name` is null.",
    ),
    ({"filter": {"in": {"a": "x"}}}, "/filter/in/a", "`in` must be an array of values, not text."),
    (
        {"filter": {"contains": {"a": 5}}},
        "/filter/contains/a",
        "`contains` looks for text, not a number.",
    ),
    ({"filter": {"range": {"a": {}}}}, "/filter/range/a", "A range needs gt, gte, lt or lte."),
    (
        {"filter": {"range": {"a": {"gt": 1, "lt": None}}}},
        "/filter/range/a/lt",
        "'null' is not a permitted value in a 'range' filter",
    ),
    (
        {"filter": {"range": {"a": {"above": 1}}}},
        "/filter/range/a/above",
        'Unknown bound "above"; a range has gt, gte, lt and lte.',
    ),
    (
        {"filter": {"type": {"module": "./dog", "name": "Dog"}}},
        "/filter/type/module",
        "`./dog` is relative, and there is nothing it could be relative to.",
    ),
    (
        {"sort": [{"by": "x", "direction": "up"}]},
        "/sort/0/direction",
        '`direction` is "asc" or "desc".',
    ),
    ({"sort": [{}]}, "/sort/0/by", "`by` must be a field path as text, not null."),
    (
        {"sort": [{"by": ""}]},
        "/sort/0/by",
        "`by` must be a field path as text, not an empty text.",
    ),
    (
        {"filter": {"type": {"module": "", "name": "Dog"}}},
        "/filter/type",
        "A code ref needs `module` and `name` as text; `module` is an empty text.",
    ),
    ({"page": {"size": "10"}}, "/page/size", "`page.size` must be a whole number of at least 1."),
    ({"page": {"size": 1.0}}, "/page/size", "`page.size` must be a whole number of at least 1."),
    ({"page": {"size": True}}, "/page/size", "`page.size` must be a whole number of at least 1."),
    (
        {"page": {"number": -1}},
        "/page/number",
        "`page.number` must be a whole number of at least 0.",
    ),
    ({"page": {"number": 1}}, "/page/number", "A page number needs a page size."),
    ({"page": {"number": 2**53, "size": 2}}, "/page", "That page lies beyond any result."),
    (
        {"page": {"size": 501}},
        "/page/size",
        "A page holds at most 500 cards: ask for the next with `page.number`.",
    ),
    ({"realms": "http://h/r/"}, "/realms", "`realms` must be an array of URLs, not text."),
    ({"realm": "http://h/", "realms": []}, "/realm", "A query has `realm` or `realms`, not both."),
    ({"scope": "everything"}, "/scope", '`scope` is "cards", "files" or "all".'),
    (
        {"html": {"format": "big"}},
        "/html/format",
        "`format` is one of isolated, embedded, fitted, atom, head, edit.",
    ),
    (
        {"fields": {"card": "name"}},
        "/fields/card",
        "`fields.card` must be an array of field names.",
    ),
    (
        {"filter": {"eq": {"name": "a\0b"}}},
        "/filter/eq/name",
        "The query holds a NUL character, which cannot be stored.",
    ),
]


@pytest.mark.parametrize(("body", "pointer", "detail"), MALFORMED)
def test_a_malformed_query_names_the_place(body: Any, pointer: str, detail: str) -> None:
    refusal = refusal_of(body)

    assert (refusal.pointer, refusal.detail) == (pointer, detail)


MEANINGLESS: list[tuple[dict[str, Any], str, str]] = [
    (
        {"any": [{"eq": {"name": "x"}}, {"eq": {"nmae": "x"}}]},
        "/filter/any/1/eq/nmae",
        'Your filter refers to a nonexistent field "nmae" on type '
        '{"module":"http://h/people/person","name":"Person"}. Did you mean "name"?',
    ),
    (
        {"eq": {"address.ctiy": "x"}},
        "/filter/eq/address.ctiy",
        'Your filter refers to a nonexistent field "address.ctiy" on type '
        '{"module":"http://h/people/person","name":"Person"}. Did you mean "city"?',
    ),
    (
        {"eq": {"name.first": "x"}},
        "/filter/eq/name.first",
        'Your filter refers to a nonexistent field "name.first" on type '
        '{"module":"http://h/people/person","name":"Person"}. "name" of Person holds plain values.',
    ),
    (
        {"eq": {"boss.name": "x"}},
        "/filter/eq/boss.name",
        'Your filter refers to "boss.name", which crosses the link "boss" of Person, and that'
        ' route is not searchable. Add `searchable: true` to the field "boss".',
    ),
    (
        {"eq": {"owner.boss.boss.name": "x"}},
        "/filter/eq/owner.boss.boss.name",
        'Your filter refers to "owner.boss.boss.name", which crosses the link "boss" of Person,'
        " and that route is not searchable. Add `searchable: 'boss.boss'` to the field \"owner\".",
    ),
    (
        {"eq": {"cousins.name": "x"}},
        "/filter/eq/cousins.name",
        'Your filter goes through "cousins" of Person in "cousins.name", which is a query-backed'
        " field: its value is itself a search and is in no search doc.",
    ),
    ({"eq": {"age": "old"}}, "/filter/eq/age", '"age" holds numbers, and "old" is none.'),
    ({"eq": {"isGood": 1}}, "/filter/eq/isGood", '"isGood" is true or false, not a number.'),
    (
        {"in": {"name": ["x", True]}},
        "/filter/in/name/1",
        '"name" holds text, and a boolean is none.',
    ),
    ({"eq": {"name": 1.5}}, "/filter/eq/name", '"name" holds text, and a number is none.'),
    (
        {"range": {"name": {"gt": 9}}},
        "/filter/range/name/gt",
        '"name" holds text, and a number is none.',
    ),
    (
        {"eq": {"owner": "http://h/people/ann"}},
        "/filter/eq/owner",
        '"owner" holds more than a plain value, so it can only be compared with null;'
        ' name a field of it behind "owner.".',
    ),
    (
        {"contains": {"age": "3"}},
        "/filter/contains/age",
        '`contains` looks into text, and "age" holds none.',
    ),
    (
        {"item": {"path": "tags", "eq": {"x": 1}}},
        "/filter/item/path",
        "`item` asks about the elements of a plural field of cards or composites, and"
        ' "tags" is not one.',
    ),
]


def test_an_item_of_no_field_names_its_path() -> None:
    refusal = refusal_of(on_person({"item": {"path": "vists", "eq": {"place": "x"}}}))

    assert refusal.pointer == "/filter/item/path"
    assert refusal.detail.endswith('Did you mean "visits"?')


def test_a_sort_key_that_is_nearly_a_general_one_is_told() -> None:
    refusal = refusal_of({"sort": [{"by": "lastmodified"}]})

    assert refusal.pointer == "/sort/0/by"
    assert refusal.detail.endswith('Did you mean "lastModified"?')


@pytest.mark.parametrize(("filter", "pointer", "detail"), MEANINGLESS)
def test_a_filter_that_fits_no_field_says_which(
    filter: dict[str, Any], pointer: str, detail: str
) -> None:
    refusal = refusal_of(on_person(filter))

    assert (refusal.pointer, refusal.detail) == (pointer, detail)


def test_a_field_of_a_subclass_is_not_a_field_of_its_ancestor() -> None:
    assert "salary" in refusal_of(on_person({"eq": {"salary": 1}})).detail
    body = {"filter": {"on": EMPLOYEE, "eq": {"salary": 1}}}
    resolve(parse_query(body, names=NAMES), DEFINITIONS)


@pytest.mark.parametrize("filter", [{"eq": {"cousins.id": "x"}}, {"eq": {"cousins": None}}])
def test_not_even_the_id_of_what_a_search_finds_can_be_asked(filter: dict[str, Any]) -> None:
    assert refusal_of(on_person(filter)).meta["reason"] == "query-backed"


def test_an_unknown_type_matches_nothing_and_spoils_nothing() -> None:
    unknown = {"module": "http://h/people/nobody", "name": "Nobody"}
    known = {**DEFINITIONS, "http://h/people/nobody/Nobody": None}
    body = {"filter": {"any": [{"on": unknown, "eq": {"x": 1}}, {"type": PERSON}]}}

    asked = resolve(parse_query(body, names=NAMES), known)

    assert asked.condition == IsType(type_key(PERSON))


@pytest.mark.parametrize("depth", [40, 500, 5_000])
def test_deep_nesting_is_refused_before_anything_recurses(depth: int) -> None:
    filter: dict[str, Any] = {"type": PERSON}
    for _ in range(depth):
        filter = {"not": filter}

    assert "nests deeper than" in refusal_of({"filter": filter}).detail


def test_too_many_conditions_are_refused() -> None:
    assert (
        "more than 300 conditions"
        in refusal_of({"filter": {"any": [{"type": PERSON}] * 301}}).detail
    )


members = st.sampled_from(
    "filter sort page eq in range matches contains any every not on type item path by size name tags module gt"
    " html format fields card".split()
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    scalars | st.just(PERSON),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(members, children, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(members, anything, max_size=4))
def test_whatever_the_query_it_compiles_or_is_a_bad_request(body: dict[str, Any]) -> None:
    known = _Everything(DEFINITIONS)
    try:
        resolve(parse_query(body, names=NAMES), known)
    except BadRequest as refused:
        assert refused.detail


class _Everything(dict[str, Any]):
    """Definitions that somebody has looked for, whatever their key."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> None:
        return None
