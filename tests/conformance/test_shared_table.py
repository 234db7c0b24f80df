"""What the second layer of the module cache promises, on both databases: docs/conformance.md."""

import json
import shutil
from pathlib import Path

import pytest
from tests.modules.conftest import opened

pytestmark = pytest.mark.anyio

LIVE_ROWS = (
    "select canonical_path from module_transpile_cache "
    "where body is not null and canonical_path = 'country.ts'"
)


async def test_a_transpile_leaves_its_row_before_it_is_answered(
    tmp_path: Path, database_url: str
) -> None:
    """34."""
    async with opened(tmp_path, database=database_url) as house:
        await house.save("country.ts", "export const a = 1;")
        await house.get("country")

        assert await house.db.read(LIVE_ROWS) == [("country.ts",)]


async def test_every_column_of_a_live_row_says_something(tmp_path: Path, database_url: str) -> None:
    async with opened(tmp_path, database=database_url) as house:
        await house.save("region.ts", "export const b = 1;")
        await house.save("country.ts", "export * from './region';")
        await house.get("country")

        row = await house.db.read_one(
            "select * from module_transpile_cache where canonical_path = 'country.ts'"
        )
        assert row is not None
        assert not {None, "", "{}", "[]"} & set(row)


async def test_a_row_has_the_headers_of_every_answer_made_of_it(
    tmp_path: Path, database_url: str
) -> None:
    """34: a module's headers are with its body, and gone with it."""
    async with opened(tmp_path, database=database_url) as house:
        await house.save("country.ts", "export const a = 1;")
        served = await house.get("country")
        headers = "select headers from module_transpile_cache where canonical_path = 'country.ts'"

        [(kept,)] = await house.db.read(headers)
        assert json.loads(kept).items() <= dict(served.headers).items()

        await house.save("country.ts", "export const a = 2;")
        assert await house.db.read(headers) == [(None,)]


async def test_a_change_that_is_noticed_late_keeps_what_was_made_from_it(
    tmp_path: Path, database_url: str
) -> None:
    """36, and beyond it: the generation rises, but the payload is of the very new source."""
    async with opened(tmp_path, database=database_url) as house:
        await house.files.scan()
        house.put("country.ts", "export const a = 2;")
        await house.get("country")
        [(before,)] = await house.db.read(
            "select generation from module_transpile_cache where canonical_path = 'country.ts'"
        )

        await house.files.scan()

        [(after,)] = await house.db.read(
            "select generation from module_transpile_cache where canonical_path = 'country.ts'"
        )
        assert (after, await house.db.read(LIVE_ROWS)) == (before + 1, [("country.ts",)])


async def test_a_realm_made_anew_at_the_same_address_has_its_own_modules(
    tmp_path: Path, database_url: str
) -> None:
    """45. Rows of the old one are never a hit: they are of other sources."""
    async with opened(tmp_path, database=database_url) as house:
        await house.save("country.ts", "export const a = 'old';")
        assert "'old'" in await house.text("country")
    shutil.rmtree(tmp_path / "atlas")
    (tmp_path / "atlas").mkdir()
    (tmp_path / "atlas" / "country.ts").write_text("export const a = 'new';")

    async with opened(tmp_path, database=database_url) as house:
        assert "'new'" in await house.text("country")
