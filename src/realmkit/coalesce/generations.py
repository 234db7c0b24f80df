"""Was anything invalidated since I began? Counters that answer, per key and per realm.

Whoever computes something captures the generation before the first await, and keeps
the result only if the generation is still current. Invalidating a realm raises its
floor, which covers keys that nobody has named yet.

    reader: captures generation 4, reads the file, starts transpiling
    writer: replaces the file, invalidates: generation 5
    reader: finishes; 4 is not 5, so its result is returned but not kept
"""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Generation:
    """A moment in the life of one key of one realm."""

    realm_url: str
    key: str
    of_key: int
    of_realm: int


class Generations:
    def __init__(self) -> None:
        self._of_key: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._of_realm: defaultdict[str, int] = defaultdict(int)

    def capture(self, realm_url: str, key: str) -> Generation:
        """The current generation. Call it before the first await of the work it guards."""
        return Generation(
            realm_url,
            key,
            of_key=self._of_key.get((realm_url, key), 0),
            of_realm=self._of_realm.get(realm_url, 0),
        )

    def still_current(self, captured: Generation) -> bool:
        return captured == self.capture(captured.realm_url, captured.key)

    def invalidate(self, realm_url: str, key: str) -> None:
        self._of_key[realm_url, key] += 1

    def invalidate_realm(self, realm_url: str) -> None:
        """Make every captured generation of the realm old, of keys without a counter too."""
        self._of_realm[realm_url] += 1
