"""Bring a database's tables to what this version of the program expects.

Migrations are numbered files, `NNNN_name.<dialect>.sql`, run in order, each in a
transaction of its own. What has run is remembered with a checksum: a file that was
edited afterwards, or a database made by a newer program, stops the start-up rather
than being guessed at.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from realmkit.config import SetupError
from realmkit.db.database import Dialect

_FILENAME = re.compile(r"^(\d{4})_(\w+)\.(sqlite|postgres)\.sql$")


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@cache
def migrations(dialect: Dialect) -> tuple[Migration, ...]:
    """Every migration of one dialect, in order."""
    found: list[Migration] = []
    for file in resources.files("realmkit.db.migrations").iterdir():
        match = _FILENAME.match(file.name)
        if match and match[3] == dialect:
            found.append(Migration(int(match[1]), match[2], file.read_text("utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.version))


def pending(
    known: Sequence[Migration], applied: Mapping[int, str], *, where: str
) -> list[Migration]:
    """Those of `known` that have not run, given the checksums that have.

    Raises `SetupError` naming `where` if the database's history is not ours.
    """
    ours = {migration.version: migration for migration in known}
    for version, checksum in sorted(applied.items()):
        if version not in ours:
            raise SetupError(
                f"The database at {where} was made by a newer realmkit "
                f"(migration {version:04}); use that version, or another state folder."
            )
        if ours[version].checksum != checksum:
            raise SetupError(
                f"The database at {where} has another migration {version:04} than this "
                "realmkit; start with a new state folder, and everything is indexed again."
            )
    return [migration for migration in known if migration.version not in applied]
