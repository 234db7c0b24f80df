"""What only a PostgreSQL can do to us: poolers, restarts, locks of others, not being there."""

import asyncio
import contextlib
import sys

import pytest

from realmkit.config import SetupError
from realmkit.db import Database, open_database
from realmkit.db.postgres import CONNECTIONS, WRITERS
from realmkit.errors import OurBug, TransactionLost, TryLater

from ..support.postgres import PostgresServer
from ..support.starting_postgres import StartingPostgres

pytestmark = pytest.mark.anyio

PUT_STYLE = "insert into styles (id, css) values ($1, $2)"


@pytest.fixture(params=["postgres"])
async def database_url(request: pytest.FixtureRequest, postgres: PostgresServer):
    url = await postgres.new_database()
    yield url
    postgres.drop(url)


async def test_transactions_do_not_wait_for_each_other(db: Database) -> None:
    async with db.transaction() as first, db.transaction() as second:
        await first.execute(PUT_STYLE, ("a", "css"))
        await second.execute(PUT_STYLE, ("b", "css"))
    assert await db.read("select count(*) from styles") == [(2,)]


async def test_reads_find_a_connection_while_every_writer_works(db: Database) -> None:
    async with contextlib.AsyncExitStack() as writers:
        for _ in range(WRITERS):
            await writers.enter_async_context(db.transaction())
        answers = await asyncio.gather(*(db.read("select 1") for _ in range(3 * CONNECTIONS)))
    assert answers == [[(1,)]] * 3 * CONNECTIONS


async def test_a_deadlock_is_to_be_tried_again(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute_many(PUT_STYLE, [("a", "css"), ("b", "css")])
    touch = "update styles set css = css where id = $1"
    both_hold = asyncio.Barrier(2)

    async def cross(*ids: str) -> None:
        async with db.transaction() as tx:
            await tx.execute(touch, (ids[0],))
            await both_hold.wait()
            await tx.execute(touch, (ids[1],))

    results = await asyncio.gather(cross("a", "b"), cross("b", "a"), return_exceptions=True)
    assert [type(result) for result in results if result] == [TryLater]


async def test_connections_that_were_cut_are_replaced(
    db: Database, postgres: PostgresServer
) -> None:
    await asyncio.gather(*(db.read("select pg_sleep(0.01)") for _ in range(5)))
    postgres.run(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        f" where datname = '{(await db.read('select current_database()'))[0][0]}'"
    )
    assert await db.read("select 1") == [(1,)]
    async with db.transaction() as tx:
        await tx.execute(PUT_STYLE, ("a", "css"))


async def test_behind_a_pooler_nothing_is_prepared(database_url: str) -> None:
    db = await open_database(database_url, direct=database_url)
    async with db.transaction() as tx:
        for _ in range(10):
            await tx.fetch("select $1::text", ("x",))
        prepared = await tx.fetch("select count(*) from pg_prepared_statements")
    await db.close()
    assert prepared == [(0,)]


async def test_a_server_that_is_not_there_is_one_readable_line() -> None:
    with pytest.raises(SetupError, match="localhost:1/here cannot be used") as refused:
        await open_database("postgresql://me:secret@localhost:1/here")
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_server_that_is_starting_is_waited_for(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    reason = "the database system is starting up"
    starting = StartingPostgres(database_url, refuses=3, reason=reason)
    async with starting.listening():
        db = await open_database(starting.url)
        assert await db.read("select 1") == [(1,)]
        await db.close()

    assert starting.refused == 3
    assert caplog.text.count("takes no connections yet") == 1


async def test_another_refusal_is_told_at_once(database_url: str) -> None:
    refusing = StartingPostgres(database_url, refuses=3, reason="sorry, too many clients already")
    async with refusing.listening():
        with pytest.raises(SetupError, match="too many clients"):
            await open_database(refusing.url)

    assert refusing.refused == 1


async def test_without_psycopg_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "realmkit.db.postgres", None)
    with pytest.raises(SetupError, match=r"realmkit\[postgres\]"):
        await open_database("postgresql://localhost/here")


async def test_what_went_on_after_a_failed_statement_is_not_taken_for_committed(
    db: Database,
) -> None:
    with pytest.raises(TransactionLost):
        async with db.transaction() as tx:
            await tx.execute(PUT_STYLE, ("a", "css"))
            with contextlib.suppress(OurBug):
                await tx.execute("select nothing from nowhere")

    assert await db.read("select count(*) from styles") == [(0,)]
