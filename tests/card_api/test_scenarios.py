"""Every exported function of every scenario module is a test."""

import re

import pytest

from .conftest import SCENARIOS, RunScenario

pytestmark = pytest.mark.anyio

FOUND = [
    (path.stem, name)
    for path in sorted(SCENARIOS.glob("*.gts"))
    for name in re.findall(r"^export async function (\w+)", path.read_text(), re.MULTILINE)
]


@pytest.mark.parametrize(
    ("topic", "scenario"), FOUND, ids=[f"{topic}-{name}" for topic, name in FOUND]
)
async def test(run_scenario: RunScenario, topic: str, scenario: str) -> None:
    await run_scenario(topic, scenario)
