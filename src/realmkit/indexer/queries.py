"""Which cards rest on a search that now answers differently.

A card's visit leaves the searches it ran and the ids they found. When cards of
their target types change, the searches are asked again; only cards whose ids
differ are visited again. The same search on behalf of many cards is asked once.
One that was refused while the card was visited, as it names a field that the index
did not have yet, is told apart from one that found nothing. A search that ran out of
time, or met an index in motion, may find anything by now: its cards are visited again as
well, and their visit asks it anew.
"""

import logging
from collections.abc import Iterable, Sequence

import msgspec

from realmkit.cards.addresses import card_id
from realmkit.errors import RealmkitError, TryLater
from realmkit.index import Dependent, IndexStore, StoredQuery
from realmkit.search import SearchEngine

log = logging.getLogger(__name__)


class StaleQueries:
    """Asks stored searches again, and remembers answers for the length of one run.

    A card is told about the same answer once: a page may have its own reasons to
    report other ids than the search finds, and visiting it again would not help.
    """

    def __init__(self, index: IndexStore, search: SearchEngine) -> None:
        self._index = index
        self._search = search
        self._told: dict[tuple[str, int], list[str]] = {}

    async def of_realm(self, realm_url: str) -> list[Dependent]:
        """The entries of a realm with any search that answers differently."""
        return await self.among(await self._index.stored_queries_of(realm_url))

    async def among(self, stored: Iterable[StoredQuery]) -> list[Dependent]:
        """The entries that rest on one of these searches and it answers differently."""
        answers: dict[bytes, list[str] | TryLater | None] = {}
        stale: dict[tuple[str, str], Dependent] = {}
        for query in stored:
            key = msgspec.json.encode([query.realms, query.query, _base_of(query)])
            if key not in answers:
                answers[key] = await self._ask(query)
            if self._is_news(query, answers[key]):
                dependent = Dependent(query.realm_url, query.url, "instance")
                stale[query.realm_url, query.url] = dependent
        return list(stale.values())

    def _is_news(self, query: StoredQuery, answer: list[str] | TryLater | None) -> bool:
        if answer is None:
            return False
        if isinstance(answer, TryLater):
            return True
        if query.found(answer) or self._told.get((query.url, query.position)) == answer:
            return False
        self._told[query.url, query.position] = answer
        return True

    async def _ask(self, query: StoredQuery) -> list[str] | TryLater | None:
        """The ids the search finds now, or why that is unknown; None when it cannot be asked."""
        realms: Sequence[str] = query.realms or [query.realm_url]
        try:
            parsed = self._search.parse(query.query, relative_to=card_id(query.url))
            return await self._search.search_ids(realms, parsed)
        except TryLater as exc:
            log.info("A search of %s could not be asked again: %s", query.url, exc.detail)
            return exc
        except RealmkitError as exc:
            # The page was refused as well, and showed it; nothing to visit again for.
            log.debug("A search of %s cannot be asked: %s", query.url, exc.detail)
            return None


def _base_of(query: StoredQuery) -> str:
    """What relative names in the query resolve against."""
    return query.url.rpartition("/")[0]
