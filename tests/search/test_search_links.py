"""`links.search` is read back as it was written."""

from typing import Any

import pytest

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
