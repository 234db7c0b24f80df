"""The order of a run's work, as far as the index knows what rests on what.

In a realm's first run it knows nothing, and the order is alphabetical. That is no loss: a
card that is rendered before one it links to has that one's document from the folder. Order
saves work where a failure would otherwise be met once for each dependent.
"""

from realmkit.indexer.aftermath import paths_in
from realmkit.indexer.means import Means
from realmkit.indexer.plan import Work, plan


async def ordered(means: Means, work: Work) -> Work:
    """The same work, instances after those they rest on."""
    if len(work.json) < 2:
        return work
    realm = means.realm
    urls = [realm.url_of(path) for path in work.json]
    edges = await means.index.edges_among(realm.url, urls)
    return plan(
        [*work.modules, *work.json, *work.files],
        work.removed,
        {realm.path_of(url) or "": paths_in(realm, found) for url, found in edges.items()},
    )
