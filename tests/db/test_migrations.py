"""Which migrations run, and when a start-up is refused instead."""

from pathlib import Path

import apsw
import pytest

from realmkit.config import SetupError
from realmkit.db import open_database
from realmkit.db.migrate import Migration, migrations, pending

FIRST = Migration(1, "first", "create table a (x)")
SECOND = Migration(2, "second", "create table b (x)")


def test_only_what_has_not_run_is_pending() -> None:
    applied = {1: FIRST.checksum}
    assert pending([FIRST, SECOND], applied, where="here") == [SECOND]


def test_a_database_of_a_newer_program_is_refused() -> None:
    with pytest.raises(SetupError, match="newer realmkit"):
        pending([FIRST], {1: FIRST.checksum, 2: SECOND.checksum}, where="here")


def test_an_edited_migration_is_refused() -> None:
    with pytest.raises(SetupError, match="another migration 0001"):
        pending([FIRST], {1: "something else"}, where="here")


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [migration.version for migration in migrations("sqlite")]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.anyio
async def test_what_has_run_is_written_down(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "realmkit.db")
    rows = await database.read("select version, name, checksum from schema_migrations order by 1")
    await database.close()
    assert rows == [(each.version, each.name, each.checksum) for each in migrations("sqlite")]


@pytest.mark.anyio
async def test_a_database_from_the_future_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "realmkit.db"
    await (await open_database(file)).close()
    connection = apsw.Connection(str(file))
    connection.execute("insert into schema_migrations values (9999, 'future', 'x', 0)")
    connection.close()
    with pytest.raises(SetupError, match="newer realmkit"):
        await open_database(file)
