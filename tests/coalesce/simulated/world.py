"""What simulated processes share: one file, a database, notifications, and time.

Whatever a process asks of the world takes two steps, either at any time: it happens, and
the process hears of it. In between everything else may happen. The database is SQLite in
memory, so the statements under test are the real ones. A transaction is applied at one
moment. Notifications reach every process whose connection is up, in any order, unless
the connection is cut first: what PostgreSQL promises, and no more.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import apsw

from realmkit.db import HeldLock
from realmkit.db.migrate import migrations
from realmkit.errors import TryLater

if TYPE_CHECKING:
    from tests.coalesce.simulated.process import Process

REALM, PATH = "http://realm.test/atlas/", "person.gts"
LOOK_AGAIN_S = 2.0
NOTICE = "hears a notice"


def new_database() -> apsw.Connection:
    """SQLite in memory, with the tables as they are migrated."""
    connection = apsw.Connection(":memory:")
    for migration in migrations("sqlite"):
        connection.execute(migration.sql)
    return connection


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
    """`file` is the number of the file's content; `acknowledged` that of the last one whose
    write was acknowledged. `moment` counts what has happened,
    `silences` the leaders that died and the notices that were lost without a trace."""

    def __init__(self, database: apsw.Connection, chance: random.Random) -> None:
        self.database = database
        self.chance = chance
        self.processes: list[Process] = []
        self.steps: list[Step] = []
        self.locks: dict[int, Process] = {}
        self.moment = 0
        self.file = 1
        self.acknowledged = 1
        self.is_being_written = False
        self.is_read, self.found = False, None
        self.marks = (0, 0)
        self.kept = 0
        self.undisturbed: dict[int, int] = {}
        self.silences = 0
        self.faults: list[str] = []
        self.has_ended = False
        self.trace: list[str] | None = None
        database.execute("delete from module_transpile_cache")

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
            if isinstance(step.result, TryLater):
                step.future.set_exception(step.result)
            else:
                step.future.set_result(step.result)

    def happen(self, step: Step) -> None:
        self.say(step.process, step.what)
        step.has_happened = True
        step.result = step.act()

    # Notifications and locks, as a server keeps them.

    def notify(self, payload: str) -> None:
        for process in self.processes:
            if process.notifier.is_up:
                self.offer(process, NOTICE, lambda p=process: p.notifier.hear(payload))

    def offer(self, process: Process, what: str, act: Callable[[], None]) -> None:
        """Have something happen to a process some time."""
        self.steps.append(Step(process, what, act, None))

    def lose_a_notice(self) -> None:
        """Which PostgreSQL does not do; the timer is for what nobody thought of."""
        for step in self.steps:
            if step.what == NOTICE:
                self.say(step.process, "a notice is LOST")
                self.steps.remove(step)
                self.silences += 1
                return

    def lost_locks_of(self, process: Process) -> None:
        self.locks = {key: owner for key, owner in self.locks.items() if owner is not process}

    def forget_notices_to(self, process: Process) -> None:
        self.steps = [
            step for step in self.steps if step.what != NOTICE or step.process is not process
        ]

    def disturb(self) -> None:
        """From now on a result may have to be made once more."""
        self.undisturbed.clear()

    # The table.

    def row(self) -> tuple[int, int, str | None]:
        """Generation, floor and body of the one row there is; the body only while it counts."""
        rows = dict[str, tuple[int, int, str | None]]()
        for path, generation, under, body in self.database.execute(
            "select canonical_path, generation, realm_generation, body from module_transpile_cache"
        ):
            rows[path] = (generation, under, body)
        generation, under, body = rows.get(PATH, (0, 0, None))
        floor = rows.get("", (0, 0, None))[0]
        return generation, floor, body if under >= floor else None

    def look_at_the_table(self) -> None:
        """After each commit: generations only grow, and another content displaces the last."""
        generation, floor, body = self.row()
        content = int(body.split()[0]) if body else 0
        if content != self.kept:
            # The file may change without a word. Of two contents of one generation, one stays.
            self.undisturbed.pop(self.kept, None)
            self.kept = content
        if generation > self.marks[0] or floor > self.marks[1]:
            self.disturb()
        elif (generation, floor) != self.marks:
            self.fault(f"the table went back from generation {self.marks} to {generation, floor}")
        self.marks = (generation, floor)


class WorldDatabase:
    """A `Database` of one process, as far as a `GenerationTable` uses one."""

    dialect = "sqlite"

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    async def read_one(self, sql: str, params: Any = (), *, budget_s: Any = None) -> Any:
        world, process = self._world, self._process

        def act() -> Any:
            # There is one path: every read until the next commit finds the same.
            if not world.is_read:
                bindings = {str(number): value for number, value in enumerate(params, 1)}
                world.is_read, world.found = True, world.database.execute(sql, bindings).fetchone()
            return world.found

        found = await world.ask(process, "reads the row", act)
        if found is not None:
            process.seen_generations = (found[1] or 0, found[0] or 0)
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

    async def __aenter__(self) -> WorldTransaction:
        await self._world.ask(self._process, "has its turn to write", lambda: None)
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if self._world.has_ended or kind is not None:
            return
        self._world.say(self._process, "COMMITS")
        self._world.look_at_the_table()
        await self._world.ask(self._process, "is committed", lambda: None)
        for callback in self._callbacks:
            callback()

    async def execute(self, sql: str, params: Any = ()) -> int:
        if self._world.has_ended:
            return 0
        bindings = {str(number): value for number, value in enumerate(params, 1)}
        self._world.is_read = False
        self._world.database.execute(sql, bindings)
        return self._world.database.changes()

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def on_commit(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)


class WorldNotifier:
    """A `Notifier` of one process: its session's locks end with its connection."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        self._heard: list[Callable[[str], None]] = []
        self._looks: list[Callable[[], None]] = []
        self._held: dict[int, HeldLock] = {}
        self._owed: set[str] = set()
        self.is_up = True

    def listen(self, channel: str, heard: Callable[[str], None]) -> None:
        if channel == "module_cache_populated":
            self._heard.append(heard)

    def after_gap(self, look: Callable[[], None]) -> None:
        self._looks.append(look)

    def hear(self, payload: str) -> None:
        for heard in self._heard:
            heard(payload)

    async def try_lock(self, key: int) -> HeldLock | None:
        if key in self._held:
            return None
        if not self.is_up:
            raise TryLater("cut off")
        held = self._held[key] = HeldLock(key)
        is_granted = False
        try:
            is_granted = await self._world.ask(
                self._process, "tries the lock", lambda: self._grant(key)
            )
        finally:
            if not is_granted:
                self._forget(held)
        return held if is_granted else None

    async def release(self, held: HeldLock, channel: str) -> None:
        said = str(held.key) if channel == "module_cache_populated" else None
        if self.is_up:
            is_ours = self._held.get(held.key) is held
            try:
                await self._world.ask(
                    self._process, "lets go", lambda: self._let_go(held.key, said, is_ours)
                )
                return
            except TryLater:
                pass
            finally:
                self._forget(held)
        if said is not None:
            self._owed.add(said)

    def cut(self) -> None:
        """The connection is gone: locks, notices, and the answers that were on their way."""
        world = self._world
        world.disturb()
        self.is_up = False
        self._owed |= {str(key) for key in self._held}
        self._held.clear()
        world.lost_locks_of(self._process)
        world.forget_notices_to(self._process)
        for step in world.steps:
            if step.process is self._process and step.what in ("tries the lock", "lets go"):
                step.has_happened, step.result = True, TryLater("cut off")
        self.tell_to_look()

    def join_again(self) -> None:
        self.is_up = True
        self.tell_to_look()
        owed, self._owed = self._owed, set()
        for said in owed:
            self._world.notify(said)

    def tell_to_look(self) -> None:
        for look in self._looks:
            look()

    def _grant(self, key: int) -> bool:
        if key in self._world.locks:
            return False
        self._world.locks[key] = self._process
        return True

    def _let_go(self, key: int, said: str | None, is_ours: bool) -> bool:
        if is_ours and self._world.locks.get(key) is self._process:
            del self._world.locks[key]
        if said is not None:
            self._world.notify(said)
        return True

    def _forget(self, held: HeldLock) -> None:
        if self._held.get(held.key) is held:
            del self._held[held.key]
