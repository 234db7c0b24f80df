"""Waiting for what a page's live store says, and not for ever."""

import asyncio

import pytest
from playwright.async_api import Page

LIMIT_S = 30.0
SAID = """([kind, status, times]) => new Promise((done) => {
  const isIt = (event) => event.kind === kind && (!status || event.state?.status === status);
  const look = () => said.filter(isIt).length >= times && done();
  look();
  store.subscribe(look);
})"""


async def heard(
    live: Page, kind: str, *, status: str = "", times: int = 1, limit_s: float = LIMIT_S
) -> None:
    """Wait until the store has said this so often, from when the page was opened."""
    try:
        async with asyncio.timeout(limit_s):
            await live.evaluate(SAID, [kind, status, times])
    except TimeoutError:
        said = await live.evaluate("said.map((event) => event.state?.status ?? event.kind)")
        wanted = f"{kind} ({status})" if status else kind
        pytest.fail(
            f"The store has not said `{wanted}` {times} times in {limit_s:g} s; it said {said}.",
            pytrace=False,
        )
