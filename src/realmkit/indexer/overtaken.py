"""Which visits were overtaken by changes of what they read.

A visit sees the files as they are from the moment it begins. A change that came later
may have been seen or not, so whatever read the changed file is visited again: before
the commit as far as the changes are known, and after it, because whoever indexed a
change in the meantime did not yet find what was being visited among its dependents.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from realmkit.cards.code_refs import ModuleNames
from realmkit.errors import BehindRetention
from realmkit.index import Dependent, Facts, names_of_changed
from realmkit.indexer.means import Means


@dataclass
class LateChanges:
    """The names of what changed, each with the realm and the seq of its last change."""

    names: ModuleNames
    seqs: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])

    def __bool__(self) -> bool:
        return bool(self.seqs)

    def add(self, url: str, realm_url: str, seq: int) -> None:
        """The file at `url` changed, or what it rests on did."""
        for name in names_of_changed([url], self.names):
            if seq > self.seqs.get(name, ("", 0))[1]:
                self.seqs[name] = (realm_url, seq)

    def overtakes(self, facts: Facts) -> tuple[str, int] | None:
        """The realm and the seq of the change that a visit came too early for."""
        own = names_of_changed([facts.url], self.names)
        for name in (*own, *facts.dependencies):
            change = self.seqs.get(name)
            if change is not None and change[1] > facts.marks.get(change[0], 0):
                return change
        return None


def overtaken(late: LateChanges, visited: Iterable[Facts]) -> set[str]:
    """The URLs among `visited` that have to be visited again.

    What rests on one of these, through modules, is not among them until their names are
    added to `late` as well; `late` grows by them here.
    """
    found: set[str] = set()
    for facts in visited:
        change = late.overtakes(facts)
        if change is not None:
            found.add(facts.url)
            # A card's dependencies reach to any depth; only a module's lead further.
            if not facts.url.endswith(".json"):
                late.add(facts.url, *change)
    return found


async def late_changes(
    means: Means, since: Mapping[str, int], until: Mapping[str, int]
) -> LateChanges | None:
    """What changed in any realm after `since`, where its log has grown by `until`; None when too
    much did to know."""
    late = LateChanges(means.names)
    by_url = {realm.url: realm for realm in means.realms}
    for realm_url in marks_differ(since, until):
        realm = by_url.get(realm_url)
        after = since.get(realm_url, 0)
        try:
            while realm and (changes := await means.changes.since(realm_url, after)):
                after = changes[-1].seq
                for change in changes:
                    late.add(realm.url_of(change.path), realm_url, change.seq)
        except BehindRetention:
            return None
    return late


async def resting_on(means: Means, late: LateChanges | None) -> list[Dependent]:
    """The realm's entries that rest on what changed while they were being visited."""
    realm_url, index = means.realm.url, means.index
    if late is None:
        indexed = await index.indexed_files(realm_url)
        return [Dependent(realm_url, each.url, each.type) for each in indexed]
    if not late:
        return []
    found = await index.dependents(late.seqs, through_instances=False)
    return [each for each in found if each.realm_url == realm_url]


def marks_differ(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    """The realms whose logs have grown."""
    return [realm_url for realm_url, seq in now.items() if seq > before.get(realm_url, 0)]
