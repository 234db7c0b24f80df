"""Was anything invalidated since I began? Counters that answer, per key and per realm.

Whoever computes something captures the generation before the first await, and keeps
the result only if the generation is still current. Invalidating a realm raises its
floor, which covers keys that nobody has named yet.

    reader: captures generation 4, reads the file, starts transpiling
    writer: replaces the file, invalidates: generation 5
    reader: finishes; 4 is not 5, so its result is returned but not kept

An invalidation that names the new source spares what is made from it: the notice of a
change often comes after somebody has read the changed file.

    reader: captures generation 4, reads source b, starts transpiling
    notice: the file holds b: generation 5, spares b
    reader: finishes; 4 is not 5, but it made b, and is kept
"""

from dataclasses import dataclass, replace

# Beyond so many keys all of them are forgotten, at the price of what is being made just then.
_MOST_KEYS = 100_000


@dataclass(frozen=True, slots=True)
class Generation:
    """A moment in the life of one key of one realm."""

    realm_url: str
    key: str
    of_key: int
    of_realm: int


@dataclass(frozen=True, slots=True)
class _Key:
    """`count` invalidations, of which the last that spared nothing was number `spares_from`."""

    count: int = 0
    spares_from: int = 0
    spared: str | None = None


class Generations:
    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], _Key] = {}
        self._of_realm: dict[str, int] = {}
        # Counted in every realm's generation, so that no number of a key comes twice.
        self._forgotten = 0

    def capture(self, realm_url: str, key: str) -> Generation:
        """The current generation. Call it before the first await of the work it guards."""
        known = self._keys.get((realm_url, key))
        of_realm = self._of_realm.get(realm_url, 0) + self._forgotten
        return Generation(realm_url, key, known.count if known else 0, of_realm)

    def still_current(self, captured: Generation, source_hash: str | None = None) -> bool:
        """Whether what was begun then is still to be kept, made from a source of this hash."""
        now = self.capture(captured.realm_url, captured.key)
        if captured == now:
            return True
        known = self._keys.get((captured.realm_url, captured.key))
        return (
            captured.of_realm == now.of_realm
            and known is not None
            and known.spared == source_hash is not None
            and captured.of_key >= known.spares_from
        )

    def for_any_source(self, captured: Generation) -> Generation:
        """The same for all whom no invalidation sets apart but such as spare a source: those of
        them who read the same source may share a result."""
        known = self._keys.get((captured.realm_url, captured.key))
        spares_from = known.spares_from if known else 0
        return replace(captured, of_key=min(captured.of_key, spares_from))

    def invalidate(self, realm_url: str, key: str, spared: str | None = None) -> None:
        """Make captured generations of the key old, unless their source has the hash `spared`."""
        if len(self._keys) >= _MOST_KEYS:
            self._keys.clear()
            self._forgotten += 1
        before = self._keys.get((realm_url, key), _Key())
        count = before.count + 1
        spares_from = count if spared is None else before.spares_from
        self._keys[realm_url, key] = _Key(count, spares_from, spared)

    def invalidate_realm(self, realm_url: str) -> None:
        """Make every captured generation of the realm old, of keys without a counter too."""
        self._of_realm[realm_url] = self._of_realm.get(realm_url, 0) + 1
