"""One card as it is served: found by its URL, its links walked.

Finding and serving are two steps, so that whoever reads the card may look at how
fresh the index is in between. Both together are one statement for a card without
links, and a constant number for each layer of them.
"""

from dataclasses import dataclass
from typing import Any

from realmkit.cards.addresses import card_id, instance_url
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.stored import Place, stored_resource
from realmkit.db import Database
from realmkit.errors import RealmkitError
from realmkit.search.found import SQL, Found, found
from realmkit.search.known import CurrentDefinitions
from realmkit.search.link_walker import LinkWalker, Walk
from realmkit.search.served import Resource
from realmkit.search.stored import StoredCards


@dataclass(frozen=True, slots=True)
class FoundCard:
    """A card of the index. `is_behind`: its realm has changed since, perhaps this card too."""

    entry: Found
    content_hash: str | None
    is_behind: bool
    generation: int
    """Where the index of all realms together stood when it was found."""


class ServedCards:
    """Looks cards up in the index and builds their documents."""

    def __init__(
        self,
        db: Database,
        definitions: CurrentDefinitions,
        names: ModuleNames,
        stored: StoredCards,
        links: LinkWalker,
    ) -> None:
        self._db = db
        self._definitions = definitions
        self._names = names
        self._stored = stored
        self._links = links

    async def find(self, id: str) -> FoundCard | None:
        """The card `id` as the index knows it; None if it knows of none."""
        url = instance_url(self._names.to_url(card_id(id)))
        row = await self._db.read_one(SQL[self._db.dialect]["card"], (url,))
        if row is None:
            return None
        *columns, content_hash, is_behind, generation = row
        return FoundCard(found(tuple(columns)), content_hash, bool(is_behind), generation)

    async def document(self, card: FoundCard, walk: Walk | None = None) -> dict[str, Any]:
        """The served document `{data, included?}`.

        A broken card has `data.meta.error`; one that was never indexed well shows what
        its file holds, as far as that can be read.
        """
        root = self._links.visited(card.entry)
        resource = root.resource
        if card.entry.resource is None:
            await self._fill_from_file(resource)
        known = self._definitions.for_request(card.generation)
        included = await self._links.walk([root], known, walk or Walk())
        return {"data": resource, "included": included} if included else {"data": resource}

    async def _fill_from_file(self, resource: Resource) -> None:
        """Show what the file of a card says that never rendered. It may say nothing readable."""
        place = Place(resource["id"], resource["meta"]["realmURL"], self._names)
        try:
            stored = await self._stored.resource(resource["id"])
            # What names no definition, or is not even JSON, is told of as a file.
            if stored["type"] != "card":
                return
            spelled = stored_resource(stored, place)
        except RealmkitError:
            return
        resource["attributes"] = spelled["attributes"]
        resource["relationships"] = spelled["relationships"]
        resource["meta"] = {**spelled["meta"], **resource["meta"]}
