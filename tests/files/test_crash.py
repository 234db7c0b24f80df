"""A process that is killed while it puts a batch in place."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.db import open_database
from realmkit.files import FileStore

from ..support.realms import contents, fill, realm_in

pytestmark = pytest.mark.anyio

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.db import open_database
from realmkit.files import FileStore, FileWrite, disk

root, database, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
replace = Path.replace

def replace_once_then_die(self, target):
    replace(self, target)
    if moment == "between renames":
        die()

async def die_before_commit(tx, realm, changes):
    if moment == "before the commit":
        die()

async def main():
    db = await open_database(database)
    files = FileStore(Realm("http://h/atlas/", root, "atlas"), db, ChangeLog(db))
    await files.write_many([FileWrite("a.json", b"old a"), FileWrite("b.json", b"old b")])
    files.join_transactions(die_before_commit)
    if moment == "while staging":
        os.fsync = die
    Path.replace = replace_once_then_die
    await files.write_many([
        FileWrite("a.json", b"new a"), FileWrite("b.json", None), FileWrite("new/c.json", b"new c")
    ])

asyncio.run(main())
"""


async def killed(root: Path, database: Path, moment: str) -> None:
    """Have a process begin a batch, and kill it at this moment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, root, database, moment
    )
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("moment", ["while staging", "between renames", "before the commit"])
async def test_the_next_start_finds_the_folder_as_it_was(tmp_path: Path, moment: str) -> None:
    root, database = realm_in(tmp_path / "atlas").root, tmp_path / "realmkit.db"
    await killed(root, database, moment)

    db = await open_database(database)
    changes = ChangeLog(db)
    realm = Realm("http://h/atlas/", root, "atlas")
    result = await FileStore(realm, db, changes).scan()

    assert contents(root) == {"a.json": "old a", "b.json": "old b"}
    assert (result.seq, result.changes) == (2, [])
    assert await db.read("select * from write_journal") == []
    await db.close()


async def test_what_somebody_wrote_before_the_next_start_stays(tmp_path: Path) -> None:
    root, database = realm_in(tmp_path / "atlas").root, tmp_path / "realmkit.db"
    await killed(root, database, "before the commit")
    theirs = {"a.json": "their a", "b.json": "their b", "new/c.json": "their c"}
    fill(root, theirs)

    db = await open_database(database)
    await FileStore(Realm("http://h/atlas/", root, "atlas"), db, ChangeLog(db)).scan()

    assert contents(root) == theirs
    await db.close()
