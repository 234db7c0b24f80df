"""What the runs of one realm work with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from realmkit.cards.code_refs import ModuleNames
from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.files import FileStore
from realmkit.index import IndexStore, LongRuns
from realmkit.indexer.progress import ProgressHub
from realmkit.indexer.visiting import Keeper, Visitor
from realmkit.modules import ModuleService
from realmkit.search import SearchEngine


@dataclass(frozen=True)
class Means:
    """One realm, and the stations its runs ask."""

    realm: Realm
    realms: Sequence[Realm]
    """Every realm of this process, this one included."""
    files: FileStore
    changes: ChangeLog
    index: IndexStore
    long_runs: LongRuns
    modules: ModuleService
    search: SearchEngine
    hub: ProgressHub
    names: ModuleNames
    new_visitor: Callable[[Realm, Keeper, int], Visitor]
    """For a run of this priority: somebody waits for a short one."""
