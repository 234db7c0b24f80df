"""Whose requests are answered before permissions exist."""

import pytest

from realmkit.http.origins import is_our_host, is_public_spelling, may_write

PUBLIC = "http://127.0.0.1:4201"


@pytest.mark.parametrize("host", ["127.0.0.1:4201", "localhost:9999", "[::1]:4201", "127.8.8.8"])
def test_loopback_names_are_ours(host: str):
    assert is_our_host(host, PUBLIC)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "a@127.0.0.1", "127.0.0.1/x", "", "[::1", "x:port"],
)
def test_other_names_are_not(host: str):
    assert not is_our_host(host, PUBLIC)


def test_the_public_address_is_ours():
    assert is_our_host("realms.example", "https://realms.example")


@pytest.mark.parametrize("origin", [None, PUBLIC, "HTTP://127.0.0.1:4201"])
def test_our_own_pages_and_plain_clients_may_write(origin: str | None):
    assert may_write(origin, "127.0.0.1:4201", PUBLIC)


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://127.0.0.1:3000"])
def test_pages_of_others_may_not_write(origin: str):
    assert not may_write(origin, "127.0.0.1:4201", PUBLIC)


def test_another_spelling_of_loopback_is_not_the_public_address():
    assert is_public_spelling("127.0.0.1:4201", PUBLIC)
    assert not is_public_spelling("localhost:4201", PUBLIC)
