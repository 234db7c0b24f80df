"""What a visit leaves for the index, and what the index gives back.

The indexer fills in a `Batch` of `NewEntry`; `IndexStore.commit` makes all of it
visible at once. Documents are plain JSON values here and text in the tables. URLs
of instances keep `.json`; modules are named by their source file in `url`, and by
their identity (no extension, base realm as `@cardstack/base/...`) in dependencies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import orjson

from realmkit.changes import Change

EntryType = Literal["instance", "module", "file"]
DependencyKind = Literal["module", "instance", "file"]
Html = Mapping[str, str | Mapping[str, str]]
"""By format: the HTML itself, or the HTML by type key for `embedded` and `fitted`."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something a visit read: a module's identity, an instance's `.json` URL, a file's URL."""

    url: str
    kind: DependencyKind


@dataclass(frozen=True, slots=True)
class QueryDependency:
    """A search that a visit ran, and the ids it found, in order; None where it had no answer."""

    query: Mapping[str, Any]
    realms: Sequence[str]
    target_types: Sequence[str]
    """Type keys whose instances can change the answer."""
    ids: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One visited URL. With `error` (a JSON:API error object) set, the entry keeps the
    documents, types, icon and HTML of its last good visit where it has one, and takes
    these only where it has none; `dependencies` are then what the failed visit looked
    for, and are added to the old ones. Times are unix seconds.
    """

    url: str
    type: EntryType
    pristine_doc: Mapping[str, Any] | None = None
    search_doc: Mapping[str, Any] | None = None
    types: Sequence[str] = ()
    display_names: Sequence[str] = ()
    icon_html: str | None = None
    error: Mapping[str, Any] | None = None
    html: Html = field(default_factory=dict[str, str | Mapping[str, str]])
    styles: Mapping[str, str] = field(default_factory=dict[str, str])
    dependencies: Sequence[Dependency] = ()
    queries: Sequence[QueryDependency] = ()
    diagnostics: Mapping[str, Any] | None = None
    """Free JSON; `brokenLinks` is read by whoever serves the document."""
    is_only_read: bool = False
    """It was not rendered: HTML, styles and searches stay what they were, to be renewed
    by another visit."""
    last_modified: int | None = None
    resource_created_at: int | None = None
    content_hash: str | None = None


@dataclass(frozen=True, slots=True)
class NewAnnouncement:
    """An `event: index` to be published with the commit; invalidations are card ids and URLs."""

    index_type: Literal["incremental", "full"]
    invalidations: Sequence[str]
    client_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything one commit makes visible. A definition replaces all others of its module.

    `definitions` are the browser's descriptions, by module identity and export name.
    `indexed_seq` is the seq of the last change this batch answers.
    """

    realm_url: str
    entries: Sequence[NewEntry] = ()
    removed: Sequence[str] = ()
    definitions: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(
        default_factory=dict[str, Mapping[str, Mapping[str, Any]]]
    )
    indexed_seq: int | None = None
    announcements: Sequence[NewAnnouncement] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the index, decoded."""

    realm_url: str
    url: str
    type: EntryType
    file_alias: str
    pristine_doc: dict[str, Any] | None
    search_doc: dict[str, Any] | None
    types: list[str]
    display_names: list[str]
    icon_html: str | None
    has_error: bool
    error_doc: dict[str, Any] | None
    diagnostics: dict[str, Any]
    last_modified: int | None
    resource_created_at: int | None
    content_hash: str | None
    indexed_at: int
    generation: int


@dataclass(frozen=True, slots=True)
class Dependent:
    """An entry that has to be visited again. `realm_url` may be another realm's."""

    realm_url: str
    url: str
    type: EntryType


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """A search some entry rests on; it is out of date when its ids no longer hash to `ids_hash`."""

    realm_url: str
    url: str
    position: int
    realms: list[str]
    query: dict[str, Any]
    target_types: list[str]
    ids_hash: str

    @classmethod
    def of_entry(cls, realm_url: str, entry: NewEntry) -> list[Self]:
        """The searches of a visited entry, as they are stored."""
        return [
            cls(
                realm_url,
                entry.url,
                position,
                list(query.realms),
                dict(query.query),
                list(query.target_types),
                hash_ids(query.ids),
            )
            for position, query in enumerate(entry.queries)
        ]

    def asks_any(self, realm_urls: Collection[str]) -> bool:
        """Whether it searches one of these realms."""
        return any(realm_url in realm_urls for realm_url in self.realms or [self.realm_url])

    def found(self, ids: Sequence[str]) -> bool:
        """Whether the search still answers these ids, in this order."""
        return hash_ids(ids) == self.ids_hash


@dataclass(frozen=True, slots=True)
class TypeSummary:
    """How many instances have `type_key` as their own type."""

    type_key: str
    display_name: str
    total: int
    icon_html: str | None


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file that is neither a card's document nor a module. `size` is in bytes."""

    url: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class IndexingError:
    """An entry whose last visit failed. `error` is a JSON:API error object."""

    url: str
    type: EntryType
    error: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EntryDependencies:
    """What one entry rests on; `dependencies` are identities, in order.

    `query_only` (`modules`, `instances`, `files`) is what its visit touched through searches
    alone: no change of these makes it stale.
    """

    url: str
    realm_url: str
    type: EntryType
    has_error: bool
    dependencies: list[str]
    query_only: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class RealmState:
    """How far a realm's index has come. `indexed_at` is in milliseconds.

    Runs have taken the changes up to `taken_seq`. All of these are in the index, but for
    those that a long run still owes: the ones after `owed_after` up to `owed_seq`.
    """

    taken_seq: int = 0
    generation: int = 0
    indexed_at: int | None = None
    owed_after: int = 0
    owed_seq: int = 0

    @property
    def indexed_seq(self) -> int:
        """The seq up to which every change is in the index."""
        if self.owed_after < self.owed_seq:
            return min(self.taken_seq, self.owed_after)
        return self.taken_seq

    def has(self, seq: int) -> bool:
        """Whether the change `seq` is in the index; older ones may still be owed."""
        return self.taken_seq >= seq and not self.owed_after < seq <= self.owed_seq


@dataclass(frozen=True, slots=True)
class Place:
    """Where every realm stood at one moment: what a visit that begins then can see.

    By realm URL: the last seq of its log that is a change's, and its index's generation.
    """

    marks: Mapping[str, int] = field(default_factory=dict[str, int])
    generations: Mapping[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]]) -> Self:
        """From rows of realm URL, mark and generation."""
        return cls(
            {url: mark for url, mark, _ in rows}, {url: generation for url, _, generation in rows}
        )


@dataclass(frozen=True, slots=True)
class ToDo:
    """What a realm's index is behind with, at one moment."""

    state: RealmState
    place: Place
    owes_visits: bool
    """Whether a long run has something to go on with."""
    starts_over: bool
    """Whether changes that no run has taken are no longer kept."""
    changes: Sequence[Change]
    """Those that no run has taken, oldest first."""

    def __bool__(self) -> bool:
        return bool(self.owes_visits or self.starts_over or self.changes)


@dataclass(frozen=True, slots=True)
class Counts:
    """Entries of a realm by type, and how many of all have errors."""

    instances: int
    modules: int
    files: int
    errors: int


def hash_ids(ids: Sequence[str] | None) -> str:
    """The hash of a search's answer. No answer's is empty, so that any answer is another one."""
    if ids is None:
        return ""
    return hashlib.sha256(orjson.dumps(list(ids))).hexdigest()
