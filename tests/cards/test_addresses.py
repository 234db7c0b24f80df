"""Relative and absolute forms of links."""

import pytest

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
