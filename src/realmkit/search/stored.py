"""Cards and files as the folder holds them, for whoever cannot wait for the index.

A rendering page loads links this way, so a card that was never indexed, or whose
definition is broken, loads as well as any other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from realmkit.cards.addresses import card_id, instance_url
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.documents import read_card_document
from realmkit.config import Realm
from realmkit.errors import NotFound, RealmkitError
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore, StoredFile, kind_of
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
        """`{data: [resources], meta: {missing: [{id, status, title, detail}]}}`, in order.

        However many ids there are, each realm's files are read together.
        """
        read = await self._read(list(ids))
        data = [one for one in read.values() if isinstance(one, dict)]
        missing = [
            {"id": id, "status": str(one.status), "title": one.title, "detail": one.detail}
            for id, one in read.items()
            if isinstance(one, RealmkitError)
        ]
        return {"data": data, "meta": {"missing": missing}}

    async def resource(self, id: str) -> Resource:
        """The card as stored, or the file of that name, with its absolute id.

        A card whose id ends like a file's name is still a card; JSON that names no
        definition is a file. Raises `NotFound`, or `BadRequest` when a card is malformed.
        """
        [read] = (await self._read([id])).values()
        if isinstance(read, RealmkitError):
            raise read
        return read

    async def _read(self, ids: Sequence[str]) -> dict[str, Resource | RealmkitError]:
        places = {id: self._place(id) for id in ids}
        files: dict[tuple[str, str], StoredFile | RealmkitError] = {}
        for realm, store in self._files.items():
            paths = [path for home, path in places.values() if home is realm]
            for path, file in (await store.read_many(paths)).items():
                files[realm.url, path] = file
        found: dict[str, Resource | RealmkitError] = {}
        for id, (realm, path) in places.items():
            if realm is None:
                found[id] = NotFound(f"{card_id(id)} lies in no realm served here.")
                continue
            try:
                found[id] = await self._resource(id, realm, path, files[realm.url, path])
            except RealmkitError as exc:
                found[id] = exc
        return found

    def _place(self, id: str) -> tuple[Realm | None, str]:
        """The realm that `id` lies in, and where its file would lie if it is a card's."""
        url = instance_url(self._names.to_url(card_id(id)))
        for realm in self._files:
            path = realm.path_of(url)
            if path is not None:
                return realm, path
        return None, ""

    async def _resource(
        self, id: str, realm: Realm, path: str, file: StoredFile | RealmkitError
    ) -> Resource:
        if isinstance(file, NotFound):
            file_path = realm.path_of(self._names.to_url(card_id(id)))
            if not file_path or kind_of(file_path) == "module":
                raise file
            return await self._file(realm, file_path)
        if isinstance(file, RealmkitError):
            raise file
        if _ADOPTS not in file.content:
            return await self._file(realm, path)
        stored = read_card_document(file.content, what=f"The file {path}").data
        return {
            "type": "card",
            "id": self._names.to_url(card_id(id)),
            "attributes": stored.get("attributes") or {},
            "relationships": stored.get("relationships") or {},
            "meta": {**stored["meta"], "realmURL": realm.url, "lastModified": file.modified_at},
        }

    async def _file(self, realm: Realm, path: str) -> Resource:
        facts = await self._extractor.facts(self._files[realm], path)
        resource = facts.resource(realm.url_of(path))
        resource["meta"] |= {"realmURL": realm.url, "lastModified": facts.modified_at}
        return resource
