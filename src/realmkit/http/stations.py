"""What the edge may ask of the rest of the house.

`Stations` is handed to every resource under `http/`. It holds the services that
`app.py` built and started; nothing here starts, stops or owns anything. A
`MountedRealm` is one realm with the file store that is its folder.
"""

import asyncio
from dataclasses import dataclass, field

from realmkit.changes import ChangeLog
from realmkit.config import Realm, Settings
from realmkit.files import FileStore
from realmkit.index import Announcements, IndexStore
from realmkit.modules import ModuleService
from realmkit.search import SearchEngine


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
    search: SearchEngine
    # Set by the signal handler: event streams end on it, so that the server can stop.
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    # True once every realm was scanned; `/_ready` says so.
    is_ready: bool = False

    def realm_named(self, name: str) -> MountedRealm | None:
        return self.mounted.get(name)

    def realm_of(self, url: str) -> MountedRealm | None:
        """The mounted realm that holds `url`, or None when it belongs elsewhere."""
        for mounted in self.mounted.values():
            if url.startswith(mounted.realm.url):
                return mounted
        return None
