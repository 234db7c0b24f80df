"""Visits in a real Chromium, with cards that behave and cards that do not."""

import asyncio
import contextlib
import os
import signal
import tempfile
from pathlib import Path

import pytest

from realmkit.prerender import CommandResult, FileToExtract, Prerenderer, VisitResult
from realmkit.prerender.browser import PrerenderUnavailable

from .conftest import Site, cards

pytestmark = pytest.mark.anyio


async def visit(prerenderer: Prerenderer, *behaviours: str) -> list[VisitResult]:
    return await prerenderer.visit(cards(*behaviours), epoch="e1", job_id="7.1")


def statuses(results: list[VisitResult]) -> list[str]:
    return [result.status for result in results]


async def test_many_cards_are_one_call_into_one_page(prerenderer: Prerenderer, site: Site):
    results = await visit(prerenderer, "good", "good", "good")

    assert statuses(results) == ["ready"] * 3
    assert results[0].html.isolated == "<p>good</p>"
    assert site.boots == 1


async def test_the_render_context_is_set_before_any_script(prerenderer: Prerenderer):
    [result] = await visit(prerenderer, "good")

    assert result.resource == {"context": True, "epoch": "e1", "jobId": "7.1", "jobPriority": 0}


async def test_a_page_is_used_again(prerenderer: Prerenderer, site: Site):
    await visit(prerenderer, "good")
    await visit(prerenderer, "good")

    assert site.boots == 1


@pytest.mark.parametrize("behaviour", ["loop", "never"])
async def test_a_card_that_never_finishes_is_named_and_the_others_render(
    prerenderer: Prerenderer, behaviour: str
):
    results = await visit(prerenderer, "good", behaviour, "good")

    assert statuses(results) == ["ready", "error", "ready"]
    assert results[1].error is not None
    assert results[1].error.message == "It did not finish rendering within 1 s."


async def test_a_card_that_navigates_away_is_named(prerenderer: Prerenderer):
    results = await visit(prerenderer, "good", "leave", "good")

    assert statuses(results) == ["ready", "error", "ready"]


async def test_a_visit_that_throws_is_narrowed_down_to_its_card(prerenderer: Prerenderer):
    results = await visit(prerenderer, "good", "reject-all", "good")

    assert statuses(results) == ["ready", "error", "ready"]
    assert results[1].error is not None
    assert "the visit itself fails" in results[1].error.message


async def test_a_dialog_does_not_stop_the_visit(prerenderer: Prerenderer):
    assert statuses(await visit(prerenderer, "alert")) == ["ready"]


async def test_a_page_that_threw_at_window_level_is_not_used_again(
    prerenderer: Prerenderer, site: Site
):
    assert statuses(await visit(prerenderer, "throw-later", "good")) == ["ready", "ready"]
    await visit(prerenderer, "good")

    assert site.boots == 2


async def test_the_cards_after_one_that_spoilt_the_page_go_to_another(
    prerenderer: Prerenderer, site: Site
):
    results = await visit(prerenderer, "good", "spoil", "good")

    assert statuses(results) == ["ready"] * 3
    assert site.boots == 2


async def test_an_unreadable_result_is_that_cards_error(prerenderer: Prerenderer):
    results = await visit(prerenderer, "good", "wrong-shape", "good")

    assert statuses(results) == ["ready", "error", "ready"]


async def test_lone_surrogates_and_nul_do_not_travel(prerenderer: Prerenderer):
    [result] = await visit(prerenderer, "odd-text")

    assert result.html.isolated == "a\ufffdb\ufffdc"


async def test_console_errors_are_attached_only_beside_an_error(prerenderer: Prerenderer):
    results = await visit(prerenderer, "shout", "never")

    assert results[0].error is None
    assert results[1].error is not None
    assert "shouted" in results[1].error.additional


async def test_chromium_killed_mid_visit_costs_no_card(prerenderer: Prerenderer, site: Site):
    visiting = asyncio.create_task(visit(prerenderer, "good", "wait-for-go"))
    await site.at_gate.wait()
    await kill_chromium(prerenderer)
    site.gate.set()

    assert statuses(await visiting) == ["ready", "ready"]
    assert prerenderer.browser.launches == 2


async def test_a_renderer_that_crashes_mid_visit_costs_no_card(
    prerenderer: Prerenderer, site: Site
):
    visiting = asyncio.create_task(visit(prerenderer, "good", "wait-for-go"))
    await site.at_gate.wait()
    crash_renderers(prerenderer)
    site.gate.set()

    assert statuses(await visiting) == ["ready", "ready"]
    assert prerenderer.browser.launches == 1


async def test_a_card_that_kills_chromium_twice_is_named(prerenderer: Prerenderer, site: Site):
    visiting = asyncio.create_task(visit(prerenderer, "good", "wait-for-go", "good"))
    for _ in range(2):
        await site.at_gate.wait()
        site.at_gate.clear()
        await kill_chromium(prerenderer)
    results = await visiting

    assert statuses(results) == ["ready", "error", "ready"]
    assert results[1].error is not None
    assert results[1].error.message == "Chromium died twice while rendering this."


