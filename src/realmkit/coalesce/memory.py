"""L1: what this process remembers, up to a number of bytes.

Entries lie under their canonical path; other spellings of it are aliases, and leave with
it. The least recently used entry leaves first. It knows nothing of files or freshness:
whoever takes an entry out checks that it still holds.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")

Key = tuple[str, str]
"""A realm's URL and a path in it."""


@dataclass(slots=True)
class _Kept(Generic[V]):
    value: V
    size: int
    aliases: set[Key]


class MemoryCache(Generic[V]):
    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._kept: OrderedDict[Key, _Kept[V]] = OrderedDict()
        self._canonical: dict[Key, Key] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"<MemoryCache: {len(self)} entries, {self.bytes} of {self.max_bytes} bytes>"

    def get(self, realm_url: str, path: str) -> V | None:
        """The value kept under this path, canonical or alias."""
        key = (realm_url, path)
        key = self._canonical.get(key, key)
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        return kept.value

    def put(
        self, realm_url: str, path: str, value: V, size: int, aliases: Iterable[str] = ()
    ) -> None:
        """Keep `value` (`size` bytes) under its canonical path; aliases add up."""
        key = (realm_url, path)
        before = self._kept.get(key)
        known = before.aliases if before else set[Key]()
        names = known | {(realm_url, alias) for alias in aliases if alias != path}
        self._remove(key)
        if size > self.max_bytes:
            return
        self._kept[key] = _Kept(value, size, names)
        self._canonical.update(dict.fromkeys(names, key))
        self.bytes += size
        self._make_room()

    def reweigh(self, realm_url: str, path: str, value: V, size: int) -> None:
        """Tell that `value`, kept under its canonical path, is of `size` bytes by now."""
        kept = self._kept.get((realm_url, path))
        if kept is not None and kept.value is value:
            self.bytes += size - kept.size
            kept.size = size
            if size > self.max_bytes:
                self._remove((realm_url, path))
            self._make_room()

    def _make_room(self) -> None:
        while self.bytes > self.max_bytes:
            self._remove(next(iter(self._kept)))

    def drop(self, realm_url: str, path: str) -> None:
        """Forget the entry that this path, canonical or alias, leads to."""
        key = (realm_url, path)
        self._remove(self._canonical.get(key, key))

    def drop_realm(self, realm_url: str) -> None:
        for key in [key for key in self._kept if key[0] == realm_url]:
            self._remove(key)

    def _remove(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        self.bytes -= kept.size
        for alias in kept.aliases:
            self._canonical.pop(alias, None)
