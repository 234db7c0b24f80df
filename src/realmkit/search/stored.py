"""Cards as their files hold them, for whoever cannot wait for the index.

A rendering page loads links this way, so a card that was never indexed, or whose
definition is broken, loads as well as any other.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from realmkit.cards.addresses import card_id, instance_url
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.documents import read_card_document
from realmkit.config import Realm
from realmkit.errors import NotFound, RealmkitError
from realmkit.files import FileStore
from realmkit.search.served import Resource


class StoredCards:
    """Reads card documents through the file stores of the mounted realms."""

    def __init__(self, files: Mapping[Realm, FileStore], names: ModuleNames) -> None:
        self._files = files
        self._names = names

    async def documents(self, ids: Iterable[str]) -> dict[str, Any]:
        """`{data: [resources], meta: {missing: [{id, status, title, detail}]}}`, in order."""
        data: list[Resource] = []
        missing: list[dict[str, str]] = []
        for id in ids:
            try:
                data.append(await self.resource(id))
            except RealmkitError as exc:
                missing.append(
                    {"id": id, "status": str(exc.status), "title": exc.title, "detail": exc.detail}
                )
        return {"data": data, "meta": {"missing": missing}}

    async def resource(self, id: str) -> Resource:
        """The resource as stored, with its absolute id and where and when it was stored.

        Raises `NotFound`, or `BadRequest` when the file is no card document.
        """
        url = self._names.to_url(card_id(id))
        for realm, store in self._files.items():
            path = realm.path_of(instance_url(url))
            if path is None:
                continue
            file = await store.read(path)
            document = read_card_document(file.content, what=f"The file {path}")
            stored = document.data
            return {
                "type": "card",
                "id": url,
                "attributes": stored.get("attributes") or {},
                "relationships": stored.get("relationships") or {},
                "meta": {
                    **stored["meta"],
                    "realmURL": realm.url,
                    "lastModified": file.modified_at,
                },
            }
        raise NotFound(f"{card_id(id)} lies in no realm served here.")
