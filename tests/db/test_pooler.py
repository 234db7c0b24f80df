"""Behind a pooler in transaction mode, where no two transactions share a connection.

Only notifications and locks have to go past it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import psycopg
import pytest
from tests.search.conftest import OTHERS, PEOPLE, World, person

from realmkit.config import Realm
from realmkit.db import Database, open_database
from realmkit.db.database import Row
from realmkit.db.postgres import CONNECTIONS, WRITERS
from realmkit.db.postgres_migrate import migrate
from realmkit.errors import OurBug, TooSlow, TryLater

from ..support.people import DESCRIBED, PERSON
from ..support.postgres import PostgresServer
from ..support.transaction_pooler import TransactionPooler, transaction_pooler

pytestmark = pytest.mark.anyio

# Writers may hold all but one; what reads there are take turns on that.
BACKENDS = WRITERS + 1
PUT_STYLE = "insert into styles (id, css) values ($1, $2)"
STYLES = "select id from styles order by id"
# Whatever a session may leave behind, as names.
SESSION_STATE = """
    select 'prepared: ' || statement from pg_prepared_statements
    union all select 'setting: ' || name from pg_settings where source = 'session'
    union all select 'channel: ' || channel from pg_listening_channels() as channel
    union all select 'cursor: ' || name from pg_cursors where name <> ''
    union all select 'table: ' || relname from pg_class where pg_my_temp_schema() = relnamespace
    union all select 'lock: ' || objid from pg_locks
        where locktype = 'advisory' and pid = pg_backend_pid()
"""


@pytest.fixture(params=["postgres"])
async def database_url(
    request: pytest.FixtureRequest, postgres: PostgresServer
) -> AsyncIterator[str]:
    url = await postgres.new_database()
    yield url
    postgres.drop(url)


@pytest.fixture
async def pooler(database_url: str) -> AsyncIterator[TransactionPooler]:
    async with transaction_pooler(database_url, backends=BACKENDS) as pooler:
        yield pooler


@pytest.fixture
async def db(database_url: str, pooler: TransactionPooler) -> AsyncIterator[Database]:
    """A database behind the pooler; no test may leave anything on the pooler's connections."""
    database = await open_database(pooler.url, direct=database_url)
    yield database
    try:
        assert await left_on_backends(pooler) == []
    finally:
        await database.close()


async def left_on_backends(pooler: TransactionPooler) -> list[Row]:
    """The session state of every connection of the pooler, which must be idle."""
    found: list[Row] = []
    seen: set[int] = set()
    async with AsyncExitStack() as clients:
        for _ in range(BACKENDS):
            client = await psycopg.AsyncConnection.connect(pooler.url, prepare_threshold=None)
            await clients.enter_async_context(client)
            # A transaction left open keeps the connection from the next client.
            seen.add((await (await client.execute("select pg_backend_pid()")).fetchall())[0][0])
            found += await (await client.execute(SESSION_STATE)).fetchall()
    assert len(seen) == BACKENDS
    return found


async def test_session_state_is_not_found_again_but_stays_behind(
    pooler: TransactionPooler,
) -> None:
    client = await psycopg.AsyncConnection.connect(
        pooler.url, autocommit=True, prepare_threshold=None
    )
    async with client:
        await client.execute("set lock_timeout = 5")
        assert await (await client.execute("show lock_timeout")).fetchone() == ("0",)
        await client.execute("prepare one as select 1")
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            await client.execute("execute one")

    assert sorted(await left_on_backends(pooler)) == [
        ("prepared: prepare one as select 1",),
        ("setting: lock_timeout",),
    ]


async def test_an_empty_database_is_migrated_through_it(postgres: PostgresServer) -> None:
    empty = postgres.new_empty_database()
    async with transaction_pooler(empty, backends=BACKENDS) as pooler:
        await asyncio.gather(migrate(pooler.url), migrate(pooler.url))
        assert await left_on_backends(pooler) == []
        db = await open_database(pooler.url, direct=empty)
        assert await db.read(STYLES) == []
        await db.close()
    postgres.drop(empty)


async def test_reads_run_on_one_connection_after_another(db: Database) -> None:
    one_by_one = [await db.read("select pg_backend_pid()") for _ in range(BACKENDS)]
    assert len({rows[0] for rows in one_by_one}) == BACKENDS

    for number in range(2 * BACKENDS):
        assert await db.read_one("select $1::int", (number,)) == (number,)
    at_once = [db.read_one("select $1::text", (str(n),)) for n in range(3 * CONNECTIONS)]
    assert await asyncio.gather(*at_once) == [(str(n),) for n in range(3 * CONNECTIONS)]


async def test_transactions_interleave_and_each_keeps_its_connection(db: Database) -> None:
    async with db.transaction() as first, db.transaction() as second:
        for number in range(3):
            await first.execute(PUT_STYLE, (f"a{number}", "css"))
            await second.execute(PUT_STYLE, (f"b{number}", "css"))
            assert await first.fetch(STYLES) == [(f"a{n}",) for n in range(number + 1)]
            assert await second.fetch(STYLES) == [(f"b{n}",) for n in range(number + 1)]
            assert await db.read(STYLES) == []
    assert len(await db.read(STYLES)) == 6


