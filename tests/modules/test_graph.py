"""Versions from hashes and edges; no files, no processes."""

from itertools import pairwise

from realmkit.modules.graph import reachable, strong_groups, versions


def sets(groups: list[list[str]]) -> list[set[str]]:
    return [set(group) for group in groups]


def test_groups_come_after_what_they_import() -> None:
    edges = {"a": ["b"], "b": ["c"], "c": []}

    assert strong_groups(edges) == [["c"], ["b"], ["a"]]


def test_a_circle_is_one_group() -> None:
    edges = {"a": ["b"], "b": ["c", "d"], "c": ["a"], "d": []}

    assert sets(strong_groups(edges)) == [{"d"}, {"a", "b", "c"}]


def test_circles_that_touch_in_one_module_are_one_group() -> None:
    edges = {"a": ["b", "c"], "b": ["a"], "c": ["a"]}

    assert sets(strong_groups(edges)) == [{"a", "b", "c"}]


def test_a_module_that_imports_itself_is_a_group_of_one() -> None:
    assert strong_groups({"a": ["a"]}) == [["a"]]


def test_a_long_chain_needs_no_deep_stack() -> None:
    names = [f"m{index}" for index in range(5_000)]
    edges = {name: [following] for name, following in pairwise(names)}
    edges[names[-1]] = []

    assert len(strong_groups(edges)) == 5_000


def test_a_version_covers_everything_below_and_nothing_beside() -> None:
    edges = {"a": ["b"], "b": ["c"], "c": [], "beside": ["c"]}
    own = dict.fromkeys(edges, "1")
    before = versions(own, edges)
    after = versions({**own, "b": "2"}, edges)

    assert {name for name in edges if before[name] != after[name]} == {"a", "b"}


def test_members_of_a_circle_move_together_but_differ() -> None:
    edges = {"a": ["b"], "b": ["a"]}
    before = versions({"a": "1", "b": "1"}, edges)
    after = versions({"a": "1", "b": "2"}, edges)

    assert before["a"] != before["b"]
    assert before["a"] != after["a"]
    assert before["b"] != after["b"]


def test_versions_do_not_depend_on_the_order_of_things() -> None:
    own = {"a": "1", "b": "2", "c": "3"}

    assert versions(own, {"a": ["b", "c"], "b": ["a"], "c": []}) == versions(
        own, {"c": [], "b": ["a"], "a": ["c", "b"]}
    )


def test_a_new_import_moves_the_version() -> None:
    own = {"a": "1", "b": "2"}

    assert versions(own, {"a": [], "b": []})["a"] != versions(own, {"a": ["b"], "b": []})["a"]


def test_reachable_follows_circles_once() -> None:
    assert reachable(["a"], {"a": ["b"], "b": ["a", "c"], "c": [], "d": []}) == {"a", "b", "c"}
