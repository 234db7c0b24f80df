"""Notifications and locks between the processes of a database, or within the only one."""

import asyncio

import pytest

from realmkit.db import Database, Hints, lock_key, open_database
from realmkit.db.notifier import Channel
from realmkit.db.postgres import PostgresDatabase
from realmkit.db.postgres_notifier import PostgresNotifier
from realmkit.errors import TryLater

from ..support.postgres import PostgresServer

pytestmark = pytest.mark.anyio

KEY = lock_key("a lock")


class Ear:
    """What was heard on a channel, one payload at a time."""

    def __init__(self, db: Database, channel: Channel = "realm_file_changes") -> None:
        self._heard: asyncio.Queue[str] = asyncio.Queue()
        db.notifier.listen(channel, self.hear)

    def hear(self, payload: str) -> None:
        self._heard.put_nowait(payload)

    async def next(self) -> str:
        async with asyncio.timeout(10):
            return await self._heard.get()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("coalesce-test-key", 4042284392742683263),
        (
            "transpile|http://localhost:4201/test/|http://localhost:4201/test/foo.gts",
            7612241844183746386,
        ),
    ],
)
def test_a_lock_is_known_everywhere_by_the_same_number(name: str, key: int) -> None:
    assert lock_key(name) == key


def test_the_numbers_of_locks_are_signed() -> None:
    keys = [lock_key(str(number)) for number in range(64)]

    assert min(keys) < 0 < max(keys)
    assert all(-(2**63) <= key < 2**63 for key in keys)


async def test_a_notification_is_heard_once_its_transaction_is_committed(
    db: Database, peer: Database
) -> None:
    ear = Ear(peer)
    with pytest.raises(KeyError):
        async with db.transaction() as tx:
            await tx.notify("realm_file_changes", "rolled back")
            raise KeyError
    async with db.transaction() as tx:
        await tx.notify("realm_file_changes", "committed")
    assert await ear.next() == "committed"


async def test_everybody_on_a_channel_hears_though_one_of_them_fails(
    db: Database, peer: Database
) -> None:
    def fail(payload: str) -> None:
        raise ValueError(payload)

    first = Ear(peer)
    peer.notifier.listen("realm_file_changes", fail)
    second = Ear(peer)
    for payload in ("one", "two"):
        async with db.transaction() as tx:
            await tx.notify("realm_file_changes", payload)
        assert (await first.next(), await second.next()) == (payload, payload)

    # Nor does it keep a lock from being let go, with whom it is announced.
    other = Ear(peer, "realm_lock_released")
    peer.notifier.listen("realm_lock_released", fail)
    held = await db.notifier.try_lock(KEY)
    assert held is not None
    await db.notifier.release(held, "realm_lock_released")
    assert await other.next() == str(KEY)
    assert await peer.notifier.try_lock(KEY) is not None


async def test_who_listens_twice_hears_twice_and_other_channels_are_not_heard(
    db: Database, peer: Database
) -> None:
    ear = Ear(peer)
    peer.notifier.listen("realm_file_changes", ear.hear)
    async with db.transaction() as tx:
        await tx.notify("realm_index_updated", "elsewhere")
        await tx.notify("realm_file_changes", "here")
        await tx.notify("realm_file_changes", "again")

    assert [await ear.next() for _ in range(4)] == ["here", "here", "again", "again"]


async def test_a_lock_has_one_holder_in_all_processes(db: Database, peer: Database) -> None:
    held = await db.notifier.try_lock(KEY)
    assert held is not None
    assert await db.notifier.try_lock(KEY) is None
    assert await peer.notifier.try_lock(KEY) is None
    await db.notifier.release(held, "realm_lock_released")
    assert await peer.notifier.try_lock(KEY) is not None


async def test_letting_go_twice_takes_nothing_from_the_next_holder(
    db: Database, peer: Database
) -> None:
    first = await db.notifier.try_lock(KEY)
    assert first is not None
    await db.notifier.release(first, "realm_lock_released")
    assert await db.notifier.try_lock(KEY) is not None
    await db.notifier.release(first, "realm_lock_released")
    assert await peer.notifier.try_lock(KEY) is None


async def test_a_named_lock_is_handed_on_to_who_waits(db: Database, peer: Database) -> None:
    order: list[str] = []
    lock, others = db.locks.named("x"), peer.locks.named("x")

    async def wait_for_it() -> None:
        async with others:
            order.append("second")

    async with lock:
        waiting = asyncio.create_task(wait_for_it())
        assert await peer.notifier.try_lock(lock_key("x")) is None
        order.append("first")
    async with asyncio.timeout(10):
        await waiting
    assert order == ["first", "second"]


