"""A query means the same over realms that are alike: the other half of `test_meaning.py`.

The second realm has cards of the first as well, so that ties are many.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support.meaning import EXAMPLES, QUERIES_AT_ONCE, Index, compare_everywhere
from ..support.searches import Card, queries, realms


@pytest.mark.timeout(0)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(realms(6, least=3), st.lists(queries(), min_size=QUERIES_AT_ONCE, max_size=QUERIES_AT_ONCE))
def test_both_databases_answer_as_the_reference_over_realms_alike(
    both: list[Index], cards: list[Card], bodies: list[dict[str, Any]]
) -> None:
    compare_everywhere(both, cards, cards[::2], bodies)
