"""What no database takes is bounded beforehand, or an error of the one file it is of."""

import hashlib
from typing import Any, cast

import pytest

from realmkit.db import Database
from realmkit.index import Batch, Dependency, IndexStore, LongRun, LongRuns, NewEntry, VisitedFile
from realmkit.index.committing import Commit
from realmkit.index.outcomes import BYTES_IN_A_PORTION, last_of_portion

from ..support.realms import ATLAS

pytestmark = pytest.mark.anyio

PUBLIC = "http://127.0.0.1:4201"


def random_text(characters: int) -> str:
    """Text that no compression makes smaller than what an index takes."""
    parts = (hashlib.sha256(str(n).encode()).hexdigest() for n in range(characters // 64 + 1))
    return "".join(parts)[:characters]


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def card(name: str, **members: Any) -> NewEntry:
    given: dict[str, Any] = {
        "search_doc": {"name": name},
        "types": [f"{ATLAS}a/A"],
        "content_hash": "h",
    } | members
    return NewEntry(f"{ATLAS}{name}.json", "instance", {"id": name}, **given)


LARGE = {
    "sixteen thousand long words": card(
        "x", search_doc={"text": " ".join(f"{n:05}" + random_text(59) for n in range(16_000))}
    ),
    "a long link": card("x", dependencies=[Dependency(ATLAS + random_text(9_000), "instance")]),
    "a long module": card("x", dependencies=[Dependency(ATLAS + random_text(9_000), "module")]),
    "a long key": card("x", search_doc={random_text(9_000): {random_text(9_000): 1}, "a": 1}),
    "a long text": card("x", search_doc={"text": random_text(3_000_000)}),
    "a long path of keys": card("x", search_doc={"a" * 900: {"b" * 900: {"c" * 900: 1}}}),
}


@pytest.mark.parametrize("what", LARGE)
async def test_a_card_with_something_very_large_is_indexed(
    index: IndexStore, db: Database, what: str
) -> None:
    await index.commit(Batch(ATLAS, [LARGE[what], card("ann")]))

    assert await index.errors(ATLAS) == []
    assert await db.read("select count(*) from search_entries") == [(2,)]


REFUSED = {
    "too deep": (card("x", search_doc={"deep": nested(300)}), "nests too deep"),
    "far too deep": (card("x", search_doc={"deep": nested(3_000)}), "nests too deep"),
    "no text": (card("x", styles=cast("Any", {"s": None})), "css"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_the_database_refuses_is_the_only_error_of_its_commit(
    index: IndexStore, what: str
) -> None:
    entry, reason = REFUSED[what]
    gone = card("gone")
    await index.commit(Batch(ATLAS, [gone]))
    definition = {"codeRef": {"module": f"{ATLAS}a", "name": "A"}, "type": "card-def"}
    await index.commit(
        Batch(
            ATLAS,
            [card("ann"), NewEntry(f"{ATLAS}a.gts", "module"), entry, card("bob")],
            [gone.url],
            {f"{ATLAS}a": {"A": definition | {"displayName": "A", "types": [], "fields": {}}}},
            indexed_seq=7,
        )
    )

    [error] = await index.errors(ATLAS)
    assert (error.url, error.error["status"]) == (entry.url, "422")
    assert "cannot be put into the index" in error.error["detail"]
    assert reason in error.error["detail"]
    found = await index.indexed_files(ATLAS)
    assert [each.url.removeprefix(ATLAS) for each in found] == [
        "a.gts",
        "ann.json",
        "bob.json",
        "x.json",
    ]
    assert list(await index.definitions_of_realm(ATLAS)) == [f"{ATLAS}a/A"]
    assert await index.indexed_seq(ATLAS) == 7


async def test_a_key_that_postgresql_has_no_room_for_is_the_only_error_of_its_commit(
    index: IndexStore, db: Database
) -> None:
    named = card("x", html={"fitted": {random_text(9_000): "<p></p>"}})
    await index.commit(Batch(ATLAS, [card("ann"), named, card("bob")]))

    errors = [each.url for each in await index.errors(ATLAS)]
    assert errors == ([named.url] if db.dialect == "postgres" else [])
    assert len(await index.indexed_files(ATLAS)) == 3


async def test_a_card_that_is_refused_keeps_what_was_good_of_it(index: IndexStore) -> None:
    await index.commit(Batch(ATLAS, [card("x", html={"isolated": "good"})]))
    await index.commit(Batch(ATLAS, [card("x", styles=cast("Any", {"s": None}))]))

    assert await index.html(ATLAS, f"{ATLAS}x.json", "isolated") == "good"
    assert len(await index.errors(ATLAS)) == 1


async def test_a_long_run_writes_an_error_down_where_a_visit_cannot_be(
    index: IndexStore, db: Database
) -> None:
    runs = LongRuns(db, index, public_url=PUBLIC)
    entries = [card("ann"), card("x", search_doc={"deep": nested(3_000)}), card("bob")]
    urls = [entry.url for entry in entries]
    await runs.begin(ATLAS, LongRun(is_full=True, postpones=False, after_seq=0, seq=0), urls)
    owed = await runs.owed(ATLAS)
    visited = [VisitedFile(entry.url, [entry]) for entry in entries]
    await runs.put(ATLAS, visited, await runs.place(), owed)
    assert await runs.owed(ATLAS) == {}

    async def nothing(*_: object) -> Any:
        return []

    await runs.commit(ATLAS, announce=nothing)
    [error] = await index.errors(ATLAS)
    assert error.url == f"{ATLAS}x.json"
    assert len(await index.indexed_files(ATLAS)) == 3


def test_a_portion_holds_few_bytes_and_at_least_one_file() -> None:
    half = BYTES_IN_A_PORTION // 2
    assert last_of_portion([("a", half), ("b", half), ("c", 1)]) == "b"
    assert last_of_portion([("a", 3 * half), ("b", 1)]) == "a"
    assert last_of_portion([("a", 1), ("b", 1)]) == "b"


async def test_portions_of_a_commit_leave_nothing_out(
    index: IndexStore, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realmkit.index.outcomes.BYTES_IN_A_PORTION", 700)
    runs = LongRuns(db, index, public_url=PUBLIC)
    entries = [card(f"p{n}") for n in range(7)]
    run = LongRun(is_full=True, postpones=False, after_seq=0, seq=0)
    await runs.begin(ATLAS, run, [entry.url for entry in entries])
    owed = await runs.owed(ATLAS)
    visited = [VisitedFile(entry.url, [entry]) for entry in entries]
    await runs.put(ATLAS, visited, await runs.place(), owed)
    portions: list[int] = []
    add = Commit.add

    async def noted(self: Commit, entries: Any, *rest: Any) -> None:
        portions.append(len(entries))
        await add(self, entries, *rest)

    monkeypatch.setattr(Commit, "add", noted)

    async def announce(_urls: object) -> Any:
        return []

    await runs.commit(ATLAS, announce=announce)
    assert len(portions) > 1 and sum(portions) == 7
    assert len(await index.indexed_files(ATLAS)) == 7