async def test_an_exception_rolls_back_there_and_nowhere_else(db: Database) -> None:
    async with db.transaction() as kept:
        await kept.execute(PUT_STYLE, ("kept", "css"))
        with suppress(KeyError):
            async with db.transaction() as undone:
                await undone.execute(PUT_STYLE, ("undone", "css"))
                raise KeyError
    assert await db.read(STYLES) == [("kept",)]


async def test_a_savepoint_may_fail_alone(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(PUT_STYLE, ("kept", "css"))
        with pytest.raises(OurBug):
            async with tx.savepoint():
                await tx.execute(PUT_STYLE, ("lost", "css"))
                await tx.execute("select nothing from nowhere")
        async with tx.savepoint():
            await tx.execute(PUT_STYLE, ("more", "css"))
    assert await db.read(STYLES) == [("kept",), ("more",)]


async def test_many_rows_travel_in_one_trip(db: Database) -> None:
    rows = [(f"{number:04}", "css") for number in range(500)]
    change = ("update styles set css = $2 where id = $1", [(id, "more") for id, _ in rows[:50]])
    async with db.transaction() as tx:
        await tx.execute_many(PUT_STYLE, rows[:250])
        await tx.execute_all([(PUT_STYLE, rows[250:]), change])

    changed = "select count(*) filter (where css = 'more'), count(*) from styles"
    assert await db.read(changed) == [(50, 500)]


async def test_a_read_beyond_its_budget_is_cancelled_and_nobody_else(
    db: Database, postgres: PostgresServer
) -> None:
    async with db.transaction() as other:
        await other.execute(PUT_STYLE, ("other", "css"))
        for _ in range(2):
            with pytest.raises(TooSlow):
                await db.read("select pg_sleep(3600)", budget_s=0.05)
        asleep = "select count(*) from pg_stat_activity where state = 'active' and query like "
        assert postgres.run(asleep + "'select pg_sleep(3600)%'") == [(0,)]
        await other.execute(PUT_STYLE, ("another", "css"))

    for _ in range(2 * BACKENDS):
        assert await db.read(STYLES) == [("another",), ("other",)]


async def test_a_caller_that_gives_up_while_waiting_for_a_row_is_rolled_back(
    db: Database,
) -> None:
    async with db.transaction() as tx:
        await tx.execute(PUT_STYLE, ("a", "css"))
    touch = "update styles set css = $1 where id = 'a'"

    async def wait_in_vain() -> None:
        async with db.transaction() as waiting:
            await waiting.execute(PUT_STYLE, ("lost", "css"))
            await waiting.execute(touch, ("in vain",))

    async with db.transaction() as holder:
        await holder.execute(touch, ("kept",))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await wait_in_vain()

    assert await db.read("select id, css from styles") == [("a", "kept")]


async def test_waiting_for_rows_has_a_budget_that_ends_with_the_transaction(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(PUT_STYLE, ("a", "css"))
    touch = "update styles set css = css where id = 'a'"

    async with db.transaction() as holder:
        await holder.execute(touch)
        with pytest.raises(TryLater):
            async with db.transaction(within_s=0.05) as hasty:
                assert await hasty.fetch("show lock_timeout") == [("50ms",)]
                await hasty.execute(touch)
    async with db.transaction(within_s=5) as lucky:
        await lucky.execute(touch)

    for _ in range(BACKENDS):
        async with db.transaction() as patient:
            assert await patient.fetch("show lock_timeout") == [("0",)]


async def test_notifications_and_locks_go_past_it(db: Database) -> None:
    heard = asyncio.Event()
    db.notifier.listen("realm_index_updated", lambda _: heard.set())
    async with db.locks.named("anything"):
        async with db.transaction() as tx:
            await tx.notify("realm_index_updated", "here")
        async with asyncio.timeout(5):
            await heard.wait()


async def test_cards_are_indexed_and_found(db: Database, tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    (tmp_path / "others").mkdir()
    realms = [Realm(url, tmp_path / url.split("/")[-2], "realm") for url in (PEOPLE, OTHERS)]
    world = World(db, realms)
    await world.define(DESCRIBED)
    await world.put(
        person("ann", {"name": "Ann", "tags": ["red", "blue"]}, links={"boss": f"{PEOPLE}bob"}),
        person("bob", {"name": "Bob", "tags": ["red"]}),
    )
    await world.put(person("ann", {"name": "Anna", "tags": ["red"]}))

    red = {"on": PERSON, "contains": {"tags": "red"}}
    by_name = [{"by": "name", "on": PERSON, "direction": "desc"}]
    for _ in range(BACKENDS):
        assert await world.ids(filter=red, sort=by_name) == ["people/bob", "people/ann"]
    assert (await world.document("ann"))["data"]["attributes"]["name"] == "Anna"
