"""From a database's URL to an open, migrated database."""

from __future__ import annotations

from pathlib import Path

from realmkit.config import SetupError
from realmkit.db.database import Database
from realmkit.db.sqlite import SqliteDatabase


async def open_database(where: str | Path) -> Database:
    """Open a path or `sqlite:///<path>` and bring its tables up to date.

    The file and its folder are made when missing. Raises `SetupError`.
    """
    return await SqliteDatabase.open(where if isinstance(where, Path) else path_in(where))


def path_in(url: str) -> Path:
    """The file that a database URL, or a plain path, means."""
    scheme, has_scheme, rest = url.partition("://")
    if not has_scheme:
        return Path(url)
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        # Some write three slashes before an absolute path and some four.
        return Path("/" + rest.lstrip("/"))
    if scheme.startswith("postgres"):
        raise SetupError(
            "PostgreSQL is not served by this version of realmkit; use sqlite:///path."
        )
    raise SetupError(f"`{url}` is no database URL; use sqlite:///path.")
