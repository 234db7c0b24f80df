"""ETags, preconditions and byte ranges."""

import pytest

from realmkit.http.conditional import etag_of, holds, is_not_modified
from realmkit.http.ranges import ByteRange, Unsatisfiable, may_use_range, parse_range


@pytest.mark.parametrize(
    ("if_none_match", "expected"),
    [
        (None, False),
        ('"a"', True),
        ("a", True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ('"b", W/"a"', True),
        ("*", True),
        ('"b"', False),
        ("", False),
    ],
)
def test_if_none_match(if_none_match: str | None, expected: bool):
    assert is_not_modified(if_none_match, '"a"') is expected


@pytest.mark.parametrize(
    ("if_match", "etag", "expected"),
    [
        (None, '"a"', True),
        (None, None, True),
        ('"a"', '"a"', True),
        ('"b", "a"', '"a"', True),
        ("*", '"a"', True),
        ("*", None, False),
        ('"b"', '"a"', False),
        ('W/"a"', '"a"', False),
        ('"a"', None, False),
    ],
)
def test_if_match(if_match: str | None, etag: str | None, expected: bool):
    assert holds(if_match, etag) is expected


def test_two_views_of_the_same_bytes_have_different_etags():
    assert etag_of(b"x", "source") != etag_of(b"x", "module")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-4", ByteRange(0, 4)),
        ("bytes=5-", ByteRange(5, 9)),
        ("bytes=-3", ByteRange(7, 9)),
        ("bytes=-30", ByteRange(0, 9)),
        ("bytes=8-99", ByteRange(8, 9)),
        ("bytes=0-1,4-5", None),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("lines=0-4", None),
        ("nonsense", None),
        (None, None),
    ],
)
def test_a_single_range_is_clamped_to_the_body(header: str | None, expected: ByteRange | None):
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_past_the_end_cannot_be_satisfied(header: str):
    assert isinstance(parse_range(header, 10), Unsatisfiable)


def test_a_stale_if_range_forbids_the_range():
    assert may_use_range(None, '"a"')
    assert may_use_range('"a"', '"a"')
    assert not may_use_range('"b"', '"a"')
