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
