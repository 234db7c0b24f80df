"""What a commit makes visible, what an error leaves standing, what a repair restores."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from realmkit.db import Database, load_sql
from realmkit.errors import TryLater
from realmkit.index import (
    Batch,
    Dependency,
    IndexStore,
    NewEntry,
    QueryDependency,
)

from ..support.realms import ATLAS

pytestmark = pytest.mark.anyio

FRANCE = f"{ATLAS}Country/fr.json"
COUNTRY = f"{ATLAS}country/Country"
CARD_DEF = "@cardstack/base/card-api/CardDef"
BROKEN = {"status": "500", "title": "Card Does Not Render", "detail": "It threw."}
TABLES = (
    "entries",
    "search_entries",
    "search_values",
    "search_words",
    "index_dependencies",
    "prerendered_html",
    "entry_styles",
    "query_dependencies",
    "query_targets",
)


def france(**members: Any) -> NewEntry:
    good: dict[str, Any] = {
        "pristine_doc": {"id": FRANCE, "attributes": {"name": "France"}},
        "search_doc": {"name": "France"},
        "types": [COUNTRY, CARD_DEF],
        "display_names": ["Country", "Card"],
        "icon_html": "<svg/>",
        "html": {
            "isolated": "<h1>France</h1>",
            "fitted": {COUNTRY: "<b>France</b>", CARD_DEF: "<i>France</i>"},
        },
        "styles": {"s1": "h1 {}"},
        "dependencies": [Dependency(f"{ATLAS}country", "module")],
        "last_modified": 100,
        "resource_created_at": 50,
        "content_hash": "h1",
    }
    return NewEntry(FRANCE, "instance", **(good | members))


async def commit(index: IndexStore, *entries: NewEntry, removed: Sequence[str] = ()) -> int:
    return (await index.commit(Batch(ATLAS, entries, removed))).generation


async def edges(index: IndexStore, url: str = FRANCE) -> list[str]:
    return [edge for each in await index.dependencies(url) for edge in each.dependencies]


async def test_an_entry_comes_back_as_it_was_put(index: IndexStore) -> None:
    generation = await commit(index, france(diagnostics={"brokenLinks": [{"field": "flag"}]}))

    entry = await index.entry(FRANCE)
    assert entry is not None
    assert (entry.realm_url, entry.type, entry.file_alias) == (
        ATLAS,
        "instance",
        f"{ATLAS}Country/fr",
    )
    assert entry.search_doc == {"name": "France"}
    assert (entry.types, entry.display_names) == ([COUNTRY, CARD_DEF], ["Country", "Card"])
    assert (entry.last_modified, entry.resource_created_at) == (100, 50)
    assert (entry.has_error, entry.error_doc, entry.generation) == (False, None, generation)
    assert await index.broken_links(ATLAS) == [(FRANCE, [{"field": "flag"}])]


async def test_html_is_found_by_format_and_type(index: IndexStore) -> None:
    await commit(index, france())
    assert await index.html(ATLAS, FRANCE, "isolated") == "<h1>France</h1>"
    assert await index.html(ATLAS, FRANCE, "fitted") == "<b>France</b>"
    assert await index.html(ATLAS, FRANCE, "fitted", CARD_DEF) == "<i>France</i>"
    assert await index.html(ATLAS, FRANCE, "atom") is None
    assert await index.styles_of(ATLAS, FRANCE) == {"s1": "h1 {}"}
    assert await index.style("s1") == "h1 {}"


async def test_a_new_visit_replaces_everything(index: IndexStore) -> None:
    await commit(index, france())
    await commit(index, france(types=[CARD_DEF], html={"atom": "a"}, styles={}, dependencies=[]))
    assert await index.html(ATLAS, FRANCE, "isolated") is None
    assert await index.styles_of(ATLAS, FRANCE) == {}
    assert await edges(index) == []
    entry = await index.entry(FRANCE)
    assert entry is not None and entry.types == [CARD_DEF]


async def test_an_error_keeps_the_last_good_artefacts(index: IndexStore) -> None:
    await commit(index, france())
    await commit(
        index,
        NewEntry(
            FRANCE,
            "instance",
            # As a visit that fails brings it.
            pristine_doc={"id": FRANCE, "attributes": {"name": "Frnce"}},
            error=BROKEN,
            dependencies=[Dependency(f"{ATLAS}persn", "module")],
            last_modified=200,
            content_hash="h2",
        ),
    )

    entry = await index.entry(FRANCE)
    assert entry is not None
    assert (entry.has_error, entry.error_doc) == (True, BROKEN)
    assert (entry.search_doc, entry.types) == ({"name": "France"}, [COUNTRY, CARD_DEF])
    assert entry.pristine_doc == {"id": FRANCE, "attributes": {"name": "France"}}
    assert (entry.last_modified, entry.content_hash) == (200, "h2")
    assert await index.html(ATLAS, FRANCE, "isolated") == "<h1>France</h1>"
    assert await index.styles_of(ATLAS, FRANCE) == {"s1": "h1 {}"}
    assert await edges(index) == [f"{ATLAS}country", f"{ATLAS}persn"]
    assert [each.error for each in await index.errors(ATLAS)] == [BROKEN]


async def test_the_next_error_forgets_what_the_one_before_looked_for(index: IndexStore) -> None:
    await commit(index, france())
    for missing in ("persn", "prson"):
        await commit(
            index,
            france(error=BROKEN, dependencies=[Dependency(f"{ATLAS}{missing}", "module")]),
        )
    assert await edges(index) == [f"{ATLAS}country", f"{ATLAS}prson"]


async def test_a_repair_clears_the_error_and_its_dependencies(index: IndexStore) -> None:
    await commit(index, france())
    await commit(index, france(error=BROKEN, dependencies=[Dependency(f"{ATLAS}x", "module")]))
    await commit(index, france())
    entry = await index.entry(FRANCE)
    assert entry is not None and not entry.has_error and entry.error_doc is None
    assert await edges(index) == [f"{ATLAS}country"]
    assert await index.errors(ATLAS) == []


async def test_a_card_that_was_never_good_shows_what_its_visits_left(index: IndexStore) -> None:
    for name in ("Frnce", "Franc"):
        await commit(index, france(error=BROKEN, search_doc={"name": name}, html={"atom": name}))
    entry = await index.entry(FRANCE)
    assert entry is not None and entry.has_error
    assert entry.search_doc == {"name": "Franc"}
    assert await index.html(ATLAS, FRANCE, "atom") == "Franc"


async def test_a_removed_url_leaves_nothing_behind(index: IndexStore, db: Database) -> None:
    await commit(index, france())
    await commit(index, removed=[FRANCE])
    assert await index.entry(FRANCE) is None
    for table in TABLES:
        assert await db.read(f"select count(*) from {table}") == [(0,)], table


async def test_a_card_that_becomes_a_file_which_fails_is_an_error_of_that_file(
    index: IndexStore, db: Database
) -> None:
    await commit(index, france(), NewEntry(FRANCE, "file", search_doc={"name": "fr.json"}))
    await commit(index, NewEntry(FRANCE, "file", error=BROKEN), removed=[FRANCE])

    entry = await index.entry(FRANCE)
    assert entry is not None and (entry.type, entry.error_doc) == ("file", BROKEN)
    [(found,)] = await db.read("select count(*) from search_entries")
    sizes = await db.read("select size from shelves where size <> 0")
    assert (found, sizes) == (1, [(1,)])


async def test_a_url_may_be_an_instance_and_a_file(index: IndexStore) -> None:
    await commit(index, france(), NewEntry(FRANCE, "file", search_doc={"name": "fr.json"}))
    entry = await index.entry(FRANCE)
    file = await index.entry(FRANCE, "file")
    assert entry is not None and entry.type == "instance"
    assert file is not None and file.search_doc == {"name": "fr.json"}
    assert await index.html(ATLAS, FRANCE, "isolated") == "<h1>France</h1>"


async def test_a_commit_that_fails_changes_nothing(index: IndexStore) -> None:
    await commit(index, france())
    with pytest.raises(TryLater):
        async with index.committing(ATLAS, 9) as commit_:
            await commit_.add([france(search_doc={"name": "half"})])
            raise TryLater("The database went away.")
    entry = await index.entry(FRANCE)
    assert entry is not None and entry.search_doc == {"name": "France"}
    assert await index.indexed_seq(ATLAS) == 0


async def test_strange_text_does_not_cost_a_card_its_place(index: IndexStore) -> None:
    await commit(
        index,
        france(
            search_doc={"name": "a\ud800b\0c", "half\udc00": [2**70]},
            html={"isolated": "x\0y\ud800"},
        ),
    )
    entry = await index.entry(FRANCE)
    assert entry is not None
    assert entry.search_doc == {"name": "a\ufffdb\ufffdc", "half\ufffd": [float(2**70)]}
    assert await index.html(ATLAS, FRANCE, "isolated") == "x\ufffdy\ufffd"

    await commit(index, france(error={**BROKEN, "detail": "a\0b\ud800"}))
    [error] = await index.errors(ATLAS)
    assert error.error["detail"] == "a\ufffdb\ufffd"


async def test_definitions_are_replaced_module_by_module(index: IndexStore) -> None:
    def definition(name: str) -> dict[str, Any]:
        ref = {"module": f"{ATLAS}country", "name": name}
        return {"type": "card-def", "codeRef": ref, "displayName": name, "types": [], "fields": {}}

    module = f"{ATLAS}country"
    await index.commit(Batch(ATLAS, definitions={module: {"A": definition("A")}}))
    await index.commit(
        Batch(ATLAS, definitions={module: {"B": definition("B"), "C": definition("C")}})
    )
    assert sorted(await index.definitions_of_realm(ATLAS)) == [f"{module}/B", f"{module}/C"]
    found = await index.definitions([f"{module}/A", f"{module}/B"])
    assert [each.display_name for each in found.values()] == ["B"]

    await commit(index, removed=[f"{module}.gts"])
    assert await index.definitions_of_realm(ATLAS) == {}


async def test_reports_are_plain_listings(index: IndexStore) -> None:
    germany = f"{ATLAS}Country/de.json"
    await commit(
        index,
        france(),
        NewEntry(germany, "instance", types=[COUNTRY], display_names=["Country"], error=BROKEN),
        NewEntry(f"{ATLAS}country.gts", "module", last_modified=7),
    )
    [summary] = await index.types_summary(ATLAS)
    assert (summary.type_key, summary.display_name, summary.total) == (COUNTRY, "Country", 2)
    counts = await index.counts(ATLAS)
    assert (counts.instances, counts.modules, counts.files, counts.errors) == (2, 1, 0, 1)
    assert [file.url for file in await index.indexed_files(ATLAS)] == [
        germany,
        FRANCE,
        f"{ATLAS}country.gts",
    ]


async def test_waiting_ends_with_the_commit_that_reaches_the_seq(index: IndexStore) -> None:
    waiting = asyncio.create_task(index.wait_indexed(ATLAS, 3, timeout_s=10))
    await index.commit(Batch(ATLAS, indexed_seq=2))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await index.commit(Batch(ATLAS, indexed_seq=3))
    assert await waiting
    assert not await index.wait_indexed(ATLAS, 4, timeout_s=0.01)


async def test_indexed_seq_never_goes_back(index: IndexStore) -> None:
    await index.commit(Batch(ATLAS, indexed_seq=5))
    await index.commit(Batch(ATLAS, indexed_seq=3))
    await index.commit(Batch(ATLAS))
    state = await index.state(ATLAS)
    assert (state.indexed_seq, state.generation) == (5, 3)


async def test_a_stored_query_is_found_by_the_name_that_its_type_has(index: IndexStore) -> None:
    described = {"type": "card-def", "codeRef": {"module": f"{ATLAS}country", "name": "Country"}}
    passed_on = {f"{ATLAS}index": {"Land": described}}
    query = QueryDependency({"filter": {}}, [ATLAS], [f"{ATLAS}index/Land"], [])
    # In one commit with the module, and in a later one.
    await index.commit(Batch(ATLAS, [france(queries=[query])], definitions=passed_on))
    assert [each.url for each in await index.stored_queries([COUNTRY])] == [FRANCE]
    await commit(index, france(queries=[query]))
    assert [each.url for each in await index.stored_queries([COUNTRY])] == [FRANCE]


async def test_stored_queries_are_found_by_what_can_change_them(
    index: IndexStore,
) -> None:
    query = QueryDependency({"filter": {}}, [ATLAS], [COUNTRY], [f"{ATLAS}Country/de"])
    await commit(index, france(queries=[query]))

    [stored] = await index.stored_queries([COUNTRY, "other"])
    assert (stored.url, stored.query, stored.realms) == (FRANCE, {"filter": {}}, [ATLAS])
    assert stored.found([f"{ATLAS}Country/de"])
    assert not stored.found([])
    assert await index.stored_queries(["other"]) == []
    await commit(index, france())
    assert await index.stored_queries([COUNTRY]) == []


async def test_the_neighbours_of_a_card_are_those_next_to_it_in_its_folder(
    index: IndexStore,
) -> None:
    names = ["a", "b", "d", "e", "c/x", "bb/x", "d/e/x", "z"]
    cards = [NewEntry(f"{ATLAS}City/{name}.json", "instance") for name in names]
    others = [
        NewEntry(f"{ATLAS}City/c.gts", "module"),
        NewEntry(f"{ATLAS}City/c.json", "file"),
        NewEntry(f"{ATLAS}City-x/c.json", "instance"),
        NewEntry(f"{ATLAS}City0.json", "instance"),
        NewEntry(f"{ATLAS}c.json", "instance"),
    ]
    await commit(index, *cards, *others)

    async def neighbours(limit: int, path: str = "City/c") -> list[str]:
        found = await index.neighbours(ATLAS, f"{ATLAS}{path}.json", limit)
        return [url.removeprefix(ATLAS).removesuffix(".json") for url in found]

    assert await neighbours(9) == ["City/b", "City/d", "City/a", "City/e", "City/z"]
    assert await neighbours(2) == ["City/b", "City/d"]
    assert await neighbours(9, "b") == ["City0", "c"]
    assert await neighbours(9, "Village/c") == []


async def test_searches_are_found_by_an_index_however_many_there_are(
    index: IndexStore, db: Database
) -> None:
    # Long ones: reading all of a small table may be quicker than its index.
    long = {"filter": {"eq": {"name": "n" * 1_500}}}
    entries = [
        NewEntry(
            f"{ATLAS}p{number}.json",
            "instance",
            queries=[QueryDependency(long, [ATLAS], [f"{ATLAS}t{number % 500}"], [])],
        )
        for number in range(1_000)
    ]
    await index.commit(Batch(ATLAS, entries))
    if db.dialect == "postgres":
        async with db.transaction() as tx:
            await tx.execute("analyze query_targets, query_dependencies")
    sql = load_sql("realmkit.index", "reading.sql", db.dialect)["queries"]
    explain = "explain query plan" if db.dialect == "sqlite" else "explain"
    how = str(await db.read(f"{explain} {sql}", (f'["{ATLAS}t7"]',)))

    assert "query_targets_by_type" in how
    assert "Seq Scan" not in how and "SCAN q" not in how


@pytest.mark.parametrize("is_analyzed", [True, False])
async def test_what_a_file_has_in_the_index_is_found_by_indexes_however_large_the_realm_is(
    index: IndexStore, db: Database, is_analyzed: bool
) -> None:
    entries = [
        NewEntry(
            f"{ATLAS}p{number}.json",
            "instance",
            types=[COUNTRY],
            search_doc={"id": str(number)},
            dependencies=[Dependency(f"{ATLAS}country", "module")],
        )
        for number in range(2_000)
    ]
    await index.commit(Batch(ATLAS, entries))
    if db.dialect == "postgres" and is_analyzed:
        async with db.transaction() as tx:
            await tx.execute("analyze entries, search_entries, index_dependencies")
    reading = load_sql("realmkit.index", "reading.sql", db.dialect)
    writing = load_sql("realmkit.index", "writing.sql", db.dialect)
    urls = f'["{ATLAS}p7.json"]'
    explain = "explain query plan" if db.dialect == "sqlite" else "explain"
    for sql, params in (
        (writing["before"], (ATLAS, urls)),
        (reading["dependents"], (urls,)),
        (reading["dependents_through_modules"], (urls,)),
        (reading["neighbours"], (ATLAS, f"{ATLAS}City/", f"{ATLAS}City/a", f"{ATLAS}City0", 10)),
    ):
        how = str(await db.read(f"{explain} {sql}", params))
        for table in ("entries", "search_entries", "index_dependencies"):
            assert f"Seq Scan on {table}" not in how
        assert not any(f"SCAN {name}'" in how for name in "efdhyq")
