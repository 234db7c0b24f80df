"""Answers to the searches of one job: the same question is not worked out twice.

While a run renders hundreds of cards, many of them ask the same. Their answers are
kept in the database, where every process of the job finds them, under a key of all
that decides them: the realms in their order, the query, how it is to be answered, and
the generation of every realm's index. They go when the job ends; those of a job that
was killed go with the next one that ends after `TTL_S`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from realmkit.clock import Clock, SystemClock
from realmkit.db import Database, load_sql

TTL_S = 6 * 3600
LARGEST = 8 * 1024 * 1024
"""Bytes. A larger answer is given and not kept."""

SQL = load_sql(__package__ or "", "job_answers.sql")


class JobAnswers:
    """Keeps serialised answers by job and key."""

    def __init__(self, db: Database, *, clock: Clock | None = None) -> None:
        self._db = db
        self._clock = clock or SystemClock()

    async def key(
        self, realm_urls: Sequence[str], query: Mapping[str, Any], view: Mapping[str, object]
    ) -> str:
        """A hash over all that decides an answer. `view` says how it is to be answered."""
        generations = await self._db.read(SQL["generations"])
        asked = [list(realm_urls), query, view, generations]
        text = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    async def get(self, job_id: str, key: str) -> bytes | None:
        row = await self._db.read_one(SQL["get"], (job_id, key))
        return str(row[0]).encode() if row else None

    async def put(self, job_id: str, key: str, body: bytes) -> None:
        """Keep an answer. Of several that were worked out at once, the first stays."""
        if len(body) > LARGEST:
            return
        async with self._db.transaction() as tx:
            await tx.execute(SQL["put"], (job_id, key, body.decode(), self._clock.now_ms()))

    async def clear(self, job_id: str) -> None:
        """Forget what a job was answered, and whatever is older than `TTL_S`."""
        oldest = self._clock.now_ms() - TTL_S * 1_000
        # Most jobs ask nothing: they need no writer's turn at their end.
        if not await self._db.read(SQL["clearable"], (job_id, oldest)):
            return
        async with self._db.transaction() as tx:
            await tx.execute(SQL["clear"], (job_id, oldest))
