"""`realmkit check`: is everything in this folder in order?"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from realmkit.cli.options import render_timeout_option

if TYPE_CHECKING:
    from realmkit.app import App
    from realmkit.config import Realm, Settings


@click.command("check")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON lines.")
@render_timeout_option
def command(folders: tuple[str, ...], as_json: bool, render_timeout: float) -> int:
    """Index folders once and print every error in them.

    Every module is compiled and every card rendered, in a state folder of its own
    that is thrown away. Each finding is one line, as compilers print them; a mistake
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
    for line in map(_as_json, findings) if as_json else _as_lines(findings):
        click.echo(line)
    return 1 if findings else 0


async def _check(settings: Settings, listener: socket.socket) -> list[dict[str, Any]]:
    from realmkit.cli.progress import shown_progress
    from realmkit.cli.running import running

    own = [realm for realm in settings.realms if realm.is_writable]
    async with running(settings, listener) as app:
        async with shown_progress(app.stations.progress, own):
            await app.indexer.settle()
        findings = [finding for realm in own for finding in await _findings(app, realm)]
        for realm in own:
            counts = await app.stations.index.counts(realm.url)
            told = len(_as_lines([one for one in findings if one["realm"] == realm.name]))
            click.echo(
                f"  {realm.name}: {counts.instances} cards, {counts.modules} modules, "
                f"{told} finding{'' if told == 1 else 's'}",
                err=True,
            )
    return findings


async def _findings(app: App, realm: Realm) -> list[dict[str, Any]]:
    """Entries in error and links that lead nowhere, by file."""
    index = app.stations.index
    findings = [_of_error(realm, one.url, one.error) for one in await index.errors(realm.url)]
    for url, links in await index.broken_links(realm.url):
        findings += [
            _finding(
                realm,
                url,
                f"the link `{link.get('field')}` leads nowhere: "
                f"{link.get('target')} ({link.get('reason')})",
            )
            for link in links
        ]
    return sorted(findings, key=lambda one: (one["realm"], one["file"], one["line"] or 0))


def _of_error(realm: Realm, url: str, error: Mapping[str, Any]) -> dict[str, Any]:
    meta = error.get("meta") or {}
    reason = str(error.get("detail") or error.get("message") or error.get("title") or "error")
    # A card that fails because of a module is told where in that module.
    file = str(meta.get("file") or "")
    finding = _finding(realm, url, reason)
    if file and file != finding["file"]:
        finding |= {"file": file, "breaks": finding["file"]}
    return {**finding, "line": meta.get("line"), "column": meta.get("column")}


def _finding(realm: Realm, url: str, reason: str) -> dict[str, Any]:
    return {
        "realm": realm.name,
        "file": realm.path_of(url) or url,
        "line": None,
        "column": None,
        # The realm's address means nothing here: its port was free for this one run.
        "reason": reason.strip().partition("\n")[0].replace(realm.url, "./").rstrip("."),
    }


def _as_lines(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for what is said of one place, with what it breaks elsewhere."""
    broken: dict[str, list[str]] = {}
    for finding in findings:
        others = broken.setdefault(f"{_place(finding)}  {finding['reason']}", [])
        if "breaks" in finding:
            others.append(finding["breaks"])
    return [f"{line}{_told(others)}" for line, others in broken.items()]


def _told(broken: Sequence[str]) -> str:
    if not broken:
        return ""
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f" ({broken[0]}{more})"


def _place(finding: Mapping[str, Any]) -> str:
    place = str(finding["file"])
    if finding["line"] is not None:
        place += f":{finding['line']}"
        if finding["column"] is not None:
            # Editors count columns from one.
            place += f":{finding['column'] + 1}"
    return place


def _as_json(finding: Mapping[str, Any]) -> str:
    import orjson

    return orjson.dumps(finding).decode()
