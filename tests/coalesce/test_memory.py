"""L1: bounded, least recently used, known by more than one name."""

from realmkit.coalesce import MemoryCache

REALM = "http://realm.test/atlas/"


def cache_of(max_bytes: int = 100) -> MemoryCache[str]:
    return MemoryCache(max_bytes)


def test_an_entry_is_found_under_its_path_and_its_aliases() -> None:
    cache = cache_of()
    cache.put(REALM, "a.gts", "A", 1, aliases=["a"])

    assert [cache.get(REALM, name) for name in ("a.gts", "a", "b")] == ["A", "A", None]


def test_dropping_under_any_name_drops_them_all() -> None:
    for name in ("a.gts", "a", "a/"):
        cache = cache_of()
        cache.put(REALM, "a.gts", "A", 1, aliases=["a", "a/"])

        cache.drop(REALM, name)

        assert [cache.get(REALM, each) for each in ("a.gts", "a", "a/")] == [None] * 3
        assert cache.bytes == 0


def test_aliases_add_up_over_puts() -> None:
    cache = cache_of()
    cache.put(REALM, "a.gts", "old", 1, aliases=["a"])
    cache.put(REALM, "a.gts", "new", 1, aliases=["a/"])

    assert [cache.get(REALM, name) for name in ("a", "a/")] == ["new", "new"]
    assert cache.bytes == 1


def test_the_least_recently_used_leaves_first() -> None:
    cache = cache_of(max_bytes=2)
    cache.put(REALM, "a", "A", 1)
    cache.put(REALM, "b", "B", 1)
    cache.get(REALM, "a")
    cache.put(REALM, "c", "C", 1)

    assert [cache.get(REALM, name) for name in "abc"] == ["A", None, "C"]
    assert cache.bytes == 2


def test_what_is_bigger_than_the_whole_is_not_kept() -> None:
    cache = cache_of(max_bytes=2)
    cache.put(REALM, "a", "A", 1)
    cache.put(REALM, "big", "B", 3)

    assert (cache.get(REALM, "big"), cache.get(REALM, "a")) == (None, "A")


def test_a_realm_leaves_alone() -> None:
    cache = cache_of()
    cache.put(REALM, "a", "A", 1)
    cache.put("http://realm.test/other/", "a", "B", 1)

    cache.drop_realm(REALM)

    assert cache.get(REALM, "a") is None
    assert cache.get("http://realm.test/other/", "a") == "B"


def test_an_entry_that_grew_makes_others_leave() -> None:
    memory: MemoryCache[str] = MemoryCache(max_bytes=10)
    memory.put(REALM, "a", "A", 4)
    memory.put(REALM, "b", "B", 4)

    memory.reweigh(REALM, "b", "B", 8)

    assert (memory.get(REALM, "a"), memory.get(REALM, "b"), memory.bytes) == (None, "B", 8)


def test_what_outgrows_the_memory_drives_nothing_else_out() -> None:
    memory: MemoryCache[str] = MemoryCache(max_bytes=10)
    memory.put(REALM, "a", "A", 4)
    memory.put(REALM, "b", "B", 4)

    memory.reweigh(REALM, "b", "B", 11)

    assert (memory.get(REALM, "a"), memory.get(REALM, "b"), memory.bytes) == ("A", None, 4)


def test_what_was_replaced_weighs_nothing() -> None:
    memory: MemoryCache[str] = MemoryCache(max_bytes=10)
    memory.put(REALM, "a", "new", 4)

    memory.reweigh(REALM, "a", "old", 9)

    assert memory.bytes == 4
