"""From a database's URL to an open, migrated database."""

from __future__ import annotations

from pathlib import Path

from realmkit.config import SetupError, is_postgres
from realmkit.db.database import Database
from realmkit.db.sqlite import SqliteDatabase


async def open_database(where: str | Path, *, direct: str | None = None) -> Database:
    """Open a path, `sqlite:///<path>` or `postgresql://...` and bring its tables up to date.

    A SQLite file and its folder are made when missing. `direct` is an address of the same
    PostgreSQL database that leads past a pooler. Raises `SetupError`.
    """
    if isinstance(where, str) and is_postgres(where):
        try:
            from realmkit.db.postgres import PostgresDatabase
        except ImportError as exc:
            raise SetupError("PostgreSQL needs psycopg: install realmkit[postgres].") from exc
        return await PostgresDatabase.open(where, direct=direct)
    return await SqliteDatabase.open(where if isinstance(where, Path) else path_in(where))


def path_in(url: str) -> Path:
    """The file that a database URL, or a plain path, means."""
    scheme, has_scheme, rest = url.partition("://")
    if not has_scheme:
        return Path(url)
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        # Some write three slashes before an absolute path and some four.
        return Path("/" + rest.lstrip("/"))
    raise SetupError(f"`{url}` is no database URL; use sqlite:///path or postgresql://host/name.")
