"""Relative and absolute forms of links."""

from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realmkit.cards.addresses import relative_reference, resolve_link


@pytest.mark.parametrize(
    ("url", "relative_to", "reference"),
    [
        ("http://h/r/Dog/a", "http://h/r/Dog/b", "./a"),
        ("http://h/r/Dog/deep/a", "http://h/r/Dog/b", "./deep/a"),
        ("http://h/r/a", "http://h/r/Dog/b", "../a"),
        ("http://h/a", "http://h/r/Dog/b", "../../a"),
        ("http://h/r/", "http://h/r/Dog/b", "../"),
        ("http://h/r/a:b", "http://h/r/c", "./a:b"),
        ("http://h2/r/a", "http://h/r/b", "http://h2/r/a"),
        ("https://h/r/a", "http://h/r/b", "https://h/r/a"),
        ("@cardstack/base/a", "http://h/r/b", "@cardstack/base/a"),
        ("http://h/r/a", "@cardstack/base/b", "http://h/r/a"),
    ],
)
def test_a_reference_is_relative_within_an_origin_and_leads_back(
    url: str, relative_to: str, reference: str
) -> None:
    assert relative_reference(url, relative_to) == reference
    if reference.startswith("."):
        assert resolve_link(reference, relative_to) == url


_LINK_PARTS = [
    "./",
    "../",
    "a",
    "b.json",
    "c-1",
    "%20",
    "..",
    ".",
    "/",
    "//",
    "?x",
    "#y",
    ";p",
    " ",
]
_ID_PARTS = ["a", "b", "/", ".", "..", "c.json", "%2F", "?q", "#f", ";x"]


@given(
    st.lists(st.sampled_from(_LINK_PARTS), max_size=5),
    st.lists(st.sampled_from(_ID_PARTS), max_size=6),
)
@settings(max_examples=2_000)
def test_links_resolve_as_the_standard_has_it(link_parts: list[str], id_parts: list[str]):
    link, id = "".join(link_parts), "https://host:1/" + "".join(id_parts)

    assert resolve_link(link, id) == urljoin(id, link)
