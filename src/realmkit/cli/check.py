"""`realmkit check`: is everything in this folder in order?"""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from realmkit.cli.options import render_timeout_option

if TYPE_CHECKING:
    from realmkit.cli.findings import Finding
    from realmkit.config import Settings


@click.command("check")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON lines.")
@render_timeout_option
def command(folders: tuple[str, ...], as_json: bool, render_timeout: float) -> int:
    """Index folders once and print every error in them.

    Every module is compiled and every card rendered, in a state folder of its own
    that is thrown away. Links that lead nowhere and searches of fields that cannot be
    answered are errors too. Each finding is one line, as compilers print them; a mistake
    in a module is told once for all the cards that it breaks:

    \b
        Country/fr.json  the link `region` leads nowhere: ...
        country.gts:12:5  Unexpected token (Country/ad.json and 249 more)

    Exit code 0 when everything is in order, 1 when anything is not.

    \b
    Examples:
        realmkit check my-cards
        realmkit check my-cards --json | jq .file
    """
    from realmkit.cli import mounts
    from realmkit.cli.findings import json_line, lines_for_people
    from realmkit.cli.logs import configure_logs
    from realmkit.cli.running import run
    from realmkit.config import Settings

    by_name = mounts.parse_mounts(folders)
    configure_logs("plain")
    with tempfile.TemporaryDirectory(prefix="realmkit-check-") as state:
        listener = mounts.listen("127.0.0.1", 0)
        url = mounts.address_of(listener, "127.0.0.1")
        settings = Settings(
            realms=mounts.realms_at(url, by_name),
            port=listener.getsockname()[1],
            public_url=url,
            state_dir=Path(state),
            watch=False,
            render_timeout_s=render_timeout,
        )
        findings = run(_check(settings, listener))
    if findings is None:
        return 130
    for line in map(json_line, findings) if as_json else lines_for_people(findings):
        click.echo(line)
    return 1 if findings else 0


async def _check(settings: Settings, listener: socket.socket) -> list[Finding]:
    from realmkit.cli.findings import findings_in, lines_for_people
    from realmkit.cli.progress import shown_progress
    from realmkit.cli.running import running

    own = [realm for realm in settings.realms if realm.is_writable]
    async with running(settings, listener) as app:
        async with shown_progress(app.stations.progress, own):
            await app.indexer.settle()
        findings = [finding for realm in own for finding in await findings_in(app, realm)]
        for realm in own:
            counts = await app.stations.index.counts(realm.url)
            told = len(lines_for_people([one for one in findings if one["realm"] == realm.name]))
            click.echo(
                f"  {realm.name}: {counts.instances} cards, {counts.modules} modules, "
                f"{told} finding{'' if told == 1 else 's'}",
                err=True,
            )
    return findings
