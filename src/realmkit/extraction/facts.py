"""What is known of one file, and the shapes in which the index and the wire carry it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from realmkit.extraction.kinds import FileKind, kind_of_file
from realmkit.extraction.media_types import type_of_file
from realmkit.files import StoredFile

# Embedded pictures in text: nobody searches for them, and a tsvector holds one megabyte.
_EMBEDDED_BYTES = re.compile(r"[A-Za-z0-9+/=]{255,}")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file as it was at one moment.

    `attributes` are what the bytes told, by the field names of the kind's definition;
    `note` says in one sentence why there are none, or not all. Times are unix seconds.
    """

    path: str
    kind: FileKind
    size: int
    content_hash: str
    modified_at: int
    created_at: int
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    note: str | None = None

    @staticmethod
    def of(file: StoredFile) -> FileFacts:
        """What is known of a file without looking into it."""
        return FileFacts(
            file.path,
            kind_of_file(file.path),
            file.size,
            file.content_hash,
            file.modified_at,
            file.created_at,
        )

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def resource(self, url: str) -> dict[str, Any]:
        """The `file-meta` resource of the file, which is served at `url`."""
        return {
            "type": "file-meta",
            "id": url,
            "attributes": self._attributes(url),
            "meta": {"adoptsFrom": self.kind.ref.to_json()},
        }

    def search_doc(self, url: str) -> dict[str, Any]:
        """What a query can see of the file."""
        doc = {
            **self._attributes(url),
            "id": url,
            "_cardType": self.kind.label,
            "_title": self.name,
        }
        if isinstance(content := doc.get("content"), str):
            doc["content"] = _EMBEDDED_BYTES.sub(" ", content)
        return doc

    def _attributes(self, url: str) -> dict[str, Any]:
        return {
            "name": self.name,
            "url": url,
            "sourceUrl": url,
            "contentType": type_of_file(self.path),
            "contentHash": self.content_hash,
            "contentSize": self.size,
            "lastModified": self.modified_at,
            "createdAt": self.created_at,
            **({"extractionError": self.note} if self.note else {}),
            **self.attributes,
        }