async def test_whoever_gives_up_waiting_leaves_the_lock_to_be_had(db: Database) -> None:
    lock = db.locks.named("x")
    async with lock:
        waiting = [asyncio.create_task(lock.__aenter__()) for _ in range(2)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(10), lock:
        assert lock.is_held


async def test_a_hint_before_the_wait_is_not_lost() -> None:
    hints = Hints()
    answers = iter([None, "there"])

    async def look() -> str | None:
        answer = next(answers)
        if answer is None:
            hints.notify("key")
        return answer

    async with asyncio.timeout(5):
        assert await hints.wait_until("key", look) == "there"


class TestCutOff:
    """What a lost connection does, on PostgreSQL."""

    @pytest.fixture(params=["postgres"])
    async def database_url(self, request: pytest.FixtureRequest, postgres: PostgresServer):
        url = await postgres.new_database()
        yield url
        postgres.drop(url)

    @pytest.fixture
    def notifier(self, db: Database) -> PostgresNotifier:
        assert isinstance(db, PostgresDatabase)
        return db.notifier

    async def test_its_locks_are_free_and_everybody_is_told_to_look(
        self, notifier: PostgresNotifier, peer: Database, postgres: PostgresServer
    ) -> None:
        looks: asyncio.Queue[None] = asyncio.Queue()
        notifier.after_gap(lambda: looks.put_nowait(None))
        assert await notifier.try_lock(KEY) is not None

        await cut(notifier, postgres)

        async with asyncio.timeout(10):
            await looks.get()
            await looks.get()
        assert await peer.notifier.try_lock(KEY) is not None
        assert await notifier.try_lock(KEY) is None

    async def test_who_waits_elsewhere_for_a_lock_that_was_lost_is_told(
        self, notifier: PostgresNotifier, peer: Database, postgres: PostgresServer
    ) -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()
        peer.notifier.listen("module_cache_populated", heard.put_nowait)
        assert await notifier.try_lock(KEY) is not None

        await cut(notifier, postgres)

        async with asyncio.timeout(10):
            assert await heard.get() == str(KEY)

    async def test_it_hears_again_when_it_is_back(
        self, db: Database, notifier: PostgresNotifier, peer: Database, postgres: PostgresServer
    ) -> None:
        ear, is_back = Ear(db), asyncio.Semaphore(0)
        notifier.after_gap(is_back.release)
        await cut(notifier, postgres)
        async with asyncio.timeout(10):
            await is_back.acquire()
            await is_back.acquire()
        async with peer.transaction() as tx:
            await tx.notify("realm_file_changes", "hello")
        assert await ear.next() == "hello"

    async def test_a_lock_of_before_lets_go_of_nothing(
        self, notifier: PostgresNotifier, peer: Database, postgres: PostgresServer
    ) -> None:
        old, is_back = await notifier.try_lock(KEY), asyncio.Semaphore(0)
        assert old is not None
        notifier.after_gap(is_back.release)
        await cut(notifier, postgres)
        async with asyncio.timeout(10):
            await is_back.acquire()
            await is_back.acquire()
        assert await notifier.try_lock(KEY) is not None
        await notifier.release(old, "realm_lock_released")
        assert await peer.notifier.try_lock(KEY) is None

    async def test_a_listener_that_fails_takes_no_lock_along(
        self, notifier: PostgresNotifier, peer: Database
    ) -> None:
        def fail(payload: str) -> None:
            raise ValueError(payload)

        heard: asyncio.Queue[str] = asyncio.Queue()
        notifier.listen("realm_file_changes", fail)
        notifier.listen("realm_file_changes", heard.put_nowait)
        async with peer.transaction() as tx:
            await tx.notify("realm_file_changes", "heard with the lock")
        # What comes with the answer to a command is heard before the command returns.
        held = await notifier.try_lock(KEY)

        assert held is not None
        async with asyncio.timeout(10):
            assert await heard.get() == "heard with the lock"
        assert await notifier.try_lock(KEY) is None
        await notifier.release(held, "realm_lock_released")
        assert await peer.notifier.try_lock(KEY) is not None

    async def test_what_nobody_foresaw_does_not_leave_it_cut_off(
        self,
        db: Database,
        notifier: PostgresNotifier,
        peer: Database,
        postgres: PostgresServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        ear, is_back, connect = Ear(db), asyncio.Event(), notifier._connect
        tries = 0

        async def connect_the_second_time() -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise ValueError("nobody thought of that")
            await connect()
            is_back.set()

        monkeypatch.setattr(notifier, "_connect", connect_the_second_time)
        await cut(notifier, postgres)
        async with asyncio.timeout(10):
            await is_back.wait()
        async with peer.transaction() as tx:
            await tx.notify("realm_file_changes", "hello")
        assert await ear.next() == "hello"

    async def test_a_server_that_does_not_answer_to_listen_is_given_up(
        self, notifier: PostgresNotifier, peer: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def silence(*_: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr("realmkit.db.postgres_notifier.ANSWER_WITHIN_S", 1)
        monkeypatch.setattr("psycopg.AsyncConnection.execute", silence)
        async with asyncio.timeout(10):
            with pytest.raises(TimeoutError):
                await notifier._connect()

    async def test_while_it_is_stopped_there_are_no_locks(self, database_url: str) -> None:
        database = await open_database(database_url)
        await database.close()
        with pytest.raises(TryLater):
            await database.notifier.try_lock(KEY)


async def cut(notifier: PostgresNotifier, postgres: PostgresServer) -> None:
    [(pid,)] = await notifier._command("select pg_backend_pid()")
    postgres.run(f"select pg_terminate_backend({pid})")
