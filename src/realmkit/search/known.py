"""Definitions at hand while requests are answered.

Compiling a query asks for definitions as it meets them. Those nobody has looked up
yet are fetched together, and it starts over: once for each link or composite that a
path passes through, whatever the number of paths.

What was found serves the next request too, as long as no index of any realm has had a
commit since; only a commit changes a definition. What was not found is looked up again:
its module may have been described meanwhile.
"""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar, cast

from realmkit.cards.definitions import Definition, DefinitionSource
from realmkit.db import Database
from realmkit.query.paths import DefinitionsNeeded
from realmkit.search.found import SQL

T = TypeVar("T")

Known = dict[str, Definition]


class CurrentDefinitions:
    """What was looked up of definitions since the last commit to any index.

    `generation` is the `GENERATION` they are of, None before the first request.
    """

    def __init__(self, db: Database, source: DefinitionSource) -> None:
        self.source = source
        self.generation: int | None = None
        self._db = db
        self._known: Known = {}

    def for_request(self, generation: int | None = None) -> "KnownDefinitions":
        """The definitions of a `GENERATION` that the request has read, or of this moment."""
        return KnownDefinitions(self, generation)

    async def generation_now(self) -> int:
        row = await self._db.read_one(SQL[self._db.dialect]["generation_now"])
        assert row is not None
        return row[0]

    def at(self, generation: int) -> Known:
        # A request that is still at an earlier one keeps its own.
        if generation != self.generation:
            self.generation, self._known = generation, {}
        return self._known


class KnownDefinitions:
    """The definitions that one request sees. Each is looked up once."""

    def __init__(self, current: CurrentDefinitions, generation: int | None) -> None:
        self._current = current
        self._absent: dict[str, Definition | None] = {}
        self._generation = generation
        self._found: Known = {} if generation is None else current.at(generation)

    @property
    def _known(self) -> Mapping[str, Definition | None]:
        return ChainMap(self._absent, cast("dict[str, Definition | None]", self._found))

    @property
    def lacks_any(self) -> bool:
        """Whether a definition that was looked for is not there, which may change at any time."""
        return bool(self._absent)

    def __getitem__(self, type_key: str) -> Definition | None:
        """A definition that `load` was asked for before; None if there is none."""
        return self._known[type_key]

    def get(self, type_key: str) -> Definition | None:
        """A definition that is at hand already."""
        return self._known.get(type_key)

    async def generation(self) -> int:
        """The `GENERATION` that the request sees; it is read when it is first needed."""
        if self._generation is None:
            self._generation = await self._current.generation_now()
            self._found = self._current.at(self._generation)
        return self._generation

    async def load(self, type_keys: Iterable[str]) -> None:
        wanted = dict.fromkeys(type_keys)
        if wanted:
            await self.generation()
        missing = [key for key in wanted if key not in self._known]
        if not missing:
            return
        definitions = await self._current.source.definitions(missing)
        for definition in definitions.values():
            self._found.update({inner.type_key: inner for inner in definition.inner})
        self._found.update(definitions)
        self._absent.update(dict.fromkeys(key for key in missing if key not in definitions))

    async def compile(self, compile_with: Callable[[Mapping[str, Definition | None]], T]) -> T:
        """Call `compile_with` until it has every definition it needs."""
        while True:
            try:
                return compile_with(self._known)
            except DefinitionsNeeded as needed:
                await self.load(needed.type_keys)
