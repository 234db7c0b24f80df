"""What simulated processes share: one file, a database, notifications, and time.

Whatever a process asks of the world takes two steps, either at any time: it happens, and
the process hears of it. In between everything else may happen. The database is SQLite in
memory, so the statements under test are the real ones. A transaction is applied at one
moment. Notifications reach every process whose connection is up, in any order, unless
the connection is cut first: what PostgreSQL promises, and no more.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from realmkit.db.migrate import migrations
from realmkit.errors import TryLater

if TYPE_CHECKING:
    from tests.coalesce.simulated.connection import Connection
    from tests.coalesce.simulated.process import Process

REALM = "http://realm.test/atlas/"
PATHS: tuple[str, ...] = ("person.gts", "pet.gts")
VERSIONS: tuple[str, ...] = ("t1", "t2")
LOOK_AGAIN_S = 2.0
NOTICE = "hears a notice"

T = TypeVar("T")
Result = tuple[str, int, str]
"""What is made once: of a path, the number of its content, and the maker's version."""


def new_database() -> apsw.Connection:
    """SQLite in memory, with the tables as they are migrated."""
    connection = apsw.Connection(":memory:")
    for migration in migrations("sqlite"):
        connection.execute(migration.sql)
    return connection


class Notify:
    """A notification as libpq and psycopg give it."""

    __slots__ = ("channel", "extra", "payload", "relname")

    def __init__(self, channel: str, payload: str) -> None:
        self.channel, self.payload = channel, payload
        self.relname, self.extra = channel.encode(), payload.encode()


class Step:
    """Something that was asked of the world: it happens, then its process hears of it."""

    __slots__ = ("act", "future", "has_happened", "process", "result", "what")

    def __init__(self, process: Process, what: str, act: Callable[[], Any], future: Any) -> None:
        self.process = process
        self.what = what
        self.act = act
        self.future = future
        self.has_happened = False
        self.result: Any = None


