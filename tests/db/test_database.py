"""What every database does: transactions, readers beside them, errors in our own words."""

import asyncio
import contextlib

import pytest

from realmkit.config import SetupError
from realmkit.db import Database, open_database
from realmkit.errors import OurBug, TooSlow

pytestmark = pytest.mark.anyio

COUNT_STYLES = "select count(*) from styles"
PUT_STYLE = "insert into styles (id, css) values ($1, $2)"
NEVER_DONE = """
with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000000)
select count(*) from n
"""


async def count(db: Database) -> int:
    return (await db.read(COUNT_STYLES))[0][0]


async def test_a_transaction_is_seen_once_it_is_committed(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(PUT_STYLE, ("a", "css"))
        assert await tx.fetch(COUNT_STYLES) == [(1,)]
        assert await count(db) == 0
    assert await count(db) == 1


async def test_an_exception_rolls_everything_back(db: Database) -> None:
    with pytest.raises(KeyError):
        async with db.transaction() as tx:
            await tx.execute(PUT_STYLE, ("a", "css"))
            raise KeyError
    assert await count(db) == 0


async def test_placeholders_may_come_in_any_order_and_twice(db: Database) -> None:
    assert await db.read("select $2, $1, $2", ("one", "two")) == [("two", "one", "two")]


async def test_a_savepoint_may_fail_alone(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(PUT_STYLE, ("kept", "css"))
        with contextlib.suppress(OurBug):
            async with tx.savepoint():
                await tx.execute(PUT_STYLE, ("lost", "css"))
                await tx.execute("insert into no_such_table values (1)")
    assert await db.read("select id from styles") == [("kept",)]


async def test_commit_hooks_run_after_the_commit_and_only_then(db: Database) -> None:
    heard: list[str] = []
    with contextlib.suppress(KeyError):
        async with db.transaction() as tx:
            tx.on_commit(lambda: heard.append("never"))
            raise KeyError
    async with db.transaction() as tx:
        tx.on_commit(lambda: heard.append("committed"))
        assert heard == []
    assert heard == ["committed"]


async def test_a_cancelled_transaction_leaves_the_next_one_clean(db: Database) -> None:
    written = asyncio.Event()

    async def hang() -> None:
        async with db.transaction() as tx:
            await tx.execute(PUT_STYLE, ("a", "css"))
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await written.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    async with db.transaction() as tx:
        await tx.execute(PUT_STYLE, ("b", "css"))
    assert await db.read("select id from styles") == [("b",)]


async def test_a_caller_cancelled_while_beginning_leaves_no_transaction_open(db: Database) -> None:
    async def begin() -> None:
        async with db.transaction():
            raise AssertionError("cancelled before it began")

    task = asyncio.create_task(begin())
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    async with db.transaction() as tx:
        await tx.execute(PUT_STYLE, ("b", "css"))
    assert await count(db) == 1


async def test_a_long_read_leaves_the_loop_free(db: Database) -> None:
    reading = asyncio.create_task(db.read(NEVER_DONE, budget_s=5))
    turns = 0
    while turns < 20:
        await asyncio.sleep(0.005)
        turns += 1
    assert not reading.done()
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading


async def test_an_abandoned_read_gives_its_thread_back(db: Database) -> None:
    for _ in range(5):
        reading = asyncio.create_task(db.read(NEVER_DONE))
        await asyncio.sleep(0.02)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
    # More reads were abandoned than there are threads, and one can still be had.
    with pytest.raises(TooSlow):
        await db.read(NEVER_DONE, budget_s=0.05)


async def test_closing_gives_up_long_reads(database_url: str) -> None:
    database = await open_database(database_url)
    reading = asyncio.create_task(database.read(NEVER_DONE))
    await asyncio.sleep(0.02)
    async with asyncio.timeout(5):
        await database.close()
        with pytest.raises(TooSlow):
            await reading


async def test_a_read_beyond_its_budget_is_a_408(db: Database) -> None:
    with pytest.raises(TooSlow) as refused:
        await db.read(NEVER_DONE, budget_s=0.05)
    assert refused.value.to_error_object() == {
        "status": "408",
        "title": "Took Too Long",
        "detail": "Reading took longer than its time budget.",
    }


async def test_readers_go_on_while_a_transaction_is_open(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(PUT_STYLE, ("a", "css"))
        assert await asyncio.gather(*(count(db) for _ in range(8))) == [0] * 8


async def test_a_wrong_statement_is_our_bug_and_names_itself_only_to_us(db: Database) -> None:
    with pytest.raises(OurBug) as failed:
        await db.read("select nothing from nowhere")
    assert "nowhere" not in failed.value.detail
    assert failed.value.__cause__ is not None


async def test_statements_are_counted(db: Database) -> None:
    before = db.statements
    await db.read(COUNT_STYLES)
    await db.read_one(COUNT_STYLES)
    assert db.statements == before + 2


@pytest.mark.parametrize("url", ["mysql://here", "sqlite://"])
async def test_urls_that_mean_no_database_of_ours(url: str) -> None:
    with pytest.raises(SetupError, match="sqlite:///path"):
        await open_database(url)


async def test_execute_answers_how_many_rows_changed(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute_many(PUT_STYLE, [("a", "css"), ("b", "css")])
        assert await tx.execute("delete from styles") == 2
