"""Which visits come too early for a change, as lists."""

from realmkit.cards.code_refs import ModuleNames
from realmkit.index import Facts
from realmkit.indexer.overtaken import LateChanges, marks_differ, overtaken

ONE, TWO = "http://h/one/", "http://h/two/"


def changed(**seqs: int) -> LateChanges:
    """Files of realm one, `person=3` for a change of `person.gts` with the seq 3."""
    late = LateChanges(ModuleNames("http://h"))
    for name, seq in seqs.items():
        late.add(f"{ONE}{name}.gts", ONE, seq)
    return late


def visit(path: str, seen: int, *dependencies: str) -> Facts:
    return Facts(f"{TWO}{path}", {ONE: seen, TWO: 9}, [f"{ONE}{name}" for name in dependencies])


def test_a_visit_before_the_change_is_overtaken_and_one_after_it_is_not():
    early, late = visit("a.json", 2, "person"), visit("b.json", 3, "person")

    assert overtaken(changed(person=3), [early, late]) == {f"{TWO}a.json"}


def test_a_visit_that_read_something_else_is_not_overtaken():
    assert overtaken(changed(person=3), [visit("a.json", 0, "pet")]) == set()


def test_a_realm_whose_log_was_empty_counts_from_nothing():
    facts = Facts(f"{TWO}a.json", {}, [f"{ONE}person"])

    assert overtaken(changed(person=1), [facts]) == {f"{TWO}a.json"}


def test_what_rests_on_an_overtaken_module_is_found_by_the_next_look():
    late = changed(person=3)
    child, kid = visit("child.gts", 2, "person"), Facts(f"{TWO}kid.json", {}, [f"{TWO}child"])

    assert overtaken(late, [kid, child]) == {f"{TWO}child.gts"}
    assert overtaken(late, [kid, child]) == {f"{TWO}child.gts", f"{TWO}kid.json"}


def test_the_last_change_of_a_file_counts():
    late = changed(person=5)
    late.add(f"{ONE}person.gts", ONE, 3)

    assert overtaken(late, [visit("a.json", 4, "person")]) == {f"{TWO}a.json"}


def test_only_logs_that_have_grown_are_looked_into():
    assert marks_differ({ONE: 1, TWO: 2}, {ONE: 1, TWO: 3, "new": 1}) == [TWO, "new"]
