"""What is asked of the pages together is answered to everybody, whatever comes back."""

import asyncio
from collections.abc import Sequence

import pytest

from realmkit.errors import OurBug
from realmkit.prerender import ModuleDescription
from realmkit.search.definitions import Answer, _Calls

pytestmark = pytest.mark.anyio


async def test_too_few_answers_leave_nobody_waiting() -> None:
    async def describe(identities: Sequence[str], priority: int) -> list[Answer]:
        return [(ModuleDescription(identities[0]), "v1")]

    calls = _Calls(describe, 1)
    async with asyncio.timeout(10):
        answers = await asyncio.gather(
            calls.describe("a", 10), calls.describe("b", 10), return_exceptions=True
        )

    assert [type(answer) for answer in answers] == [OurBug] * 2
    await calls.stop()


async def test_whoever_asks_as_the_last_call_ends_is_answered() -> None:
    is_answering = asyncio.Event()

    async def describe(identities: Sequence[str], priority: int) -> list[Answer]:
        # Wakes the second caller in the very turn after the one in which this call ends.
        is_answering.set()
        return [(ModuleDescription(identity), "v1") for identity in identities]

    calls = _Calls(describe, 1)

    async def ask_then() -> Answer:
        await is_answering.wait()
        return await calls.describe("b", 10)

    async with asyncio.timeout(10):
        first, second = await asyncio.gather(calls.describe("a", 10), ask_then())

    assert [first[0].url, second[0].url] == ["a", "b"]
    await calls.stop()
