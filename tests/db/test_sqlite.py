"""The writer's turn, the file, and what only one file can be asked for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from realmkit.config import SetupError
from realmkit.db import Database, open_database
from realmkit.db.sqlite import SqliteDatabase
from realmkit.errors import TryLater

pytestmark = pytest.mark.anyio

COUNT_STYLES = "select count(*) from styles"
PUT_STYLE = "insert into styles (id, css) values ($1, $2)"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await SqliteDatabase.open(tmp_path / "realmkit.db")
    yield database
    await database.close()


async def count(db: Database) -> int:
    return (await db.read(COUNT_STYLES))[0][0]


async def test_a_statement_is_planned_once_unless_its_limit_is_a_bare_parameter(
    db: SqliteDatabase,
) -> None:
    planned = 0

    def note(*_: object) -> int:
        nonlocal planned
        planned += 1
        return apsw.SQLITE_OK

    async def planned_again(limit: str) -> bool:
        nonlocal planned
        sql = f"select id from styles order by id limit {limit}"
        await db.read(sql, (1,))
        planned = 0
        await db.read(sql, (1,))
        return planned > 0

    db._on_loop._connection.authorizer = note
    assert await planned_again("$1")
    assert not await planned_again("cast($1 as bigint)")


async def test_writers_take_turns(db: Database) -> None:
    async def put(number: int) -> None:
        async with db.transaction() as tx:
            before = await tx.fetch_one(COUNT_STYLES)
            await asyncio.sleep(0)
            await tx.execute(PUT_STYLE, (str(number), "css"))
            after = await tx.fetch_one(COUNT_STYLES)
            assert before and after and after[0] == before[0] + 1

    await asyncio.gather(*(put(number) for number in range(10)))
    assert await count(db) == 10


async def test_readers_cannot_write(db: Database) -> None:
    with pytest.raises(TryLater):
        await db.read("delete from styles")


async def test_a_reopened_database_keeps_its_rows_and_migrates_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a folder" / "realmkit.db"
    first = await open_database(f"sqlite://{file}")
    async with first.transaction() as tx:
        await tx.execute(PUT_STYLE, ("a", "css"))
    await first.close()
    second = await open_database(file)
    assert await count(second) == 1
    await second.close()


async def test_a_database_that_cannot_be_made_is_one_readable_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SetupError, match="cannot be opened"):
        await open_database(tmp_path / "file" / "realmkit.db")


async def test_a_file_that_is_no_database_is_one_readable_line(tmp_path: Path) -> None:
    (tmp_path / "realmkit.db").write_text("once upon a time, " * 100)
    with pytest.raises(SetupError, match="cannot be opened"):
        await open_database(tmp_path / "realmkit.db")