class World:
    """`files` has the number of each file's content; `acknowledged` that of the last one whose
    write was acknowledged. `moment` counts what has happened, `silences` the leaders that
    died and the notices that were lost without a trace. Most worlds have one path and one
    version of the maker, some have two."""

    def __init__(self, database: apsw.Connection, chance: random.Random) -> None:
        self.database = database
        self.chance = chance
        self.processes: list[Process] = []
        self.steps: list[Step] = []
        self.paths = PATHS if chance.random() < 0.25 else PATHS[:1]
        self.versions = VERSIONS if chance.random() < 0.25 else VERSIONS[:1]
        self.connections: list[Connection] = []
        self.locks: dict[int, tuple[Connection, int]] = {}
        """Who holds a lock, and how many times over."""
        self.moment = 0
        self.files = dict.fromkeys(self.paths, 1)
        self.acknowledged = dict.fromkeys(self.paths, 1)
        self.is_being_written = False
        self.is_to_refuse = self.has_refused = False
        """Whether the table is out of order for the next statement."""
        self.found: dict[str, Any] = {}
        self.generations = dict.fromkeys(("", *self.paths), 0)
        self.spares_from = dict(self.generations)
        """The last generation that came without a new content."""
        self.spared: dict[str, int | None] = dict.fromkeys(self.generations)
        self.invalidated_at = dict.fromkeys(self.generations, 0)
        """When a generation last came that spared nothing."""
        self.kept: dict[str, Result] = {}
        self.undisturbed: dict[Result, int] = {}
        self.silences = 0
        self.faults: list[str] = []
        self.has_ended = False
        self.trace: list[str] | None = None
        database.execute("delete from module_transpile_cache")

    def now_ms(self) -> int:
        """The world's clock: everything that happens takes a moment."""
        return self.moment

    def any(self, things: Sequence[T]) -> T:
        """One of them, and no chance is spent on the only one."""
        return things[0] if len(things) == 1 else things[int(self.chance.random() * len(things))]

    def say(self, process: Process | None, *words: object) -> None:
        if self.trace is not None:
            who = process.name if process else "world"
            self.trace.append(f"{who}: {' '.join(map(str, words))}")

    def fault(self, what: str) -> None:
        """An invariant does not hold."""
        self.say(None, f"BROKEN: {what}")
        self.faults.append(what)

    # Steps.

    async def ask(self, process: Process, what: str, act: Callable[[], Any]) -> Any:
        if self.has_ended:
            return None
        future = process.loop.create_future()
        self.steps.append(Step(process, what, act, future))
        return await future

    def take(self, number: int) -> None:
        """Let the step happen, or let its process hear that it has."""
        self.moment += 1
        step = self.steps[number]
        if step.future is not None and not step.has_happened:
            self.happen(step)
            return
        self.steps[number] = self.steps[-1]
        self.steps.pop()
        if step.future is None:
            # A notice: that it is heard is all that happens.
            self.happen(step)
        elif not step.future.done():
            self.say(step.process, "hears:", step.what)
            if isinstance(step.result, Exception):
                step.future.set_exception(step.result)
            else:
                step.future.set_result(step.result)

    def happen(self, step: Step) -> None:
        self.say(step.process, step.what)
        step.has_happened = True
        step.result = step.act()

    # Notifications and locks, as a server keeps them.

    def notify(self, channel: str, payload: str) -> None:
        said = Notify(channel, payload)
        for each in self.connections:
            self.offer(each.process, NOTICE, lambda at=each: at.receive(said), each)

    def offer(
        self, process: Process, what: str, act: Callable[[], None], to: Connection | None = None
    ) -> None:
        """Have something happen to a process some time, as long as `to` is connected."""
        step = Step(process, what, act, None)
        step.result = to
        self.steps.append(step)

    def lose_a_notice(self) -> None:
        """Which PostgreSQL does not do; the timer is for what nobody thought of."""
        for step in self.steps:
            if step.what == NOTICE:
                self.say(step.process, "a notice is LOST")
                self.steps.remove(step)
                self.silences += 1
                return

    def leads(self, process: Process, key: int) -> bool:
        held = self.locks.get(key)
        return held is not None and held[0].process is process

    def disconnected(self, connection: Connection) -> None:
        """Its locks are free, and what was on its way to it is lost."""
        self.connections.remove(connection)
        self.locks = {key: held for key, held in self.locks.items() if held[0] is not connection}
        self.steps = [
            step for step in self.steps if step.what != NOTICE or step.result is not connection
        ]

    def disturb(self, path: str | None = None) -> None:
        """From now on a result, or every result of a path, may have to be made once more."""
        if path is None:
            self.undisturbed.clear()
        else:
            for each in [each for each in self.undisturbed if each[0] == path]:
                del self.undisturbed[each]

    # The table.

    def refusal(self, process: Process) -> TryLater:
        """What a table says that is out of order."""
        self.is_to_refuse, self.has_refused = False, True
        self.say(process, "is REFUSED by the table")
        self.disturb()
        process.was_refused = True
        return TryLater("the table is out of order")

    def rows(self) -> dict[str, tuple[int, str | None, str | None]]:
        """Generation, body and version of every row; that without a path is the floor, and a
        body is there only while it counts."""
        found = {
            path: (generation, under, body, version)
            for path, generation, under, body, version in self.database.execute(
                "select canonical_path, generation, realm_generation, body, transpiler_version"
                " from module_transpile_cache"
            )
        }
        floor = found[""][0] if "" in found else 0
        return {
            path: (generation, body if under >= floor else None, version)
            for path, (generation, under, body, version) in found.items()
        }

    def look_at_the_table(self, about: Mapping[str, int | None]) -> None:
        """After each commit: only generations of what it was about grow, none ever shrinks,
        and another result displaces the last."""
        rows = self.rows()
        for path, before in self.generations.items():
            generation, body, version = rows.get(path, (0, None, None))
            if path and body and version:
                content, _, read_at, _ = body.split()
                if int(read_at) < max(self.invalidated_at[path], self.invalidated_at[""]):
                    self.fault(f"the table keeps {body} of `{path}` past its invalidation")
                result = (path, int(content), version)
                if (last := self.kept.get(path)) != result:
                    # The file may change without a word. Of two results of one generation,
                    # one stays.
                    if last is not None:
                        self.undisturbed.pop(last, None)
                    self.kept[path] = result
            elif last := self.kept.pop(path, None):
                self.undisturbed.pop(last, None)
            if generation > before:
                spared = about.get(path)
                if path not in about:
                    self.fault(f"`{path}` was invalidated, and nothing happened to it")
                self.generations[path] = generation
                if spared is None:
                    self.invalidated_at[path] = self.moment
                self._invalidated(path, spared)
            elif path not in rows:
                self.generations[path] = 0
                self.disturb(path or None)
            elif generation < before:
                self.fault(f"the generation of `{path}` went back from {before} to {generation}")

    def _invalidated(self, path: str, spared: int | None) -> None:
        """A path's generation has risen; what is made of a spared content is kept all the same.

        With two versions the row has one of them, and the other is not let in beside it."""
        if not path or spared is None or len(self.versions) > 1:
            self.spares_from[path] = self.generations[path]
            self.spared[path] = None
            self.disturb(path or None)
            return
        self.spared[path] = spared
        for each in [each for each in self.undisturbed if each[0] == path and each[1] != spared]:
            del self.undisturbed[each]

    def is_to_be_kept(self, path: str, number: int, seen: tuple[int, int]) -> bool:
        """Whether the table takes what is made of a content by one who saw these generations."""
        generation, floor = seen
        return floor == self.generations[""] and (
            generation == self.generations[path]
            or (number == self.spared[path] and generation >= self.spares_from[path])
        )


