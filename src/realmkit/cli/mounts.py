"""From what was typed to `Settings`: folders, names, addresses.

Everything that can be said to be wrong before anything starts is said here.
"""

import ipaddress
import re
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from realmkit.config import BASE_NAME, Realm, SetupError, is_postgres

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")


def parse_mounts(arguments: Sequence[str]) -> dict[str, Path]:
    """Folders by realm name. Each argument is `FOLDER` or `NAME=FOLDER`.

    Raises `click.UsageError` naming the argument that cannot be served.
    """
    mounts: dict[str, Path] = {}
    for argument in arguments:
        name, path = _split(argument)
        root = path.expanduser().resolve()
        if not root.exists():
            raise click.UsageError(f"The folder `{path}` does not exist.")
        if not root.is_dir():
            raise click.UsageError(f"`{path}` is not a folder.")
        name = name or root.name
        if not _NAME.match(name):
            raise click.UsageError(
                f"`{name}` cannot be a realm's name: use letters, digits, `.`, `_` and `-`, "
                f"or give another name as NAME={path}."
            )
        if name == BASE_NAME:
            raise click.UsageError(
                f"`{name}` is the built-in realm's name: give another one, as in mine={path}."
            )
        if name in mounts:
            raise click.UsageError(
                f"Two folders would be the realm `{name}`: "
                f"give one of them another name, as in {name}2={path}."
            )
        mounts[name] = root
    return mounts


def realms_at(public_url: str, mounts: dict[str, Path]) -> tuple[Realm, ...]:
    """The realms of these folders, and the base realm last."""
    from realmkit.config import base_realm

    own = [Realm(f"{public_url}/{name}/", root, name) for name, root in mounts.items()]
    return (*own, base_realm(public_url))


def check_loopback(host: str) -> str:
    """The host, if only this machine can reach it. Raises `click.UsageError` saying why not."""
    if host == "localhost":
        return host
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise click.UsageError(
        f"realmkit listens on this machine only, and {host} can be reached from others: "
        "it has no permissions yet, so whoever reaches it could change every card. "
        "Use 127.0.0.1, ::1 or localhost."
    )


def check_public_url(url: str) -> str:
    """The URL without a slash at its end. Raises `click.UsageError` if it is no plain origin."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise click.UsageError(
            f"`{url}` is no public address: it must look like https://cards.example."
        )
    return f"{parts.scheme}://{parts.netloc}"


def check_database(url: str | None, direct: str | None, *, index: bool = True) -> None:
    """Raises `click.UsageError` for what is no address of a database, and for a server that
    leaves the indexing to others where there can be none."""
    if url and not is_postgres(url) and not url.startswith("sqlite:///"):
        raise click.UsageError(
            f"`{url}` is no database URL: use sqlite:///path or postgresql://host/name."
        )
    if direct and not (url and is_postgres(url) and is_postgres(direct)):
        raise click.UsageError(
            "--database-direct goes with --database: both name the same PostgreSQL, "
            "the one through a pooler and the other past it."
        )
    if not index and not (url and is_postgres(url)):
        raise click.UsageError(
            "--no-index goes with a PostgreSQL as --database: "
            "another server of the same database has to index."
        )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `SetupError` when the port is taken or forbidden."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns off Nagle's algorithm only where the protocol is named; with it on,
    # every answer of two writes waits 40 ms for the other side's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # From here on requests queue up instead of being refused, so the
        # prerender pages may already knock while the rest still starts.
        listener.listen(1024)
    except OSError as exc:
        listener.close()
        raise SetupError(
            f"Port {port} of {host} cannot be used ({exc.strerror or exc}): "
            "is another realmkit running? Choose another with --port."
        ) from exc
    listener.setblocking(False)
    return listener


def address_of(listener: socket.socket, host: str) -> str:
    """The origin at which a listening socket is reached."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


def _split(argument: str) -> tuple[str, Path]:
    """`NAME=FOLDER` into its parts; a folder whose own name has a `=` wins."""
    name, equals, folder = argument.partition("=")
    if equals and not Path(argument).exists():
        return name, Path(folder)
    return "", Path(argument)
