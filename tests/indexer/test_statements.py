"""What an edit costs in statements, whatever the size of its realm."""

import pytest

from realmkit.index import Batch, Dependency, NewEntry, QueryDependency

from .conftest import House, card

pytestmark = pytest.mark.anyio


async def fill(house: House, first: int, last: int) -> None:
    """Index cards that were never rendered: rows like those a run leaves."""
    entries = [
        NewEntry(
            house.url(f"seed{number}.json"),
            "instance",
            pristine_doc={"id": str(number)},
            search_doc={"title": f"Seed {number}"},
            types=[house.url("person/Card"), "@cardstack/base/card-api/CardDef"],
            display_names=["Card", "Card"],
            html={"isolated": "<p></p>"},
            dependencies=[Dependency(house.url("person"), "module")],
            # Not of what is edited: those searches are asked again, as many as there are.
            queries=[QueryDependency({}, [], [house.url("other/Card")], [])],
            content_hash="h",
        )
        for number in range(first, last)
    ]
    await house.index.commit(Batch(house.url(), entries))


async def statements_of_edits(house: House, paths: list[str], title: str) -> int:
    """How many statements it takes from the files' change to the end of their run."""
    before = house.db.statements
    await house.write({path: card(title) for path in paths})
    await house.index_all()
    return house.db.statements - before


async def test_an_edit_of_one_leaf_costs_few_statements(house: House):
    await house.write({"leaf.json": card("Leaf")})
    await house.indexer.start()
    await house.index_all()
    await statements_of_edits(house, ["leaf.json"], "warm")
    found = [await statements_of_edits(house, ["leaf.json"], f"a{n}") for n in range(4)]

    # The write, the run and its commit; three looks of ours at whether both realms are done,
    # and three of the stand-ins for modules and page at files. PostgreSQL is also told to notify.
    assert min(found) <= (30 if house.db.dialect == "sqlite" else 32)


async def test_an_edit_costs_as_many_statements_in_a_realm_ten_times_as_large(house: House):
    await house.write({"leaf.json": card("Leaf")})
    await house.indexer.start()
    await house.index_all()
    await fill(house, 0, 100)
    await statements_of_edits(house, ["leaf.json"], "warm")
    in_small = {await statements_of_edits(house, ["leaf.json"], f"a{n}") for n in range(4)}
    await fill(house, 100, 1_000)
    in_large = {await statements_of_edits(house, ["leaf.json"], f"b{n}") for n in range(4)}

    # Who waits for hints may look once more or once less.
    assert min(in_large) <= max(in_small)


async def test_each_further_card_of_an_edit_costs_less_than_five_statements(house: House):
    paths = [f"p{number:02}.json" for number in range(40)]
    await house.write({path: card("P") for path in paths})
    await house.indexer.start()
    await house.index_all()
    await statements_of_edits(house, paths[:4], "warm")
    few = min([await statements_of_edits(house, paths[:4], f"a{n}") for n in range(3)])
    many = max([await statements_of_edits(house, paths, f"b{n}") for n in range(3)])

    assert (many - few) / 36 < 2
