"""Who has to be visited again when something changes."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realmkit.changes import ChangeLog
from realmkit.db import open_database
from realmkit.index import Batch, Dependency, DependencyKind, EntryType, IndexStore, NewEntry

from ..support.realms import ATLAS

pytestmark = pytest.mark.anyio

PUBLIC = "http://127.0.0.1:4201"
OTHER = f"{PUBLIC}/other/"


def module(path: str, *imports: str) -> NewEntry:
    urls = [name if name.startswith(("http", "@")) else ATLAS + name for name in imports]
    return NewEntry(ATLAS + path, "module", dependencies=[Dependency(u, "module") for u in urls])


def instance(path: str, adopts: str, *links: str, realm: str = ATLAS) -> NewEntry:
    module = adopts if adopts.startswith(("http", "@")) else ATLAS + adopts
    return NewEntry(
        realm + path,
        "instance",
        dependencies=[
            Dependency(module, "module"),
            *(Dependency(ATLAS + link, "instance") for link in links),
        ],
    )


async def dependents(index: IndexStore, *urls: str, **how: bool) -> list[str]:
    found = await index.dependents([u if "/" in u[:8] else ATLAS + u for u in urls], **how)
    return [each.url.removeprefix(ATLAS) for each in found]


async def test_a_module_edit_reaches_importers_and_adopters(index: IndexStore) -> None:
    await index.commit(
        Batch(
            ATLAS,
            [
                module("person.gts"),
                module("employee.gts", "person"),
                module("pet.gts"),
                instance("ann.json", "employee"),
                instance("rex.json", "pet"),
            ],
        )
    )
    assert await dependents(index, "person.gts") == ["ann.json", "employee.gts"]
    assert await dependents(index, "person") == ["ann.json", "employee.gts"]


async def test_an_instance_edit_reaches_those_who_link_to_it(index: IndexStore) -> None:
    await index.commit(
        Batch(
            ATLAS,
            [
                instance("a.json", "person"),
                instance("b.json", "person", "a.json"),
                instance("c.json", "person", "b.json"),
            ],
        )
    )
    assert await dependents(index, "a.json") == ["b.json", "c.json"]
    assert await dependents(index, f"{ATLAS}a") == ["b.json", "c.json"]
    assert await dependents(index, "a.json", through_instances=False) == ["b.json"]


async def test_cycles_end(index: IndexStore) -> None:
    await index.commit(
        Batch(
            ATLAS,
            [
                module("a.gts", "b"),
                module("b.gts", "a"),
                instance("x.json", "a", "y.json"),
                instance("y.json", "a", "x.json"),
            ],
        )
    )
    assert await dependents(index, "a.gts") == ["a.gts", "b.gts", "x.json", "y.json"]
    assert await dependents(index, "x.json") == ["x.json", "y.json"]


async def test_other_realms_are_reached(index: IndexStore) -> None:
    await index.commit(Batch(ATLAS, [module("person.gts")]))
    await index.commit(Batch(OTHER, [instance("ann.json", "person", realm=OTHER)]))
    [found] = await index.dependents([f"{ATLAS}person.gts"])
    assert (found.realm_url, found.url, found.type) == (OTHER, f"{OTHER}ann.json", "instance")


async def test_every_spelling_of_the_base_realm_is_one_name(index: IndexStore) -> None:
    await index.commit(
        Batch(
            ATLAS,
            [
                instance("a.json", "@cardstack/base/string"),
                instance("b.json", f"{PUBLIC}/base/string"),
                instance("c.json", "https://cardstack.com/base/string"),
            ],
        )
    )
    for changed in (f"{PUBLIC}/base/string.gts", "@cardstack/base/string"):
        found = await index.dependents([changed])
        assert [each.url.removeprefix(ATLAS) for each in found] == ["a.json", "b.json", "c.json"]


async def test_creating_what_an_error_looked_for_reaches_it(index: IndexStore) -> None:
    error = {"status": "422", "title": "Module Not Found", "detail": "persn"}
    broken = NewEntry(
        f"{ATLAS}ann.json",
        "instance",
        error=error,
        dependencies=[Dependency(f"{ATLAS}persn", "module")],
    )
    await index.commit(Batch(ATLAS, [broken]))
    assert await dependents(index, "persn.gts") == ["ann.json"]


async def test_what_an_entry_rested_on_before_its_error_still_reaches_it(
    index: IndexStore,
) -> None:
    await index.commit(Batch(ATLAS, [instance("ann.json", "person")]))
    error = {"status": "500", "title": "", "detail": "It threw."}
    await index.commit(Batch(ATLAS, [NewEntry(f"{ATLAS}ann.json", "instance", error=error)]))
    assert await dependents(index, "person.gts") == ["ann.json"]


async def test_dotted_names_and_plain_files(index: IndexStore) -> None:
    await index.commit(
        Batch(
            ATLAS,
            [
                module("v1.2.gts"),
                instance("a.json", "v1.2", "my.card.json"),
                NewEntry(
                    f"{ATLAS}b.json",
                    "instance",
                    dependencies=[Dependency(f"{ATLAS}flag.svg", "file")],
                ),
                NewEntry(
                    f"{ATLAS}c.json",
                    "instance",
                    dependencies=[Dependency(f"{ATLAS}mr.x", "file")],
                ),
            ],
        )
    )
    assert await dependents(index, "mr.x.json") == ["c.json"]
    assert await dependents(index, "v1.2.gts") == ["a.json"]
    assert await dependents(index, "my.card.json") == ["a.json"]
    assert await dependents(index, f"{ATLAS}my.card") == ["a.json"]
    assert await dependents(index, "flag.svg") == ["b.json"]


async def test_nothing_changed_has_no_dependents(index: IndexStore) -> None:
    assert await index.dependents([]) == []


NODES = st.integers(min_value=0, max_value=9)
EDGES = st.sets(st.tuples(NODES, NODES), max_size=30)


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_dependents_are_what_a_walk_over_the_graph_finds(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with asyncio.Runner() as runner:
        url = f"sqlite://{tmp_path / 'realmkit.db'}"
        if dialect == "postgres":
            url = runner.run(request.getfixturevalue("postgres").new_database())
        db = runner.run(open_database(url))
        index = IndexStore(db, ChangeLog(db), public_url=PUBLIC)

        @settings(max_examples=30)
        @given(EDGES, NODES, st.booleans())
        def holds(edges: set[tuple[int, int]], changed: int, through_instances: bool) -> None:
            expected = walked(edges, changed, through_instances)
            found = runner.run(asked(index, edges, changed, through_instances))
            assert found == {url_of(node) for node in expected}

        try:
            holds()
        finally:
            runner.run(db.close())
            if dialect == "postgres":
                request.getfixturevalue("postgres").drop(url)


# Even nodes are modules, odd ones instances; an edge (a, b) says that a rests on b.


def url_of(node: int) -> str:
    return f"{ATLAS}{node}.{'json' if node % 2 else 'gts'}"


def walked(edges: set[tuple[int, int]], changed: int, through_instances: bool) -> set[int]:
    expected: set[int] = set()
    frontier = {changed}
    while frontier:
        reached = {a for a, b in edges for node in frontier if b == node and a != b} - expected
        expected |= reached
        frontier = reached if through_instances else {node for node in reached if node % 2 == 0}
    return expected


async def asked(
    index: IndexStore, edges: set[tuple[int, int]], changed: int, through_instances: bool
) -> set[str]:
    """What the index answers once it has this graph and nothing else."""

    def dependency(node: int) -> Dependency:
        kind: DependencyKind = "instance" if node % 2 else "module"
        return Dependency(url_of(node).removesuffix(".gts"), kind)

    kinds: dict[int, EntryType] = {n: "instance" if n % 2 else "module" for n in range(10)}
    entries = [
        NewEntry(
            url_of(node),
            kind,
            dependencies=[dependency(b) for a, b in sorted(edges) if a == node],
        )
        for node, kind in kinds.items()
    ]
    await index.commit(Batch(ATLAS, entries))
    found = await index.dependents([url_of(changed)], through_instances=through_instances)
    return {each.url for each in found}
