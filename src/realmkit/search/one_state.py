"""Reading the index as one commit left it, though that takes several statements.

Every statement of a search also reads the index's generation. When one of them meets
another than the search began with, what was read before belongs to an index that is no
more, and the search starts over: its answer is the old index or the new one, never half.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from realmkit.db import Database, Row
from realmkit.errors import BadRequest, TooSlow, TryLater
from realmkit.search.known import CurrentDefinitions, KnownDefinitions

T = TypeVar("T")

MOST_STARTS = 20
"""How often a search begins before it is given up: only commits without a pause lead there."""


class IndexMoved(Exception):
    """The index had a commit since the search began."""


class IndexState:
    """Where the index stood when a search began."""

    def __init__(self, db: Database, generation: int) -> None:
        self._db = db
        self.generation = generation

    async def read(self, sql: str, params: Sequence[object] = (), *, least: int = 1) -> list[Row]:
        """The rows of a statement whose last column is `GENERATION`, without that column.

        Raises `IndexMoved` for rows of another generation, and when there are fewer than
        `least`, which is how many there are in this one.
        """
        rows = await self._db.read(sql, params)
        if len(rows) < least or any(row[-1] != self.generation for row in rows[:1]):
            raise IndexMoved
        return [row[:-1] for row in rows]


async def at_one_state(
    db: Database,
    current: CurrentDefinitions,
    work: Callable[[KnownDefinitions, IndexState], Awaitable[T]],
) -> T:
    """What `work` makes of the index while nothing is committed to it; `work` begins anew
    after every commit. Raises `TryLater` when there is one every time."""
    generation = current.generation
    if generation is None:
        generation = await current.generation_now()
    for _ in range(MOST_STARTS):
        try:
            return await work(current.for_request(generation), IndexState(db, generation))
        except IndexMoved:
            generation = await current.generation_now()
        except BadRequest:
            now = await current.generation_now()
            # A field may be unknown that a commit has just brought.
            if now == generation:
                raise
            generation = now
    raise TryLater("The index changes faster than it can be searched.")


@asynccontextmanager
async def within_budget(budget_s: float) -> AsyncGenerator[None]:
    """Give up what is done inside once `budget_s` is spent, a running statement included.

    Raises `TooSlow`.
    """
    limit = asyncio.timeout(budget_s)
    try:
        async with limit:
            yield
    except TimeoutError as exc:
        if not limit.expired():
            raise
        raise TooSlow(f"The search took longer than its time budget of {budget_s:g} s.") from exc
