"""`links.search` is read back as it was written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realmkit.errors import BadRequest
from realmkit.search.search_links import parse_search_link, search_link

REALMS = ["http://h/r/", "http://h/with space, and comma/"]


def test_a_link_is_read_back_with_its_types() -> None:
    query: dict[str, Any] = {
        "filter": {"eq": {"a b": "é&=%", "n": 5, "t": "5", "x": None}},
        "page": {"size": 3},
    }
    link = search_link(REALMS, query)

    assert link.startswith("http://h/r/_search?realms=")
    assert parse_search_link(link) == (REALMS, query)
    assert parse_search_link(link.replace("_search?", "_search/?")) == (REALMS, query)


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(-9, 9), text)
values = st.recursive(
    plain, lambda one: st.lists(one, max_size=3) | st.dictionaries(text, one, max_size=3)
)
realms = st.builds(
    lambda names: f"http://h/{'/'.join(names)}/",
    st.lists(st.text("aé ,&=%?#+:", min_size=1, max_size=4), min_size=1, max_size=2),
)


@given(realms=st.lists(realms, min_size=1, max_size=3), query=st.dictionaries(text, values))
def test_any_query_over_any_realms_is_read_back(realms: list[str], query: dict[str, Any]) -> None:
    # A realm's URL has neither a query nor a fragment: they are encoded where it is made.
    realms = [url.replace("?", "%3F").replace("#", "%23") for url in realms]

    assert parse_search_link(search_link(realms, query)) == (realms, query)


@pytest.mark.parametrize(
    "link",
    [
        "http://h/r/_types?realms=http://h/r/&query={}",
        "http://h/r/_search?query={}",
        "http://h/r/_search?realms=http://h/r/&query=[]",
        "http://h/r/_search?realms=http://h/r/&query={",
        "",
    ],
)
def test_what_is_no_search_link_is_refused(link: str) -> None:
    with pytest.raises(BadRequest):
        parse_search_link(link)
