"""`realmkit serve`: folders as realms, until Ctrl-C."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from realmkit.cli.options import (
    DEFAULT_PORT,
    cache_bounds,
    cache_options,
    database_option,
    render_timeout_option,
    state_option,
)

if TYPE_CHECKING:
    from realmkit.config import Pipeline, Settings


@click.command("serve")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="A loopback address to listen on."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The port to listen on; 0 takes any free one.",
)
@click.option(
    "--public-url",
    metavar="URL",
    help="The origin of every realm's URL and every card's id. Default: where it listens.",
)
@state_option("Where the index is kept. It can be deleted: everything is indexed again.")
@database_option
@click.option(
    "--database-direct",
    metavar="URL",
    help="The same PostgreSQL past its pooler, where --database leads to a pooler.",
)
@click.option(
    "--open/--no-open", "open_browser", default=False, help="Open a browser.  [default: no-open]"
)
@click.option("--watch/--no-watch", default=True, help="Notice edits on disk.  [default: watch]")
@click.option(
    "--index/--no-index",
    default=True,
    help="Index what changes, or leave it to the other servers of the database.  [default: index]",
)
@render_timeout_option
@cache_options
@click.option(
    "--link-depth",
    type=click.IntRange(0, 20),
    default=5,
    show_default=True,
    help="How many links away a served card's own links are still followed.",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="HOST",
    help="A host with a private address that cards may link to, as host or host:port.",
)
@click.option(
    "--transpiler",
    type=click.Choice(["fast", "babel"]),
    default="fast",
    show_default=True,
    envvar="REALMKIT_TRANSPILER",
    help="What compiles modules; babel is the slower reference.",
)
@click.option(
    "--module-memory",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    metavar="MB",
    envvar="REALMKIT_MODULE_MEMORY",
    help="How much of this process's memory modules may take, compiled and ready to be sent.",
)
@click.option(
    "--coordination/--no-coordination",
    default=True,
    envvar="REALMKIT_COORDINATION",
    help="Have each module compiled by one of the servers of a database, or let each compile "
    "what it needs.  [default: coordination]",
)
@click.option(
    "--log-format",
    type=click.Choice(["plain", "json"]),
    default="plain",
    show_default=True,
    help="How the log on standard error is written.",
)
def command(
    folders: tuple[str, ...],
    host: str,
    port: int,
    public_url: str | None,
    state_dir: Path,
    database: str | None,
    database_direct: str | None,
    open_browser: bool,
    watch: bool,
    index: bool,
    render_timeout: float,
    cache_size: int,
    cache_age: float,
    link_depth: int,
    allowed_hosts: tuple[str, ...],
    transpiler: Pipeline,
    module_memory: int,
    coordination: bool,
    log_format: Literal["plain", "json"],
) -> int:
    """Serve folders of cards as realms, live.

    Each FOLDER becomes a realm at /<its name>/; NAME=FOLDER gives it another name.
    Cards are indexed by rendering them in a Chromium that this command starts and
    stops. Edit a file, and open pages change with it. Ctrl-C stops everything.

    \b
    Examples:
        realmkit serve examples/tour
        realmkit serve examples/atlas examples/insurance --open
        realmkit serve notes=~/cards --port 8080 --state ~/.cache/realmkit

    The index lives in .realmkit in the current directory unless --state says
    otherwise, so the next start from the same place has nothing to do.
    """
    from realmkit.cli import mounts
    from realmkit.cli.logs import configure_logs
    from realmkit.cli.running import run
    from realmkit.config import Settings

    mounts.check_loopback(host)
    mounts.check_database(database, database_direct, index=index)
    by_name = mounts.parse_mounts(folders)
    asked_url = mounts.check_public_url(public_url) if public_url else None
    configure_logs(log_format)
    listener = mounts.listen(host, port)
    url = asked_url or mounts.address_of(listener, host)
    settings = Settings(
        realms=mounts.realms_at(url, by_name),
        host=host,
        port=listener.getsockname()[1],
        public_url=url,
        state_dir=state_dir.expanduser().resolve(),
        database_url=database,
        database_direct_url=database_direct,
        watch=watch,
        index=index,
        open_browser=open_browser,
        log_format=log_format,
        render_timeout_s=render_timeout,
        cache_bounds=cache_bounds(cache_size, cache_age),
        link_depth=link_depth,
        allowed_hosts=allowed_hosts,
        transpiler=transpiler,
        module_memory_bytes=module_memory * 1024 * 1024,
        is_coordinated=coordination,
    )
    # A run that Ctrl-C ended went as it should.
    run(_serve(settings, listener))
    return 0


async def _serve(settings: Settings, listener: socket.socket) -> None:
    from realmkit.cli.progress import shown_progress
    from realmkit.cli.running import running

    own = [realm for realm in settings.realms if realm.is_writable]
    async with running(settings, listener) as app:
        for realm in own:
            click.echo(f"  {realm.url}")
        click.echo(f"Serving at {settings.public_url}/  (Ctrl-C stops it)")
        if settings.open_browser:
            import webbrowser

            await asyncio.to_thread(webbrowser.open, settings.public_url + "/")
        async with shown_progress(
            app.stations.progress, own, is_wanted=settings.log_format == "plain"
        ):
            await asyncio.Event().wait()
