"""A page of a real Chromium, and realms of a few files served to it from memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from realmkit.config import find_chromium

from .served_realms import ServedRealms

BEFORE_ANY_SCRIPT = """
globalThis.__boxelRenderContext = true;
globalThis.progress = [];
globalThis.__realmkitProgress = (word) => progress.push(JSON.parse(word));
"""


@pytest.fixture
async def realms() -> AsyncIterator[ServedRealms]:
    served = ServedRealms()
    await served.start()
    yield served
    await served.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(find_chromium()), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


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
