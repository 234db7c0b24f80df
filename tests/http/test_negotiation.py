"""Content negotiation as RFC 9110 has it."""

import pytest

from realmkit.extraction import type_of_file
from realmkit.http import content_codings, negotiation
from realmkit.http.content_codings import choose_coding
from realmkit.http.negotiation import (
    API,
    CARD,
    HTML,
    JAVASCRIPT,
    LONGEST_HEADER,
    SOURCE,
    choose,
    names,
    parse_accept,
)

OFFERS = (JAVASCRIPT, CARD, SOURCE, HTML)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JAVASCRIPT),
        ("", JAVASCRIPT),
        ("*/*", JAVASCRIPT),
        (CARD, CARD),
        (f"{CARD}, */*", CARD),
        (f"{SOURCE}; charset=utf-8", SOURCE),
        (BROWSER, HTML),
        (f"{CARD};q=0.4, {SOURCE};q=0.5", SOURCE),
        (f"{CARD};q=0, */*", JAVASCRIPT),
        ("application/*", CARD),
        ("text/*;q=0.1, application/*;q=0.2", CARD),
        (CARD.upper(), CARD),
        ("image/png", None),
        (f"{CARD};q=0", None),
        ("garbage", None),
        (f"garbage, {HTML}", HTML),
        (f"{HTML};q=2", None),
    ],
)
def test_the_client_gets_what_it_likes_best(accept: str | None, chosen: str | None):
    assert choose(accept, OFFERS) == chosen


def test_a_quality_of_zero_on_a_named_type_beats_a_wildcard():
    assert choose(f"{JAVASCRIPT};q=0, text/*", (JAVASCRIPT, HTML)) == HTML


def test_a_wildcard_does_not_name_a_type():
    assert names(f"text/html, {CARD};q=0.5", CARD)
    assert not names("*/*", CARD)
    assert not names(f"{API};q=0", API)


@pytest.mark.parametrize("inside", [f", {HTML}", '\\"', "\\,", "\n,"])
def test_a_quote_that_nobody_closes_runs_to_the_end(inside: str):
    unclosed = f'{CARD};x="' + inside * (4_000 // len(inside))

    for end in ("", "\\"):
        assert [each.subtype for each in parse_accept(unclosed + end)] == [CARD.partition("/")[2]]


def test_a_header_that_is_too_long_names_nothing():
    fits = f"{CARD}, ".ljust(LONGEST_HEADER)

    assert choose(fits, OFFERS) == CARD
    assert choose(fits + " ", OFFERS) is None
    assert parse_accept(f"{CARD}, " + '"\\' * 30_000) == ()
    assert choose_coding("gzip".ljust(LONGEST_HEADER), is_worth_it=True) == "gzip"
    assert choose_coding("gzip".ljust(LONGEST_HEADER + 1), is_worth_it=True) == "identity"


def test_a_header_that_is_too_long_is_not_remembered():
    remembered = (negotiation._parsed, content_codings._chosen)
    before = [each.cache_info() for each in remembered]
    long = f"{HTML}," * LONGEST_HEADER

    assert not names(long, HTML)
    assert choose_coding(long, is_worth_it=True) == "identity"
    assert [each.cache_info() for each in remembered] == before


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("a.gts", "text/plain"),
        ("a.json", "application/json"),
        ("a.PNG", "image/png"),
        ("a.webp", "image/webp"),
        ("notes.md", "text/markdown"),
        ("no-extension", "application/octet-stream"),
    ],
)
def test_a_file_is_typed_by_its_name(path: str, media_type: str):
    assert type_of_file(path) == media_type
