"""A query means the same to both databases as it does in plain Python.

Half of the cases are here and half in `test_meaning_of_alike.py`, so that two processes
share them. More than CI runs: `REALMKIT_QUERY_CASES=200000 pytest tests/query -k as_the_reference`.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support.meaning import EXAMPLES, QUERIES_AT_ONCE, Index, compare_everywhere
from ..support.searches import Card, queries, realms


@pytest.mark.timeout(0)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(realms(), realms(4), st.lists(queries(), min_size=QUERIES_AT_ONCE, max_size=QUERIES_AT_ONCE))
def test_both_databases_answer_as_the_reference(
    both: list[Index], here: list[Card], there: list[Card], bodies: list[dict[str, Any]]
) -> None:
    compare_everywhere(both, here, there, bodies)
