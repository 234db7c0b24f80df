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
    QueryDependency,
    RealmState,
    StoredQuery,
    TypeSummary,
)
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
    "IndexStore",
    "IndexedFile",
    "IndexingError",
    "NewAnnouncement",
    "NewEntry",
    "QueryDependency",
    "RealmState",
    "StoredQuery",
    "TypeSummary",
]
