"""A page of search results, as every way of searching answers."""

from dataclasses import dataclass, field
from typing import Any

from realmkit.search.served import Resource


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of results as JSON:API resources. `total` counts every match, not the page."""

    data: list[Resource]
    total: int
    included: list[Resource] = field(default_factory=list[Resource])
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Realms that could not be asked: `{realm, type, message}`."""

    def to_document(self) -> dict[str, Any]:
        """The body of `_search`: data, included if any, meta.page.total, meta.errors if any."""
        meta: dict[str, Any] = {"page": {"total": self.total}}
        if self.errors:
            meta["errors"] = self.errors
        if self.included:
            return {"data": self.data, "included": self.included, "meta": meta}
        return {"data": self.data, "meta": meta}
