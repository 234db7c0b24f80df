"""Tokens in a definition's query, and what a missing one does."""

from typing import Any

import pytest

from realmkit.query.tokens import MISSING, replace_tokens

VALUES: dict[str, Any] = {"$this.name": "Rex", "$this.nothing": None, "$REALM": "http://h/r/"}
REX = {"eq": {"name": "$this.name"}}
GONE = {"eq": {"name": "$this.gone"}}


def replaced(filter: dict[str, Any]) -> Any:
    query: Any = replace_tokens({"filter": filter}, lambda token: VALUES.get(token, MISSING))
    return query if query is MISSING else query["filter"]


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (REX, {"eq": {"name": "Rex"}}),
        ({"eq": {"name": "$this.nothing"}}, {"eq": {"name": None}}),
        ({"eq": {"name": "the $this.name"}}, {"eq": {"name": "the $this.name"}}),
        ({"in": {"name": ["$this.name", "b"]}}, {"in": {"name": ["Rex", "b"]}}),
        ({"range": {"age": {"gt": "$this.name"}}}, {"range": {"age": {"gt": "Rex"}}}),
        ({"any": [GONE, REX]}, {"any": [{"eq": {"name": "Rex"}}]}),
        ({"any": [{"every": [GONE, REX]}, REX]}, {"any": [{"eq": {"name": "Rex"}}]}),
        (
            {"item": {"path": "x", "any": [GONE, REX]}},
            {"item": {"path": "x", "any": [{"eq": {"name": "Rex"}}]}},
        ),
    ],
)
def test_tokens_are_replaced_and_branches_without_value_dropped(
    filter: dict[str, Any], found: dict[str, Any]
) -> None:
    assert replaced(filter) == found


@pytest.mark.parametrize(
    "filter",
    [
        GONE,
        {"eq": {"name": "$this.gone", "age": 1}},
        {"in": {"name": ["b", "$this.gone"]}},
        {"range": {"age": {"gt": 1, "lt": "$this.gone"}}},
        {"every": [REX, GONE]},
        {"any": [GONE, GONE]},
        {"not": GONE},
        {"not": {"any": [REX, GONE]}},
        {"not": {"not": GONE}},
        {"every": [REX, {"not": {"every": [GONE]}}]},
    ],
)
def test_a_missing_value_makes_the_condition_around_it_false(filter: dict[str, Any]) -> None:
    assert replaced(filter) is MISSING


def test_a_page_of_unknown_size_is_no_page() -> None:
    query = {"filter": REX, "page": {"size": "$this.gone"}}

    assert replace_tokens(query, lambda token: VALUES.get(token, MISSING)) is MISSING


def test_realms_are_left_as_they_are() -> None:
    query = {"realms": ["$REALM", "$this.gone"]}

    assert replace_tokens(query, lambda _: MISSING) == query
