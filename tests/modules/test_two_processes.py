"""Two processes, one table: each module is transpiled once, whoever is asked first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.modules.conftest import House, opened
from tests.support.postgres import PostgresServer

from realmkit.db import lock_key
from realmkit.files import FileStore
from realmkit.files.disk import FileStat

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


async def test_what_is_announced_as_out_of_date_is_made_again_and_once_for_both(
    houses: tuple[House, House],
) -> None:
    one, other = houses
    await one.files.scan()
    for house in houses:
        await house.get("m0")
    made = sum(house.service.cache.stats.made for house in houses)

    await one.files.announce(["m0.ts"])
    for house in (other, one):
        # As the edge does, which looks into the log first.
        await house.service.canonical_path(house.realm, "m0")
        await house.get("m0")

    assert sum(house.service.cache.stats.made for house in houses) == made + 1


async def test_without_coordination_each_makes_what_it_needs(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    url = await postgres.new_database()
    async with (
        opened(tmp_path, database=url, is_coordinated=False) as alone,
        opened(tmp_path, database=url) as other,
    ):
        alone.put("m.ts", "export const m = 1;")
        name = f"transpile|{alone.realm.url}|{alone.realm.url}m.ts"
        # Whoever has the lock makes it, and takes his time.
        assert await other.db.notifier.try_lock(lock_key(name)) is not None

        async with asyncio.timeout(30):
            await alone.get("m")
        # What it made is there for the others.
        await other.get("m")
        assert other.service.cache.stats.made == 0
    postgres.drop(url)


async def test_what_another_has_made_costs_one_look_into_the_logs_and_one_at_the_row(
    houses: tuple[House, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = houses
    for house in houses:
        await house.get("m0")
    await one.get("m1")
    read, readings = FileStore.read_bytes, []

    async def noted(self: FileStore, path: str) -> tuple[bytes, FileStat]:
        readings.append(path)
        return await read(self, path)

    monkeypatch.setattr(FileStore, "read_bytes", noted)
    before = other.db.statements
    served = await other.get("m1")

    assert served.headers["x-realmkit-cache-layer"] == "l2"
    # There are two realms, and one statement looks into both their logs.
    assert other.db.statements - before == 1 + 1
    assert readings == ["m1.ts"]