class WorldDatabase:
    """A `Database` of one process, as far as a `GenerationTable` uses one."""

    dialect = "sqlite"

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    async def read_one(self, sql: str, params: Any = (), *, budget_s: Any = None) -> Any:
        world, process = self._world, self._process
        path = params[1]

        def act() -> Any:
            if world.is_to_refuse:
                return world.refusal(process)
            # Until the next commit every read finds the same.
            if path not in world.found:
                bindings = {str(number): value for number, value in enumerate(params, 1)}
                world.found[path] = world.database.execute(sql, bindings).fetchone()
            return world.found[path]

        found = await world.ask(process, "reads the row", act)
        if found is not None:
            process.seen[path] = (found[1] or 0, found[0] or 0)
        return found

    def transaction(self, *, within_s: float | None = None) -> WorldTransaction:
        return WorldTransaction(self._world, self._process)


class WorldTransaction:
    """Applied at one moment, when its turn has come; its callbacks run when the process hears
    that it is committed."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        self._callbacks: list[Callable[[], None]] = []
        self._known = dict(process.written)
        self.about: Mapping[str, int | None] = {}
        """What it may invalidate, and the content it spares."""

    async def __aenter__(self) -> WorldTransaction:
        await self._world.ask(self._process, "has its turn to write", lambda: None)
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if self._world.has_ended or kind is not None:
            return
        self._world.say(self._process, "COMMITS")
        self._world.look_at_the_table(self.about)
        await self._world.ask(self._process, "is committed", lambda: None)
        for callback in self._callbacks:
            callback()

    async def execute(self, sql: str, params: Any = ()) -> int:
        if self._world.has_ended:
            return 0
        bindings = {str(number): value for number, value in enumerate(params, 1)}
        self._world.found.clear()
        if self._world.is_to_refuse:
            raise self._world.refusal(self._process)
        self._process.offers(self._known, params)
        self._world.database.execute(sql, bindings)
        return self._world.database.changes()

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def on_commit(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)
