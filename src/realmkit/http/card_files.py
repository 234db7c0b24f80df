"""What the files of cards will hold: decided here, written by whoever asks.

Called under the realm's write lock, so that what was read still stands when it is
written. The stored file is what a patch merges into, never the index.
"""

import uuid

from realmkit.cards.addresses import card_id, resolve_link
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.creation import NewCard, plan_creation
from realmkit.cards.definitions import Definition
from realmkit.cards.documents import CardDocument, Resource, read_card_document
from realmkit.cards.patches import merge_patch
from realmkit.cards.stored import Place, stored_bytes, stored_resource
from realmkit.errors import (
    AuthorMustFix,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    UnsupportedMediaType,
)
from realmkit.files import FileWrite, StoredFile
from realmkit.http.stations import MountedRealm, Stations


class CardFiles:
    """Plans the writes that create and change cards."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations
        self._names = ModuleNames(stations.settings.public_url)

    async def creation(
        self, mounted: MountedRealm, document: CardDocument, folder_url: str
    ) -> list[FileWrite]:
        """The files of a new card and of the siblings that came with it, its own first.

        Raises `Forbidden` for a document that brings its own id: a `lid` names the file.
        """
        if "id" in document.data:
            raise Forbidden(
                "A card that is created gets its id here; a `lid` says how its file is called.",
                pointer="/data/id",
            )
        return [
            await self.new_file(mounted, card)
            for card in self._planned(mounted, document, folder_url)
        ]

    async def patching(
        self, mounted: MountedRealm, path: str, file: StoredFile, patch: CardDocument
    ) -> list[FileWrite]:
        """The files that a patch of the card at `path` changes and brings along; none if it
        says nothing new. New siblings are created at the realm's root."""
        fresh = _siblings(patch, mounted.realm.url)
        plan: list[NewCard] = []
        if fresh:
            document = CardDocument(fresh[0], tuple(fresh[1:]))
            plan = self._planned(mounted, document, mounted.realm.url)
        ids_by_lid = {resource["lid"]: card.id for resource, card in zip(fresh, plan, strict=True)}
        changed = await self.merged(mounted, path, file, patch.data, ids_by_lid)
        writes = [await self.new_file(mounted, card) for card in plan]
        return [*writes, changed] if changed else writes

    async def merged(
        self,
        mounted: MountedRealm,
        path: str,
        file: StoredFile,
        patch: Resource,
        ids_by_lid: dict[str, str],
        *,
        pointer: str = "/data",
    ) -> FileWrite | None:
        """The card's file with `patch` merged into it; None if that leaves it as it is.

        Raises `Conflict` for a patch with another card's id.
        """
        place = Place(mounted.realm.url_of(path), mounted.realm.url, self._names)
        self._check_id(patch, place, pointer)
        stored = _stored_card(place, file)
        definition, contained = await self._definitions(stored, place.id)
        changes = stored_resource(
            patch, place, definition=definition, contained=contained, ids_by_lid=ids_by_lid
        )
        replaces = (patch.get("meta") or {}).get("replaces") or ()
        merged = merge_patch(stored, changes, place, replaces)
        if not merged.is_changed:
            return None
        return FileWrite(file.path, stored_bytes(merged.resource), must_be="present")

    async def new_file(self, mounted: MountedRealm, card: NewCard) -> FileWrite:
        """The file of a card that must not be there yet."""
        place = Place(card.id, mounted.realm.url, self._names)
        definition, contained = await self._definitions(card.resource, card.id)
        resource = stored_resource(card.resource, place, definition=definition, contained=contained)
        path = mounted.realm.path_of(card.id)
        if path is None:
            raise BadRequest(f"`{card.id}` does not lie in {mounted.realm.url}.")
        return FileWrite(f"{path}.json", stored_bytes(resource), must_be="absent")

    async def stored_file(self, mounted: MountedRealm, path: str) -> StoredFile:
        """The card's file. A file of that very name is no card."""
        if await mounted.files.stat(path):
            raise UnsupportedMediaType(f"`{mounted.realm.url_of(path)}` is a file and not a card.")
        try:
            return await mounted.files.read(f"{path}.json")
        except NotFound as exc:
            raise NotFound(f"`{mounted.realm.url_of(path)}` was not found.") from exc

    def _planned(
        self, mounted: MountedRealm, document: CardDocument, folder_url: str
    ) -> list[NewCard]:
        return plan_creation(
            document,
            folder_url=folder_url,
            realm_url=mounted.realm.url,
            names=self._names,
            new_name=lambda: str(uuid.uuid4()),
        )

    def _check_id(self, patch: Resource, place: Place, pointer: str) -> None:
        claimed = patch.get("id")
        if claimed is None:
            return
        if card_id(resolve_link(self._names.to_url(claimed), place.id)) != place.id:
            raise Conflict(
                f"The document is that of `{claimed[:300]}`, and it was sent to {place.id}.",
                pointer=f"{pointer}/id",
            )

    async def _definitions(
        self, resource: Resource, id: str
    ) -> tuple[Definition | None, dict[str, Definition]]:
        """The definition the card adopts, if it is known, and those of what it may contain."""
        adopted = (resource.get("meta") or {}).get("adoptsFrom")
        known: dict[str, Definition] = {}
        if not adopted:
            return None, known
        type_key = self._names.resolve(adopted, id).type_key
        asked, waiting = {type_key}, [type_key]
        while waiting:
            found = await self._stations.index.definitions(waiting)
            for definition in found.values():
                known |= {one.type_key: one for one in (definition, *definition.inner)}
            # A module may only pass on what it is asked for.
            known |= found
            contained = {
                field.card.type_key
                for definition in known.values()
                for field in definition.fields.values()
                if not field.is_primitive and not field.is_link
            }
            waiting = sorted(contained - asked - known.keys())
            asked |= contained
        return known.get(type_key), known


def _siblings(patch: CardDocument, realm_url: str) -> list[Resource]:
    return [
        resource
        for resource in patch.included
        if "lid" in resource
        and (resource.get("meta") or {}).get("realmURL", realm_url) == realm_url
    ]


def _stored_card(place: Place, file: StoredFile) -> Resource:
    try:
        return read_card_document(file.content, what=f"The file of {place.id}").data
    except BadRequest as exc:
        raise AuthorMustFix(
            f"{exc.detail} Mend the file before the card is edited.", title="Card Cannot Be Read"
        ) from exc
