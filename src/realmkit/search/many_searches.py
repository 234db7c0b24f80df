"""Many searches at once, in few statements: what query-backed fields ask, and other servers.

Searches that differ only in their values are parts of one statement, each with its own
values and its own page. Those of one family that differ in more (a value is null, a
branch of an `any` is gone, another realm is asked) are parts of one statement too, as
long as there are no more than `MOST_SHAPES` such differences among them.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from realmkit.cards.code_refs import ModuleNames
from realmkit.db import Database
from realmkit.errors import BadRequest
from realmkit.query.dialects import DIALECTS
from realmkit.query.parse import parse_query
from realmkit.query.resolve import Asked, resolve
from realmkit.query.shapes import MOST_SHAPES, Shape, compile_shape, together
from realmkit.search.catalog import Catalogs
from realmkit.search.found import id_of, resource_type_of
from realmkit.search.known import KnownDefinitions

Identifier = dict[str, str]
Values = tuple[object, ...]

# What searches come to is kept, at most a few kilobytes for each.
_MOST_KEPT = 5_000
_LONGEST_KEPT = 4_000


@dataclass(frozen=True, slots=True)
class Search:
    """A query over realms that are served here. What belongs together has one `family`."""

    query: Mapping[str, Any]
    realm_urls: tuple[str, ...]
    family: Hashable = None


@dataclass(slots=True)
class Answer:
    """Resource identifiers in order, or why the search could not be made."""

    ids: list[Identifier] = field(default_factory=list[Identifier])
    refusal: BadRequest | None = None


class ManySearches:
    """Makes them. `budget_s` is how long one statement may take."""

    def __init__(
        self, db: Database, catalogs: Catalogs, names: ModuleNames, *, budget_s: float
    ) -> None:
        self._db = db
        self._catalogs = catalogs
        self._names = names
        self._budget_s = budget_s
        self._kept: dict[tuple[bytes, tuple[str, ...]], tuple[Shape, Values]] = {}
        self._kept_at: int | None = None

    async def found(self, searches: Sequence[Search], known: KnownDefinitions) -> list[Answer]:
        """What each of `searches` finds; a bad one spoils none of the others."""
        answers = [Answer() for _ in searches]
        families: dict[Hashable, dict[Shape, list[tuple[Answer, Values]]]] = {}
        for search, answer, shape, values in await self._shapes(searches, answers, known):
            family = families.setdefault(search.family, {})
            family.setdefault(shape, []).append((answer, values))
        for shapes in families.values():
            asked = list(shapes.items())
            for at in range(0, len(asked), MOST_SHAPES):
                await self._ask(asked[at : at + MOST_SHAPES])
        return answers

    async def _shapes(
        self, searches: Sequence[Search], answers: Sequence[Answer], known: KnownDefinitions
    ) -> list[tuple[Search, Answer, Shape, Values]]:
        """What each search comes to; until the next commit to an index that stays the same."""
        if not searches:
            return []
        generation = await known.generation()
        if generation != self._kept_at or len(self._kept) >= _MOST_KEPT:
            self._kept_at, self._kept = generation, {}
        kept = self._kept
        keys = [(orjson.dumps(each.query), each.realm_urls) for each in searches]
        new = [at for at, key in enumerate(keys) if key not in kept]
        made = await self._made([searches[at] for at in new], [answers[at] for at in new], known)
        compiled = {keys[at]: shape for at, shape in zip(new, made, strict=True) if shape}
        if not known.lacks_any:
            kept.update(
                (key, shape) for key, shape in compiled.items() if len(key[0]) <= _LONGEST_KEPT
            )
        return [
            (search, answer, *shape)
            for search, answer, key in zip(searches, answers, keys, strict=True)
            if (shape := compiled.get(key) or kept.get(key))
        ]

    async def _made(
        self, searches: Sequence[Search], answers: Sequence[Answer], known: KnownDefinitions
    ) -> list[tuple[Shape, Values] | None]:
        """The searches compiled; None for one that cannot be made, whose answer says why."""
        resolved: list[Asked | None] = []
        for search, answer in zip(searches, answers, strict=True):
            try:
                query = parse_query(search.query, names=self._names)
                resolved.append(
                    await known.compile(lambda known, query=query: resolve(query, known))
                )
            except BadRequest as exc:
                answer.refusal = exc
                resolved.append(None)
        paths = frozenset(path for asked in resolved if asked for path in asked.paths)
        if not any(resolved):
            return [None] * len(resolved)
        catalog = await self._catalogs.of(paths, await known.generation())
        dialect = DIALECTS[self._db.dialect]
        return [
            asked and compile_shape(asked, search.realm_urls, catalog, dialect=dialect)
            for search, asked in zip(searches, resolved, strict=True)
        ]

    async def _ask(self, shapes: Sequence[tuple[Shape, list[tuple[Answer, Values]]]]) -> None:
        statement = together([(shape, [values for _, values in asked]) for shape, asked in shapes])
        rows = await self._db.read(statement.sql, statement.params, budget_s=self._budget_s)
        for place, number, url, type_ in rows:
            answer, _ = shapes[place][1][number]
            answer.ids.append({"type": resource_type_of(type_), "id": id_of(url, type_)})
