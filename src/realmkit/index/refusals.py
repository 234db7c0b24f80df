"""What becomes of a file whose visit left something that the database does not take.

Commits bound what they can name beforehand: words, names, nesting. Whatever else a
database refuses is an error of the one file it is of, and says why.
"""

from __future__ import annotations

from dataclasses import replace

from realmkit.errors import AuthorMustFix, OurBug, RealmkitError, TryLater
from realmkit.index.artefacts import NewEntry


def is_about_content(exc: Exception) -> bool:
    """Whether a failed commit may succeed without some file; a database that is away is not it."""
    return not isinstance(exc, TryLater)


def refused(entry: NewEntry, exc: Exception) -> NewEntry:
    """The error that stands for `entry`. It keeps what would have the file visited again."""
    error = AuthorMustFix(
        f"What its visit left cannot be put into the index: {_reason(exc)}.",
        title="Cannot Be Indexed",
    )
    return NewEntry(
        entry.url,
        entry.type,
        types=entry.types,
        display_names=entry.display_names,
        error=error.to_error_object(),
        dependencies=entry.dependencies,
        last_modified=entry.last_modified,
        resource_created_at=entry.resource_created_at,
        content_hash=entry.content_hash,
    )


def bare(entry: NewEntry) -> NewEntry:
    """An error without anything that the database could refuse as well."""
    return replace(entry, types=(), display_names=(), dependencies=())


def _reason(exc: Exception) -> str:
    """What is wrong, in the database's own words where it has some."""
    cause = exc.__cause__ if isinstance(exc, OurBug) and exc.__cause__ else exc
    text = cause.detail if isinstance(cause, RealmkitError) else str(cause)
    if isinstance(cause, RecursionError) or "Recursion" in text:
        return "it nests too deep"
    return text.strip().partition("\n")[0].rstrip(".") or type(cause).__name__
