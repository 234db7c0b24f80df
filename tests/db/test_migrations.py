"""Which migrations run, and when a start-up is refused instead."""

import asyncio
from pathlib import Path

import pytest

from realmkit.config import SetupError
from realmkit.db import Database, Row, open_database
from realmkit.db.migrate import Migration, migrations, pending

from ..support.postgres import PostgresServer

FIRST = Migration(1, "first", "create table a (x)")
SECOND = Migration(2, "second", "create table b (x)")

# Full text is kept in each database's own way.
SQLITE_COLUMNS = """
select t.name, c.name, c."notnull" or c.pk > 0 from sqlite_schema t, pragma_table_info(t.name) c
where t.type = 'table' and t.name not like 'sqlite_%' and not (t.name glob 'search_words*' or t.name glob 'search_trigrams*')
order by 1, 2
"""
PG_COLUMNS = """
select table_name::text collate "C", column_name::text collate "C",
  case is_nullable when 'NO' then 1 else 0 end
from information_schema.columns join information_schema.tables
using (table_schema, table_name)
where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'search_words'
order by 1, 2
"""


def test_only_what_has_not_run_is_pending() -> None:
    applied = {1: FIRST.checksum}
    assert pending([FIRST, SECOND], applied, where="here") == [SECOND]


def test_a_database_of_a_newer_program_is_refused() -> None:
    with pytest.raises(SetupError, match="newer realmkit"):
        pending([FIRST], {1: FIRST.checksum, 2: SECOND.checksum}, where="here")


def test_an_edited_migration_is_refused() -> None:
    with pytest.raises(SetupError, match="another migration 0001"):
        pending([FIRST], {1: "something else"}, where="here")


def test_each_migration_has_a_number_of_its_own_the_same_on_both_databases() -> None:
    sqlite, postgres = (
        [(each.version, each.name) for each in migrations(dialect)]
        for dialect in ("sqlite", "postgres")
    )
    assert sqlite == postgres
    assert len({version for version, _ in sqlite}) == len(sqlite)


@pytest.mark.anyio
async def test_what_has_run_is_written_down(db: Database) -> None:
    rows = await db.read("select version, name, checksum from schema_migrations order by 1")
    assert rows == [(each.version, each.name, each.checksum) for each in migrations(db.dialect)]


@pytest.mark.anyio
async def test_both_databases_have_the_same_tables(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    url = await postgres.new_database()
    columns = [
        await columns_of(where, sql)
        for where, sql in [(str(tmp_path / "realmkit.db"), SQLITE_COLUMNS), (url, PG_COLUMNS)]
    ]
    postgres.drop(url)
    assert columns[0] == columns[1]


@pytest.mark.anyio
async def test_processes_that_start_together_migrate_once(postgres: PostgresServer) -> None:
    url = postgres.new_empty_database()
    opened = await asyncio.gather(*(open_database(url) for _ in range(3)))
    rows = await opened[0].read("select count(*) from schema_migrations")
    for database in opened:
        await database.close()
    postgres.drop(url)
    assert rows == [(len(migrations("postgres")),)]


@pytest.mark.anyio
async def test_a_database_from_the_future_is_not_opened(database_url: str) -> None:
    database = await open_database(database_url)
    async with database.transaction() as tx:
        await tx.execute("insert into schema_migrations values (9999, 'future', 'x', 0)")
    await database.close()
    with pytest.raises(SetupError, match="newer realmkit"):
        await open_database(database_url)


async def columns_of(where: str, sql: str) -> list[Row]:
    database = await open_database(where)
    rows = await database.read(sql)
    await database.close()
    return rows