async def test_chromium_killed_between_visits_is_started_again(prerenderer: Prerenderer):
    await visit(prerenderer, "good")
    await kill_chromium(prerenderer)

    assert statuses(await visit(prerenderer, "good")) == ["ready"]


async def test_modules_are_described(prerenderer: Prerenderer):
    described = await prerenderer.describe(["http://r/a", "http://r/b"], epoch="e1")

    assert [module.url for module in described] == ["http://r/a", "http://r/b"]


async def test_files_are_extracted(prerenderer: Prerenderer):
    definition = {"module": "http://r/track", "name": "Track"}
    files = [FileToExtract(f"http://r/{name}", definition, {"name": name}) for name in "ab"]
    extracts = await prerenderer.extract(files, epoch="e1", job_id="7.1")

    assert [(each.types, each.search_doc) for each in extracts] == [
        (["Track"], {"name": "a"}),
        (["Track"], {"name": "b"}),
    ]


async def run(prerenderer: Prerenderer, name: str, **more: float) -> CommandResult:
    command = {"module": "./commands", "name": name}
    return await prerenderer.run_command("http://r/", command, {"x": 1}, epoch="e1", **more)  # pyright: ignore[reportArgumentType]


async def test_a_command_is_run_with_the_priority_of_people(prerenderer: Prerenderer):
    assert (await run(prerenderer, "good")).result == {"input": {"x": 1}, "jobPriority": 10}


@pytest.mark.parametrize("behaviour", ["loop", "never"])
async def test_a_command_that_never_ends_is_ended(prerenderer: Prerenderer, behaviour: str):
    ended = await run(prerenderer, behaviour, timeout_s=0.3)

    assert ended.status == "error"
    assert ended.error is not None
    assert ended.error.status == 504
    assert ended.error.message == "It did not finish running within 0.3 s."
    assert (await run(prerenderer, "good")).status == "ready"


async def test_what_people_wait_for_is_given_the_next_page(prerenderer: Prerenderer, site: Site):
    taken: list[int] = []

    async def take(priority: int) -> None:
        async with prerenderer.pool.lease(priority):
            taken.append(priority)

    # Of two pages one is out all the time, so the other goes from hand to hand.
    async with prerenderer.pool.lease():
        async with prerenderer.pool.lease():
            waiting = [asyncio.create_task(take(priority)) for priority in (0, 0, 10, 0)]
            # One turn of the loop, and all of them are in line.
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)

    # A page that is taken is not taken away; of those who wait, people come first.
    assert taken == [10, 0, 0, 0]


async def test_a_page_that_does_not_boot_says_why(prerenderer: Prerenderer, site: Site):
    site.status = 503

    with pytest.raises(PrerenderUnavailable, match="the server answered 503"):
        await visit(prerenderer, "good")


async def test_a_page_that_hangs_at_boot_is_given_up(site: Site, prerenderer: Prerenderer):
    site.hold_boot = True
    prerenderer.pool._boot_timeout_s = 0.3

    with pytest.raises(PrerenderUnavailable, match="not ready within"):
        await visit(prerenderer, "good")


async def test_stop_leaves_no_process_and_no_profile(site: Site, prerenderer: Prerenderer):
    await visit(prerenderer, "good")
    process = prerenderer.browser.process
    assert process is not None
    await prerenderer.stop()

    assert not process.profile.exists()
    # All of the group were killed; the kernel may need a moment to take the last away.
    async with asyncio.timeout(5):
        while living_members(process.pid):  # noqa: ASYNC110 - the kernel signals nobody
            await asyncio.sleep(0.01)


async def test_a_profile_left_by_a_killed_process_is_removed_by_the_next_launch(
    prerenderer: Prerenderer,
):
    finished = await asyncio.create_subprocess_exec("true")
    await finished.wait()
    left = Path(tempfile.mkdtemp(prefix=f"realmkit-chromium-{finished.pid}-"))
    await visit(prerenderer, "good")

    assert not is_there(left)


async def test_a_stop_ends_the_visit_that_is_under_way(site: Site, prerenderer: Prerenderer):
    visiting = asyncio.create_task(visit(prerenderer, "wait-for-go"))
    await site.at_gate.wait()
    await prerenderer.stop()

    with pytest.raises(PrerenderUnavailable):
        await visiting


def is_there(path: Path) -> bool:
    return path.exists()


def crash_renderers(prerenderer: Prerenderer) -> None:
    """Kill every process that renders pages; Chromium itself goes on."""
    process = prerenderer.browser.process
    assert process is not None
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            group = int(stat.read_text().rpartition(")")[2].split()[2])
            arguments = stat.with_name("cmdline").read_text()
            if group == process.pid and "--type=renderer" in arguments:
                os.kill(int(stat.parent.name), signal.SIGKILL)


def living_members(group: int) -> list[str]:
    """The processes of a process group that are not dead already."""
    living: list[str] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, fields = stat.read_text().rpartition(")")
            state, _, process_group = fields.split()[:3]
            if int(process_group) == group and state not in "ZX":
                living.append(name)
    return living


async def kill_chromium(prerenderer: Prerenderer) -> None:
    process = prerenderer.browser.process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    await process.connection.closed.wait()
