"""`realmkit index`: bring the index up to date, then stop."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from realmkit.cli.options import cache_bounds, cache_options, served_port_option, state_option

if TYPE_CHECKING:
    from realmkit.config import Settings


@click.command("index")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@state_option("Where the index is kept.")
@served_port_option("The port it will be served at: ids of cards begin with that address.")
@click.option("--full", is_flag=True, help="Visit every card again, changed or not.")
@cache_options
def command(
    folders: tuple[str, ...],
    state_dir: Path,
    port: int,
    full: bool,
    cache_size: int,
    cache_age: float,
) -> int:
    """Bring the index of folders up to date, then stop.

    What is indexed here is there at once when `realmkit serve` starts with the same
    state folder and the same port. A server that runs already needs no help: it
    keeps its index itself.

    \b
    Examples:
        realmkit index examples/atlas
        realmkit index examples/atlas --full --state /var/lib/realmkit
    """
    from realmkit.cli import mounts
    from realmkit.cli.logs import configure_logs
    from realmkit.cli.running import run
    from realmkit.config import Settings

    by_name = mounts.parse_mounts(folders)
    configure_logs("plain")
    # Cards are rendered by pages that load them from their own address.
    listener = mounts.listen("127.0.0.1", port)
    url = mounts.address_of(listener, "127.0.0.1")
    settings = Settings(
        realms=mounts.realms_at(url, by_name),
        port=port,
        public_url=url,
        state_dir=state_dir.expanduser().resolve(),
        watch=False,
        cache_bounds=cache_bounds(cache_size, cache_age),
    )
    return 0 if run(_index(settings, listener, full)) else 130


async def _index(settings: Settings, listener: socket.socket, full: bool) -> bool:
    from realmkit.cli.progress import shown_progress
    from realmkit.cli.running import running

    own = [realm for realm in settings.realms if realm.is_writable]
    async with (
        running(settings, listener) as app,
        shown_progress(app.stations.progress, own),
    ):
        if full:
            for realm in settings.realms:
                await app.indexer.reindex(realm.url)
        await app.renewed()
        await app.indexer.settle()
        for realm in own:
            counts = await app.stations.index.counts(realm.url)
            click.echo(
                f"{realm.name}: {counts.instances} cards, {counts.modules} modules, "
                f"{counts.errors} in error"
            )
    return True
