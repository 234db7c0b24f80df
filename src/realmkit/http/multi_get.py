"""`<realm>_cards`: many cards by id in one request, each alone.

This is what a page loads links with, so a card that was never indexed loads as well
as any other: what the index does not know comes from the card's file.
"""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import BadRequest
from realmkit.http import answers, bodies
from realmkit.http.negotiation import CARD
from realmkit.http.stations import MountedRealm, Stations

MOST_IDS = 1_000


class MultiGet:
    """Answers `{"ids": [...]}` with the resources and the ids that are missing."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def answer(self, request: Request, mounted: MountedRealm) -> Response:
        """The resources in the order asked for, each id once."""
        ids = (await bodies.read_json_object(request)).get("ids")
        if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
            raise BadRequest("`ids` must be a list of card ids.", pointer="/ids")
        if len(ids) > MOST_IDS:
            raise BadRequest(f"At most {MOST_IDS} ids may be asked for at once.", pointer="/ids")
        asked = [mounted.realm.url + id if _is_bare(id) else id for id in cast("list[str]", ids)]
        document = await self._stations.search.many_cards.documents(dict.fromkeys(asked))
        return answers.document(document, media_type=CARD)


def _is_bare(id: str) -> bool:
    """True for a realm-relative id such as `Country/fr`."""
    return "://" not in id and not id.startswith("@")
