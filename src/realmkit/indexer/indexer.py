"""Following every realm's change log, one runner a realm.

A runner waits for the log, drains it, and waits again. A change notification is
only a hint: the runner reads from its realm's `indexed_seq`, so a run that was
cut short by a crash is simply continued, and a burst of writes is one run.
"""

from collections.abc import Mapping

from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.files import FileStore
from realmkit.index import Announcements, IndexStore
from realmkit.indexer.progress import Progress, ProgressHub
from realmkit.modules import ModuleService
from realmkit.prerender import Prerenderer
from realmkit.search import SearchEngine


class Indexer:
    """The service that keeps every realm's index at the end of its change log."""

    progress_hub: ProgressHub

    def __init__(
        self,
        *,
        realms: Mapping[Realm, FileStore],
        changes: ChangeLog,
        index: IndexStore,
        announcements: Announcements,
        modules: ModuleService,
        prerenderer: Prerenderer,
        search: SearchEngine,
    ) -> None:
        raise NotImplementedError

    async def start(self) -> None:
        """Begin following the log of every realm. Returns at once; runs go on in tasks."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Cancel the runs. What was not committed is visited again by the next start."""
        raise NotImplementedError

    async def drain(self, realm_url: str) -> None:
        """Return when the realm's index has everything the log held at the time of the call."""
        raise NotImplementedError

    async def wait(self, realm_url: str, seq: int) -> None:
        """Return when `indexed_seq >= seq`."""
        raise NotImplementedError

    async def reindex(self, realm_url: str) -> None:
        """Visit every file of the realm again, whatever its hash, in one run."""
        raise NotImplementedError

    def progress(self, realm_url: str) -> Progress:
        raise NotImplementedError
