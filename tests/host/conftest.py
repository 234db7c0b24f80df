"""A page of a real Chromium, and realms of a few files served to it from memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from ..support.chromium import running_chromium
from ..support.held_answers import HOLD
from ..support.loops import BACKEND
from .served_realms import ServedRealms

BEFORE_ANY_SCRIPT = """
globalThis.__boxelRenderContext = true;
globalThis.progress = [];
globalThis.__realmkitProgress = (word) => progress.push(JSON.parse(word));
"""


@pytest.fixture(scope="session")
def anyio_backend() -> object:
    """One loop for all of these tests, so that they share a browser and a server."""
    return BACKEND


@pytest.fixture(scope="session")
async def served() -> AsyncIterator[ServedRealms]:
    served = ServedRealms()
    await served.start()
    yield served
    await served.stop()


@pytest.fixture
def realms(served: ServedRealms) -> ServedRealms:
    served.reset()
    return served


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser, realms: ServedRealms) -> AsyncIterator[Page]:
    """A booted prerender page."""
    page = await browser.new_page()
    await page.add_init_script(BEFORE_ANY_SCRIPT)
    await page.goto(f"{realms.origin}/_host/prerender")
    await page.locator("html[data-realmkit='ready']").wait_for(state="attached")
    yield page
    await page.close()


Visit = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def visit(page: Page, realms: ServedRealms) -> Visit:
    """Visit instances by `realm/path` without `.json`; returns their results in order."""

    async def visit(*ids: str, **more: Any) -> list[dict[str, Any]]:
        cards = [
            {"url": f"{realms.origin}/{id}.json", "source": realms.files[f"{id}.json"]}
            for id in ids
        ]
        request = {"cards": cards, "epoch": realms.epoch, **more}
        async with asyncio.timeout(30):
            answer = await page.evaluate("request => __realmkit.visit(request)", request)
        return answer["results"]

    return visit


@pytest.fixture
async def live(browser: Browser, realms: ServedRealms) -> AsyncIterator[Page]:
    """A page with the live store as `store`, and what it says in `said`."""
    page = await browser.new_page()
    await page.goto(f"{realms.origin}/_blank")
    await page.evaluate(HOLD)
    await page.evaluate(
        """async ([live, engine]) => {
            globalThis.store = (await import(live)).liveStore();
            globalThis.engine = await import(engine);
            globalThis.said = [];
            store.subscribe((event) => said.push(event));
        }""",
        [
            f"/_host/{realms.host['live']}",
            f"/_host/{realms.host['modules']['@realmkit/card-api']['file']}",
        ],
    )
    yield page
    await page.close()
