"""A query means the same to both databases as it does in plain Python.

Half of the cases are here and half in `test_meaning_of_alike.py`, so that two processes
share them. More than CI runs: `REALMKIT_QUERY_CASES=200000 pytest tests/query -k as_the_reference`.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support.meaning import (
    EXAMPLES,
    QUERIES_AT_ONCE,
    Index,
    compare_everywhere,
    entries_of,
)
from ..support.reference_search import answer
from ..support.searches import Card, queries, realms


@pytest.mark.timeout(0)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(
    realms(8, least=4),
    realms(4),
    st.lists(queries(), min_size=QUERIES_AT_ONCE, max_size=QUERIES_AT_ONCE),
)
def test_both_databases_answer_as_the_reference(
    both: list[Index], here: list[Card], there: list[Card], bodies: list[dict[str, Any]]
) -> None:
    compare_everywhere(both, here, there, bodies)


def test_many_of_the_queries_find_some_cards_and_not_others() -> None:
    """A query that finds all there is, or nothing, would be answered well by a database that
    read nothing of it."""
    found = {"some": 0, "queries": 0}

    @settings(max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(realms(8, least=4), st.lists(queries(), min_size=12, max_size=12))
    def ask(cards: list[Card], bodies: list[dict[str, Any]]) -> None:
        entries = entries_of(cards, "http://h/a/")
        for body in bodies:
            anything = {"on": body["filter"]["on"], "every": []}
            total = answer(body, entries)[1]
            found["queries"] += 1
            found["some"] += 0 < total < answer(body | {"filter": anything}, entries)[1]

    ask()
    assert found["some"] / found["queries"] > 0.1
