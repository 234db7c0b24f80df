"""Two processes, one table: each module is transpiled once, whoever is asked first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.modules.conftest import House, opened
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.anyio

MODULES = [f"m{number}" for number in range(8)]


@pytest.fixture
async def houses(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[tuple[House, House]]:
    url = await postgres.new_database()
    (tmp_path / "atlas").mkdir()
    for name in MODULES:
        (tmp_path / "atlas" / f"{name}.ts").write_text(f"export const {name}: string = '{name}';")
    async with opened(tmp_path, database=url) as one, opened(tmp_path, database=url) as other:
        yield one, other
    postgres.drop(url)


async def test_cold_modules_asked_of_both_at_once_are_transpiled_once(
    houses: tuple[House, House],
) -> None:
    async with asyncio.timeout(60):
        await asyncio.gather(*(house.get(name) for name in MODULES for house in houses))

    [(kept,)] = await houses[0].db.read(
        "select count(*) from module_transpile_cache where body is not null"
    )
    assert kept >= len(MODULES)
    assert sum(house.service.cache.stats.made for house in houses) == kept


async def test_a_broken_module_is_refused_by_both_at_once(houses: tuple[House, House]) -> None:
    await houses[0].save("broken.ts", "export default ;")

    async with asyncio.timeout(60):
        results = await asyncio.gather(
            *(house.get("broken") for house in houses), return_exceptions=True
        )
    assert [type(result).__name__ for result in results] == ["TranspileError"] * 2
