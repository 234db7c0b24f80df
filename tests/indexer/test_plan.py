"""Plans, as lists."""

from hypothesis import given
from hypothesis import strategies as st

from realmkit.changes import Change
from realmkit.changes.log import Operation
from realmkit.indexer.plan import Work, as_left, in_batches, in_dependency_order, plan

PATHS = st.lists(st.sampled_from("abcdefgh"), unique=True)
EDGES = st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefgh")))


def change(path: str, operation: Operation = "updated") -> Change:
    return Change("http://r/", 1, "file", path, operation, None, None, 0)


def test_configuration_comes_before_cards_and_each_kind_has_its_list():
    work = plan(["b.json", "a.json", "realm.json", "notes.md", "person.gts"])

    assert work == Work(
        modules=("person.gts",),
        json=("realm.json", "a.json", "b.json"),
        files=("notes.md",),
    )


def test_a_path_changed_twice_is_visited_once():
    assert as_left([change("a.json"), change("a.json")]) == (["a.json"], [])


def test_the_last_change_of_a_path_decides():
    added_again = [change("a.json", "removed"), change("a.json", "added")]

    assert as_left(added_again) == (["a.json"], [])
    assert as_left(reversed(added_again)) == ([], ["a.json"])


def test_dependents_are_visited_once_and_not_when_they_are_gone():
    work = plan(["a.json", "a.json", "b.json", "c.json"], gone=["b.json"])

    assert work.json == ("a.json", "c.json")
    assert work.removed == ("b.json",)


def test_dependencies_come_first():
    assert in_dependency_order(["a", "b", "c"], {"a": {"c"}, "c": {"b"}}) == ["b", "c", "a"]


def test_a_cycle_ends():
    assert in_dependency_order(["a", "b", "c"], {"a": {"b"}, "b": {"a"}}) == ["c", "a", "b"]


@given(PATHS, EDGES)
def test_order_keeps_everyone_and_respects_every_edge_outside_cycles(
    paths: list[str], edges: dict[str, set[str]]
):
    ordered = in_dependency_order(paths, edges)

    assert sorted(ordered) == sorted(paths)
    place = {path: number for number, path in enumerate(ordered)}
    for path in paths:
        for dependency in edges.get(path, set()) & set(paths):
            if path not in reachable(dependency, edges, set(paths)):
                assert place[dependency] < place[path] or behind_a_cycle(path, edges, set(paths))


@given(st.lists(st.text(max_size=3), unique=True), st.integers(1, 4))
def test_batches_hold_every_path_in_order(paths: list[str], pages: int):
    batches = in_batches(paths, pages)

    assert [path for batch in batches for path in batch] == paths
    assert all(1 <= len(batch) <= 12 for batch in batches)


def reachable(start: str, edges: dict[str, set[str]], among: set[str]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        found = (edges.get(waiting.pop(), set()) & among) - seen
        seen |= found
        waiting.extend(found)
    return seen


def behind_a_cycle(path: str, edges: dict[str, set[str]], among: set[str]) -> bool:
    return any(each in reachable(each, edges, among) for each in reachable(path, edges, among))
