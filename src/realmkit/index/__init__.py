"""What we know: entries, artefacts, the dependency graph, and what became visible when."""

from realmkit.index.announcements import Announcement, Announcements, Event
from realmkit.index.artefacts import (
    Batch,
    Counts,
    Dependency,
    DependencyKind,
    Dependent,
    Entry,
    EntryDependencies,
    EntryType,
    IndexingError,
    NewAnnouncement,
    NewEntry,
    Place,
    PlainFile,
    QueryDependency,
    RealmState,
    StoredQuery,
    ToDo,
    TypeSummary,
)
from realmkit.index.long_runs import Facts, LongRun, LongRuns
from realmkit.index.names import names_of_changed
from realmkit.index.outcomes import VisitedFile
from realmkit.index.refusals import is_about_content
from realmkit.index.store import Committed, IndexedFile, IndexStore

__all__ = [
    "Announcement",
    "Announcements",
    "Batch",
    "Committed",
    "Counts",
    "Dependency",
    "DependencyKind",
    "Dependent",
    "Entry",
    "EntryDependencies",
    "EntryType",
    "Event",
    "Facts",
    "IndexStore",
    "IndexedFile",
    "IndexingError",
    "LongRun",
    "LongRuns",
    "NewAnnouncement",
    "NewEntry",
    "Place",
    "PlainFile",
    "QueryDependency",
    "RealmState",
    "StoredQuery",
    "ToDo",
    "TypeSummary",
    "VisitedFile",
    "is_about_content",
    "names_of_changed",
]
