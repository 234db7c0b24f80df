"""The Chromium that tests drive with Playwright."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from realmkit.config import find_chromium


@asynccontextmanager
async def running_chromium() -> AsyncGenerator[Browser, None]:
    """A browser that is closed when the block ends."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(find_chromium()), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()
