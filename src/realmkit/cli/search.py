"""`realmkit search`: find cards from the terminal, in a folder or on a running server."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from realmkit.cli.options import served_port_option, state_option
from realmkit.config import SetupError

if TYPE_CHECKING:
    from realmkit.config import Settings


@click.command("search")
@click.argument("where", metavar="FOLDER|URL")
@click.argument("words", nargs=-1, metavar="[WORDS]...")
@click.option("--type", "type_name", metavar="NAME", help="Only cards of this type.")
@click.option(
    "--eq",
    "conditions",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Only cards whose field has this value; needs --type. May be repeated.",
)
@click.option(
    "--size",
    type=click.IntRange(1, 500),
    default=20,
    show_default=True,
    help="How many cards to print at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the JSON:API document.")
@served_port_option("The port that the folder is served at; its index holds that address.")
@state_option("Where a folder's index is kept.")
def command(
    where: str,
    words: tuple[str, ...],
    type_name: str | None,
    conditions: tuple[str, ...],
    size: int,
    as_json: bool,
    port: int,
    state_dir: Path,
) -> int:
    """Search the cards of a folder, or of a realm on a running server.

    WORDS are looked for in the cards' titles. A folder is indexed first if it must
    be; a URL is the address of a realm, such as http://127.0.0.1:4201/atlas/.

    \b
    Examples:
        realmkit search examples/atlas france
        realmkit search http://127.0.0.1:4201/atlas/ --type Country --eq code=FR
        realmkit search examples/atlas --type Region --json
    """
    from realmkit.cli.running import run

    asked = _Asked(words, type_name, conditions, size)
    if where.startswith(("http://", "https://")):
        document = _ask_server(where if where.endswith("/") else where + "/", asked)
    else:
        settings, listener = _settings(where, state_dir, port)
        found = run(_ask_folder(settings, listener, asked))
        if found is None:
            return 130
        document = found
    _print(document, as_json)
    return 0 if document["data"] else 1


class _Asked:
    """What was typed, and the query it means once the types are known."""

    def __init__(
        self, words: Sequence[str], type_name: str | None, conditions: Sequence[str], size: int
    ) -> None:
        self.words = " ".join(words)
        self.type_name = type_name
        self.size = size
        self.equal: dict[str, Any] = {}
        for condition in conditions:
            field, equals, value = condition.partition("=")
            if not equals or not field:
                raise click.UsageError(f"`{condition}` is no condition: write FIELD=VALUE.")
            self.equal[field] = _value(value)
        if self.equal and not type_name:
            raise click.UsageError("--eq asks about a type's field: say which with --type.")

    def query(self, types: Mapping[str, str]) -> dict[str, Any]:
        """The `_search` body. `types` are display names by type key."""
        filters: list[dict[str, Any]] = []
        if self.type_name:
            module, _, name = self._type_key(types).rpartition("/")
            ref = {"module": module, "name": name}
            filters.append({"on": ref, "eq": self.equal} if self.equal else {"type": ref})
        if self.words:
            filters.append({"contains": {"_title": self.words}})
        query: dict[str, Any] = {"sort": [{"by": "_title"}], "page": {"size": self.size}}
        if filters:
            query["filter"] = filters[0] if len(filters) == 1 else {"every": filters}
        return query

    def _type_key(self, types: Mapping[str, str]) -> str:
        wanted = (self.type_name or "").lower()
        for type_key, display_name in types.items():
            if wanted in (type_key.lower(), type_key.rpartition("/")[2].lower()):
                return type_key
            if wanted == display_name.lower():
                return type_key
        from realmkit.cards.near_miss import did_you_mean

        names = [type_key.rpartition("/")[2] for type_key in types]
        hint = did_you_mean(self.type_name or "", names)
        known = ", ".join(sorted(set(names))) or "none"
        raise SetupError(
            f"No card here has the type `{self.type_name}`.{hint} The types are: {known}."
        )


def _value(text: str) -> Any:
    """A number, true, false or null as JSON reads them, else the text itself."""
    import orjson

    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return text if isinstance(value, dict | list) else value


def _settings(where: str, state_dir: Path, port: int) -> tuple[Settings, socket.socket]:
    from realmkit.cli import mounts
    from realmkit.cli.logs import configure_logs
    from realmkit.config import Settings

    by_name = mounts.parse_mounts([where])
    configure_logs("plain")
    listener = mounts.listen("127.0.0.1", port)
    url = mounts.address_of(listener, "127.0.0.1")
    settings = Settings(
        realms=mounts.realms_at(url, by_name),
        public_url=url,
        state_dir=state_dir.expanduser().resolve(),
        watch=False,
    )
    return settings, listener


async def _ask_folder(settings: Settings, listener: socket.socket, asked: _Asked) -> dict[str, Any]:
    from realmkit.cli.progress import shown_progress
    from realmkit.cli.running import running

    own = [realm for realm in settings.realms if realm.is_writable]
    async with running(settings, listener) as app:
        async with shown_progress(app.stations.progress, own):
            await app.indexer.drain(own[0].url)
        summaries = await app.stations.index.types_summary(own[0].url)
        engine = app.stations.search
        query = engine.parse(asked.query({one.type_key: one.display_name for one in summaries}))
        page = await engine.search([own[0].url], query, with_included=False)
        return page.to_document()


def _ask_server(url: str, asked: _Asked) -> dict[str, Any]:
    types = _fetch(f"{url}_types", "GET")
    query = asked.query(
        {one["id"]: one["attributes"]["displayName"] for one in types.get("data", [])}
    )
    return _fetch(f"{url}_search", "QUERY", query)


def _fetch(url: str, method: str, body: object = None) -> dict[str, Any]:
    """A JSON document from a server. Raises `SetupError` saying what it answered instead."""
    import urllib.error
    import urllib.request

    import orjson

    headers = {
        "Accept": "application/vnd.card+json, application/json, application/vnd.api+json",
        "Content-Type": "application/json",
    }
    data = None if body is None else orjson.dumps(body)
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return cast("dict[str, Any]", orjson.loads(answer.read()))
    except urllib.error.HTTPError as exc:
        with exc:
            raise SetupError(f"{url} answered {exc.code}: {_detail(exc.read())}") from exc
    except (urllib.error.URLError, OSError) as exc:
        reason = getattr(exc, "reason", exc)
        raise SetupError(f"{url} cannot be reached: {reason}.") from exc
    except orjson.JSONDecodeError as exc:
        raise SetupError(f"{url} did not answer JSON: is it a realm?") from exc


def _detail(body: bytes) -> str:
    import orjson

    try:
        error = orjson.loads(body)["errors"][0]
        return str(error.get("detail") or error.get("title"))
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        return body[:200].decode("utf-8", "replace")


def _print(document: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        import orjson

        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    rows = cast("list[dict[str, Any]]", document["data"])
    for row in rows:
        attributes = row.get("attributes") or {}
        title = attributes.get("cardTitle") or attributes.get("title") or ""
        type_name = ((row.get("meta") or {}).get("adoptsFrom") or {}).get("name", "")
        click.echo(f"{title}  ({type_name})  {row['id']}")
    total = document.get("meta", {}).get("page", {}).get("total", len(rows))
    click.echo(f"{len(rows)} of {total}" if rows else "Nothing found.", err=True)
