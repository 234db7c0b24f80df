"""Scenarios of the card engine, run inside a real Chromium.

Each `scenarios/<topic>.gts` is card source with tests in it: exported async
functions, transpiled by the real transpiler and run in a page that has loaded
the real runtime bundle. A scenario that throws has failed.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Error

from ..host.served_realms import ServedRealms
from ..support.chromium import running_chromium
from ..support.loops import BACKEND

SCENARIOS = Path(__file__).parent / "scenarios"
RUN = "async ([url, name]) => { await (await import(url))[name](); }"

RunScenario = Callable[[str, str], Awaitable[None]]


@pytest.fixture(scope="session")
def anyio_backend() -> object:
    """One loop for all scenarios, so that they share a browser."""
    return BACKEND


@pytest.fixture(scope="session")
async def realms() -> AsyncIterator[ServedRealms]:
    served = ServedRealms()
    for path in SCENARIOS.iterdir():
        served.files[f"scenarios/{path.name}"] = path.read_text()
    await served.start()
    yield served
    await served.stop()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_chromium() as browser:
        yield browser


@pytest.fixture
async def run_scenario(browser: Browser, realms: ServedRealms) -> AsyncIterator[RunScenario]:
    """Run one exported function of a topic in a page of its own."""
    page = await browser.new_page()
    runtime = f'<script type="module" src="/_host/{realms.host["runtime"]}"></script>'

    async def run(topic: str, scenario: str) -> None:
        await page.route(
            "**/_blank",
            lambda route: route.fulfill(content_type="text/html", body=f"<!doctype html>{runtime}"),
        )
        await page.goto(f"{realms.origin}/_blank")
        module = f"{realms.origin}/scenarios/{topic}?v={realms.epoch}"
        try:
            await page.evaluate(RUN, [module, scenario])
        except Error as error:
            pytest.fail(error.message, pytrace=False)

    yield run
    await page.close()
