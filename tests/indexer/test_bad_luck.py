"""Files, databases and browsers that fail in the middle of a run. One bad file never stops one."""

import asyncio
import hashlib
import json
import os
import signal
from pathlib import Path
from typing import cast

import pytest

from realmkit.db.sqlite import SqliteDatabase

from .conftest import House, card

pytestmark = pytest.mark.anyio

GATED = card("Slow", behaviour="gate")


async def start(house: House) -> None:
    await house.indexer.start()
    await house.index_all()
    house.visits_since()


def people(count: int) -> dict[str, object]:
    return {f"p{number:03}.json": card(f"P{number}") for number in range(count)}


async def indexed_in_the_end(house: House) -> None:
    """Wait until the index has everything, however often a run could not be made meanwhile."""
    last = await house.changes.last_seq(house.url())
    assert await house.index.wait_indexed(house.url(), last, timeout_s=60)
    await house.index_all()


def root(house: House) -> Path:
    return house.stores["one"].root


async def test_a_card_that_vanishes_while_it_renders_is_gone_in_the_end(house: House):
    house.have_patience()
    await start(house)
    await house.write({"slow.json": GATED, "ann.json": card("Ann")})
    await house.at_gate.wait()
    (root(house) / "slow.json").unlink()
    await house.stores["one"].scan()
    house.gate.set()
    await house.index_all()

    assert await house.index.entry(house.url("slow.json")) is None
    assert not (await house.entry("ann.json")).has_error


async def test_a_link_target_that_vanishes_before_it_is_read_is_a_broken_link(house: House):
    await house.write({"ann.json": card("Ann", links={"friend": "./bob"}), "bob.json": card("Bob")})
    (root(house) / "bob.json").unlink()
    await start(house)

    ann = await house.entry("ann.json")
    assert [link["field"] for link in ann.diagnostics["brokenLinks"]] == ["friend"]
    assert await house.index.entry(house.url("bob.json")) is None


@pytest.mark.parametrize("kind", ["folder", "dangling link", "link to itself"])
async def test_a_file_that_turns_into_something_unreadable_does_not_stop_the_run(
    house: House, kind: str
):
    await house.write({"odd.json": card("Odd"), "odd.gts": "sound", **people(3)})
    for name in ("odd.json", "odd.gts"):
        odd = root(house) / name
        odd.unlink()
        if kind == "folder":
            odd.mkdir()
        else:
            odd.symlink_to(name if kind == "link to itself" else "nowhere")
    await start(house)

    for path in people(3):
        assert not (await house.entry(path)).has_error
    entry = await house.index.entry(house.url("odd.json"))
    assert entry is None or entry.has_error


async def test_chromium_killed_in_a_long_run_costs_nothing(house: House):
    house.have_patience()
    await house.write({**people(30), "slow.json": GATED})
    await house.indexer.start()
    await house.at_gate.wait()
    process = house.prerenderer.browser.process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    await process.connection.closed.wait()
    house.gate.set()
    await house.index_all()

    counts = await house.index.counts(house.url())
    assert (counts.instances, counts.errors) == (31, 0)


async def test_a_card_that_loops_in_a_long_run_is_the_only_error(house: House):
    await house.write({**people(30), "p010.json": card("Loop", behaviour="loop")})
    await start(house)

    [error] = await house.index.errors(house.url())
    assert error.url == house.url("p010.json")
    assert "did not finish rendering" in error.error["detail"]


async def _problem(house: House) -> str:
    """Wait until a run could not be made; returns why."""
    async with asyncio.timeout(60):
        async for progress in house.indexer.progress_hub.follow(house.url()):
            if progress.problem:
                return progress.problem
    raise AssertionError("nobody reports progress any more")


async def fill_disk(house: House) -> None:
    """Have the database take no more entries for lack of room."""
    if house.db.dialect == "sqlite":
        [(pages,)] = await house.db.read("pragma page_count")
        cast("SqliteDatabase", house.db).writer.execute(
            f"pragma max_page_count = {pages + 10}"
        ).fetchall()
        return
    async with house.db.transaction() as tx:
        await tx.execute(
            "create function refuse() returns trigger language plpgsql as"
            " $$ begin raise exception 'No space left' using errcode = 'disk_full'; end $$"
        )
        await tx.execute("create trigger refuse before insert on entries execute function refuse()")


async def make_room(house: House) -> None:
    if house.db.dialect == "sqlite":
        cast("SqliteDatabase", house.db).writer.execute(
            "pragma max_page_count = 1000000"
        ).fetchall()
        return
    async with house.db.transaction() as tx:
        await tx.execute("drop trigger refuse on entries")


@pytest.mark.parametrize("others", [0, 60], ids=["short run", "long run"])
async def test_a_disk_that_fills_stops_the_run_and_room_lets_it_go_on(house: House, others: int):
    house.have_patience()
    await start(house)
    large = card("Ann", behaviour="gate", **{f"field{n}": "x" * 900 for n in range(400)})
    await house.write({"ann.json": large, **people(others)})
    await house.at_gate.wait()
    await fill_disk(house)
    house.gate.set()
    problem = await _problem(house)
    told = {"sqlite": "disk is full", "postgres": "The database is busy or cannot be reached"}
    assert told[house.db.dialect] in problem
    assert await house.index.entry(house.url("ann.json")) is None
    await make_room(house)
    await indexed_in_the_end(house)

    assert await house.index.errors(house.url()) == []
    assert (await house.index.counts(house.url())).instances == others + 1


@pytest.mark.parametrize("others", [3, 60], ids=["short run", "long run"])
async def test_files_that_no_database_takes_stop_neither_kind_of_run(house: House, others: int):
    await start(house)
    long_text = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(40))
    await house.write(
        {
            **people(others),
            "deep.json": card("Deep", behaviour="deep"),
            "abyss.json": card("Abyss", behaviour="abyss"),
            "link.json": card("Link", links={"friend": f"./{long_text}"}),
            "module.json": card("Module", module=f"./{long_text}"),
            "front.md": f"---\n{long_text}: 1\n{'a' * 900}: {{{'b' * 900}: 2}}\n---\n# {long_text}\n",
            "keys.json": {long_text: {long_text: 1}},
            "words.txt": " ".join(f"{n:05}{long_text[:54]}" for n in range(1_600)),
        }
    )
    await house.index_all()

    errors = {each.url: each.error["detail"] for each in await house.index.errors(house.url())}
    for path in ("deep.json", "abyss.json"):
        assert "nests deeper than 200 levels" in errors.pop(house.url(path))
    assert "was not found" in errors.pop(house.url("module.json"))
    assert errors == {}
    assert len(await house.indexed_urls()) == others + 8


async def test_a_card_of_ten_megabytes_is_an_error_of_its_own_and_of_nothing_else(house: House):
    await start(house)
    large = card("Large", text="words of many " * 750_000)
    (root(house) / "large.json").write_text(json.dumps(large))
    for path, content in people(3).items():
        (root(house) / path).write_text(json.dumps(content))
    await house.stores["one"].scan()
    await house.index_all()

    [error] = await house.index.errors(house.url())
    assert (error.url, error.error["status"]) == (house.url("large.json"), "413")
    assert "a card has at most 4,194,304" in error.error["detail"]
    assert house.visits_since() == [f"one/{path}" for path in people(3)]
    file = await house.index.entry(house.url("large.json"), "file")
    assert file is not None and not file.has_error
