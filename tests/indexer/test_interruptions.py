"""Runs that are cut short, and what happens meanwhile."""

import asyncio
import os
import signal

import pytest

from realmkit.errors import TryLater

from .conftest import House, Modules, card, restarted

pytestmark = pytest.mark.anyio


async def start(house: House) -> None:
    await house.indexer.start()
    await house.index_all()
    house.visits_since()


async def test_a_reader_sees_the_old_index_until_the_commit(house: House):
    await house.write({"ann.json": card("Ann")})
    await start(house)
    await house.write({"ann.json": card("Anna"), "gate.json": card("", behaviour="gate")})
    await house.at_gate.wait()

    assert (await house.entry("ann.json")).search_doc == {
        "id": house.url("ann"),
        "_title": "Ann",
        "title": "Ann",
    }
    house.gate.set()
    await house.index_all()
    assert await house.isolated("ann.json") == "<p>sound Anna</p>"


async def test_a_write_during_a_run_is_the_next_runs(house: House):
    await start(house)
    await house.write({"ann.json": card("Ann", behaviour="gate")})
    await house.at_gate.wait()
    await house.write({"ann.json": card("Anna")})
    house.gate.set()
    await house.index_all()

    assert await house.isolated("ann.json") == "<p>sound Anna</p>"


async def test_a_run_cut_short_is_made_again_by_the_next_start(house: House):
    await start(house)
    await house.write({"ann.json": card("Ann", behaviour="gate")})
    await house.at_gate.wait()
    await house.indexer.stop()
    assert await house.index.entry(house.url("ann.json")) is None
    house.gate.set()
    await restarted(house).start()
    await house.index_all()

    assert await house.isolated("ann.json") == "<p>sound Ann</p>"


async def test_a_second_start_visits_nothing(house: House):
    await house.write({"ann.json": card("Ann"), "all.json": card("", lists="./person/Card")})
    await start(house)
    await house.indexer.stop()
    await house.stores["one"].scan()
    await restarted(house).start()
    await house.index_all()

    assert house.visits_since() == []


async def test_a_card_that_did_not_finish_is_given_another_chance_by_the_next_start(house: House):
    await house.write({"slow.json": card("Slow", behaviour="gate"), "ann.json": card("Ann")})
    await start(house)
    assert (await house.entry("slow.json")).has_error
    await house.indexer.stop()
    house.gate.set()
    await restarted(house).start()
    await house.index_all()

    assert house.visits_since() == ["one/slow.json"]
    assert not (await house.entry("slow.json")).has_error


async def test_chromium_killed_in_the_middle_of_a_run_costs_nothing(house: House):
    await start(house)
    await house.write({"ann.json": card("Ann", behaviour="gate"), "bob.json": card("Bob")})
    await house.at_gate.wait()
    process = house.prerenderer.browser.process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    await process.connection.closed.wait()
    house.gate.set()
    await house.index_all()

    assert not (await house.entry("ann.json")).has_error
    assert not (await house.entry("bob.json")).has_error


async def test_a_run_without_a_browser_says_so_and_is_tried_again(house: House):
    works, house.prerenderer.browser._executable = (
        house.prerenderer.browser._executable,
        house.stores["one"].root / "no-chromium",
    )
    await house.indexer.start()
    with pytest.raises(TryLater, match="does not start"):
        await house.index_all()
    assert "does not start" in (house.indexer.progress_hub.get(house.url()).problem or "")
    house.prerenderer.browser._executable = works
    await asyncio.wait_for(house.index.wait_indexed(house.url(), 1), 20)

    assert not (await house.entry("person.gts")).has_error


async def test_a_run_that_fails_keeps_the_old_index_and_harms_no_later_writer(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await house.write({"ann.json": card("Ann")})
    await start(house)

    async def refuse(*_: object) -> None:
        raise TryLater("The modules cannot be read.")

    with monkeypatch.context() as failing:
        failing.setattr(Modules, "manifests", refuse)
        first = await house.write({"ann.json": card("Anna"), "bob.json": card("Bob")})
        with pytest.raises(TryLater, match="cannot be read"):
            await house.index_all()
        assert house.indexer.progress_hub.get(house.url()).problem == "The modules cannot be read."
        assert await house.isolated("ann.json") == "<p>sound Ann</p>"
        assert await house.index.entry(house.url("bob.json")) is None
        assert await house.index.errors(house.url()) == []
        assert await house.index.indexed_seq(house.url()) < first
    second = await house.write({"cal.json": card("Cal")})

    assert await house.index.wait_indexed(house.url(), second, timeout_s=30)
    for path, title in (("ann.json", "Anna"), ("bob.json", "Bob"), ("cal.json", "Cal")):
        assert await house.isolated(path) == f"<p>sound {title}</p>"


async def test_a_file_that_vanishes_before_its_visit_is_a_removal(house: House):
    await start(house)
    await house.write({"a.json": card("A", behaviour="gate")})
    await house.at_gate.wait()
    await house.write({"b.json": card("B")})
    (house.stores["one"].root / "b.json").unlink()
    house.gate.set()
    await house.index_all()

    assert await house.index.entry(house.url("b.json")) is None
