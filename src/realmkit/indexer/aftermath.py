"""What follows from visits: whose searches may answer differently, and who is told.

Both short and long runs ask, the one of everything it did, the other of a portion at
a time.
"""

from collections.abc import Iterable, Mapping, Sequence

from realmkit.config import Realm
from realmkit.index import Dependent, IndexStore, NewAnnouncement, Place, StoredQuery
from realmkit.indexer.queries import StaleQueries


async def stale_searchers(
    index: IndexStore, queries: StaleQueries, touched: set[str], own: Iterable[StoredQuery] = ()
) -> list[Dependent]:
    """The cards, of any realm, that rest on a search which answers differently by now.

    Asked again are searches over the types that were touched, and `own`: those that the run's
    cards asked before another commit, which could not know of them. Left out are cards whose
    module is broken: they fail whatever their searches find, and the module's repair brings
    them back.
    """
    stored = await index.stored_queries(touched) if touched else []
    stale = await queries.among([*stored, *own])
    if not stale:
        return []
    helpless = await index.beyond_help(each.url for each in stale)
    return [each for each in stale if each.url not in helpless]


def moved_realms(before: Place, now: Place, realm_url: str) -> set[str]:
    """The realms whose index had a commit in between, that one of this realm's run left aside."""
    return {
        url
        for url, generation in now.generations.items()
        if generation != before.generations.get(url, 0) + (url == realm_url)
    }


async def announcements(
    index: IndexStore, requests: Mapping[str, Sequence[str]], urls: Iterable[str]
) -> list[NewAnnouncement]:
    """One announcement for each acknowledged write: what it changed, and what rests on that.

    `requests` are changed URLs by client request id, `urls` all that was visited.
    """
    visited = dict.fromkeys(urls)
    if len(requests) <= 1:
        request_id = next(iter(requests), None)
        return [NewAnnouncement("incremental", card_ids(visited), request_id or None)]
    told: set[str] = set()
    made: list[NewAnnouncement] = []
    for request_id, changed in requests.items():
        rest = {each.url for each in await index.dependents(changed, through_instances=False)}
        mine = {*changed, *rest} & visited.keys()
        told |= mine
        made.append(NewAnnouncement("incremental", card_ids(sorted(mine)), request_id or None))
    if others := visited.keys() - told:
        made.append(NewAnnouncement("incremental", card_ids(sorted(others))))
    return made


def card_ids(urls: Iterable[str]) -> list[str]:
    """Card ids without `.json`, other URLs as they are, each once."""
    return list(dict.fromkeys(url.removesuffix(".json") for url in urls))


def paths_in(realm: Realm, urls: Iterable[str]) -> set[str]:
    """The realm-relative paths of the URLs that lie in the realm."""
    return {path for path in map(realm.path_of, urls) if path}
