"""Cards and files as the folder holds them, for whoever cannot wait for the index.

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
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore, kind_of
from realmkit.search.served import Resource

_ADOPTS = b'"adoptsFrom"'


class StoredCards:
    """Reads cards and files through the file stores of the mounted realms."""

    def __init__(
        self, files: Mapping[Realm, FileStore], extractor: FileExtractor, names: ModuleNames
    ) -> None:
        self._files = files
        self._extractor = extractor
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
        """The card as stored, or the file of that name, with its absolute id.

        A card whose id ends like a file's name is still a card; JSON that names no
        definition is a file. Raises `NotFound`, or `BadRequest` when a card is malformed.
        """
        url = self._names.to_url(card_id(id))
        for realm, store in self._files.items():
            path = realm.path_of(instance_url(url))
            if path is None:
                continue
            try:
                return await self._card(realm, store, path, url)
            except NotFound:
                file_path = realm.path_of(url)
                if not file_path or kind_of(file_path) == "module":
                    raise
            return await self._file(realm, store, file_path)
        raise NotFound(f"{card_id(id)} lies in no realm served here.")

    async def _card(self, realm: Realm, store: FileStore, path: str, id: str) -> Resource:
        file = await store.read(path)
        if _ADOPTS not in file.content:
            return await self._file(realm, store, path)
        document = read_card_document(file.content, what=f"The file {path}")
        stored = document.data
        return {
            "type": "card",
            "id": id,
            "attributes": stored.get("attributes") or {},
            "relationships": stored.get("relationships") or {},
            "meta": {
                **stored["meta"],
                "realmURL": realm.url,
                "lastModified": file.modified_at,
            },
        }

    async def _file(self, realm: Realm, store: FileStore, path: str) -> Resource:
        facts = await self._extractor.facts(store, path)
        resource = facts.resource(realm.url_of(path))
        resource["meta"] |= {"realmURL": realm.url, "lastModified": facts.modified_at}
        return resource
