"""What the edge may ask of the rest of the house.

`Stations` is handed to every resource under `http/`. It holds the services that
`app.py` built and started; nothing here starts, stops or owns anything. A
`MountedRealm` is one realm with the file store that is its folder.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from realmkit.changes import ChangeLog
from realmkit.coalesce.sweeping import SweepStats
from realmkit.config import Realm, Settings
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore
from realmkit.http.kept_files import KeptFiles
from realmkit.index import Announcements, IndexStore
from realmkit.modules import ModuleService
from realmkit.search import DefinitionCache, JobAnswers, SearchEngine


class Progress(Protocol):
    """How far a realm's indexing has come at one moment."""

    @property
    def state(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def current(self) -> str | None: ...
    def to_json(self) -> dict[str, object]: ...


class ProgressSource(Protocol):
    """Where progress is read. The edge does not know who reports it."""

    def get(self, realm_url: str) -> Progress: ...
    def follow(self, realm_url: str) -> AsyncIterator[Progress]: ...


@dataclass(frozen=True)
class MountedRealm:
    """A realm and the store of its files."""

    realm: Realm
    files: FileStore


@dataclass
class Stations:
    """The services a resource may call. `mounted` is keyed by realm name, base included."""

    settings: Settings
    mounted: dict[str, MountedRealm]
    changes: ChangeLog
    index: IndexStore
    announcements: Announcements
    modules: ModuleService
    definitions: DefinitionCache
    cache_sweeps: SweepStats
    search: SearchEngine
    extractor: FileExtractor
    kept_files: KeptFiles
    job_answers: JobAnswers
    progress: ProgressSource
    static_dir: Path
    # Set by the signal handler: event streams end on it, so that the server can stop.
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    # True once every realm was scanned; `/_ready` says so.
    is_ready: bool = False

    def realm_of(self, url: str) -> MountedRealm | None:
        """The mounted realm that holds `url`, or None when it belongs elsewhere."""
        for mounted in self.mounted.values():
            if url.startswith(mounted.realm.url):
                return mounted
        return None
