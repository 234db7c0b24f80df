"""`realmkit forget`: remove what is kept of a realm that is served no more."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from realmkit.cli.options import database_option, state_option


@click.command("forget")
@click.argument("realm_url", metavar="REALM_URL")
@state_option("Where the index is kept.")
@database_option
def command(realm_url: str, state_dir: Path, database: str | None) -> int:
    """Remove what is kept of a realm that is served no more: index, log and caches.

    REALM_URL is the realm's address, such as http://127.0.0.1:4201/atlas/. Its files are
    left alone; served again, they are indexed anew.

    \b
    Examples:
        realmkit forget http://127.0.0.1:4201/atlas/
        realmkit forget https://cards.example/old/ --database postgresql://db/realmkit
    """
    from realmkit.cli import mounts
    from realmkit.cli.running import run, state_lock
    from realmkit.config import Settings, is_postgres

    if not realm_url.startswith(("http://", "https://")):
        raise click.UsageError(f"`{realm_url}` is no realm's address: it begins with http://.")
    url = realm_url if realm_url.endswith("/") else f"{realm_url}/"
    mounts.check_database(database, None, index=True)
    settings = Settings(state_dir=state_dir.expanduser().resolve(), database_url=database)
    alone = nullcontext() if is_postgres(settings.database) else state_lock(settings.state_dir)
    with alone:
        removed = run(_forget(settings.database, url))
    if removed is None:
        return 130
    click.echo(f"{url}: {removed} rows were removed." if removed else f"Nothing is kept of {url}.")
    return 0


async def _forget(database: str, url: str) -> int:
    from realmkit.db import open_database
    from realmkit.indexer.forgetting import forget_realm

    db = await open_database(database)
    try:
        return await forget_realm(db, url)
    finally:
        await db.close()
