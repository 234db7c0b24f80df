"""What the searches of one job were answered, kept until it ends."""

import pytest

from realmkit.db import Database
from realmkit.index import Batch
from realmkit.search import JobAnswers
from realmkit.search.job_answers import LARGEST, TTL_S

from ..support.realms import HeldClock
from .conftest import OTHERS, PEOPLE, World

pytestmark = pytest.mark.anyio

QUERY = {"filter": {"eq": {"name": "Ann"}}, "page": {"size": 2, "number": 0}}


async def test_an_answer_is_kept_for_its_own_job_and_the_first_one_stays(db: Database) -> None:
    kept = JobAnswers(db)
    await kept.put("1.1", "k", b"first")
    await kept.put("1.1", "k", b"second")

    assert await kept.get("1.1", "k") == b"first"
    assert await kept.get("2.1", "k") is None
    assert await kept.get("1.1", "other") is None


async def test_every_process_finds_it_and_the_end_of_the_job_clears_it_for_all(
    db: Database, peer: Database
) -> None:
    await JobAnswers(db).put("1.1", "k", b"x")
    await JobAnswers(db).put("2.1", "k", b"y")
    assert await JobAnswers(peer).get("1.1", "k") == b"x"

    await JobAnswers(peer).clear("1.1")

    assert await JobAnswers(db).get("1.1", "k") is None
    assert await JobAnswers(db).get("2.1", "k") == b"y"


async def test_the_end_of_a_job_sweeps_out_what_killed_jobs_left_and_keeps_what_is_fresh(
    db: Database,
) -> None:
    clock = HeldClock()
    kept = JobAnswers(db, clock=clock)
    await kept.put("1.1", "k", b"of a killed job")
    clock.ms += TTL_S * 1_000 + 1
    await kept.put("2.1", "k", b"fresh")

    await kept.clear("3.1")

    assert await kept.get("1.1", "k") is None
    assert await kept.get("2.1", "k") == b"fresh"


async def test_the_end_of_a_job_that_asked_nothing_writes_nothing(db: Database) -> None:
    kept = JobAnswers(db)
    before = db.statements
    await kept.clear("1.1")

    assert db.statements - before == 1


async def test_an_answer_too_large_to_keep_is_not_kept(db: Database) -> None:
    kept = JobAnswers(db)
    await kept.put("1.1", "k", b"x" * (LARGEST + 1))

    assert await kept.get("1.1", "k") is None


async def test_all_that_decides_an_answer_is_in_its_key(world: World) -> None:
    kept = JobAnswers(world.db)
    keys = [
        await kept.key([PEOPLE, OTHERS], QUERY, {"view": ""}),
        await kept.key([OTHERS, PEOPLE], QUERY, {"view": ""}),
        await kept.key([PEOPLE, OTHERS], {}, {"view": ""}),
        await kept.key([PEOPLE, OTHERS], QUERY, {"view": "named"}),
    ]
    assert len(set(keys)) == 4
    assert await kept.key([PEOPLE, OTHERS], dict(reversed(QUERY.items())), {"view": ""}) == keys[0]

    await world.index.commit(Batch(OTHERS))

    assert await kept.key([PEOPLE, OTHERS], QUERY, {"view": ""}) != keys[0]
