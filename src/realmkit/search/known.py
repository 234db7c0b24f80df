"""Definitions at hand while one request is answered.

Compiling a query asks for definitions as it meets them. Those nobody has looked up
yet are fetched together, and it starts over: once for each link or composite that a
path passes through, whatever the number of paths.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from realmkit.cards.definitions import Definition, DefinitionSource
from realmkit.query.paths import DefinitionsNeeded

T = TypeVar("T")


class KnownDefinitions:
    """Looks each definition up once. Made for one request, so that it never goes stale."""

    def __init__(self, source: DefinitionSource) -> None:
        self._source = source
        self._known: dict[str, Definition | None] = {}

    def __getitem__(self, type_key: str) -> Definition | None:
        """A definition that `load` was asked for before; None if there is none."""
        return self._known[type_key]

    async def load(self, type_keys: Iterable[str]) -> None:
        missing = [key for key in dict.fromkeys(type_keys) if key not in self._known]
        if not missing:
            return
        definitions = await self._source.definitions(missing)
        self._known.update({key: definitions.get(key) for key in missing})

    async def compile(self, compile_with: Callable[[Mapping[str, Definition | None]], T]) -> T:
        """Call `compile_with` until it has every definition it needs."""
        while True:
            try:
                return compile_with(self._known)
            except DefinitionsNeeded as needed:
                await self.load(needed.type_keys)
