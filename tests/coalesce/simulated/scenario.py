"""One interleaving: a seed says who does what, and in which order everything happens.

What must hold, whatever happens:

- no read that began after a write was acknowledged returns older bytes, in any process;
- what a read is given was made of the source, and by the version, it was asked for;
- no read that began after an invalidation in its own process is given what was begun
  before it;
- neither layer keeps what was read before its last invalidation, the table is never offered
  what its process knows to be old, and generations grow for what was invalidated alone;
- nobody waits when nothing is under way any more. Only after a leader died without a
  word, or a notice was lost without the connection being lost, may one timer's time pass;
- no lock outlives those whom it was for, as long as its process lives;
- nobody is turned away because another client left, or another path changed;
- as long as nothing disturbs, no content is made twice, and nobody makes without the lock
  unless his connection was cut or the table was out of order.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from itertools import accumulate, combinations

import apsw
from tests.coalesce.simulated.connection import COMMANDS
from tests.coalesce.simulated.kit import Kit
from tests.coalesce.simulated.process import Process
from tests.coalesce.simulated.world import LOOK_AGAIN_S, World

ACTS = {
    "read": 56,
    "write": 10,
    "notice": 4,
    "touch": 8,
    "wipe": 5,
    "fail": 4,
    "cut": 11,
    "lose": 1,
    "die": 5,
    "leave": 4,
    "stop": 2,
    "refuse": 2,
    "sweep": 2,
}
"""How likely each is, of all."""
OFTEN = 60
_NAMES = [*ACTS]
_UP_TO = {
    often: [*accumulate(max(weight, OFTEN if act in often else 0) for act, weight in ACTS.items())]
    for often in [(), *combinations(ACTS, 1), *combinations(ACTS, 2)]
}
PROCESSES = (2, 2, 2, 3, 3, 4, 5)
MOST_ACTS = 7
MOST_RINGS = 20


@dataclass
class Played:
    """How an interleaving went. `faults` are what did not hold; `trace` tells it step by step."""

    seed: int
    faults: list[str]
    made: int
    trace: list[str] = field(default_factory=list[str])


def play(
    seed: int,
    kit: Kit,
    database: apsw.Connection,
    *,
    often: tuple[str, ...] = (),
    is_traced: bool = False,
) -> Played:
    """Play the interleaving of a seed to its end, or to the first fault.

    `often` are up to two acts, in the order of `ACTS`, that are more likely than they are.
    """
    chance = random.Random(seed)
    world = World(database, chance)
    if is_traced:
        world.trace = []
    world.processes = [
        Process(world, f"p{number}", kit) for number in range(chance.choice(PROCESSES))
    ]
    acts = chance.choices(_NAMES, cum_weights=_UP_TO[often], k=chance.randint(3, MOST_ACTS))
    try:
        if _goes_on(world, acts):
            _check_rest(world)
    finally:
        world.has_ended = True
        for process in world.processes:
            process.loop.abandon()
        asyncio.events._set_running_loop(None)
    made = sum(process.cache.stats.made for process in world.processes)
    world.processes.clear()
    world.steps.clear()
    return Played(seed, world.faults, made, world.trace or [])


def _goes_on(world: World, acts: list[str]) -> bool:
    """Run everything to rest; False when a fault was found on the way."""
    luck = world.chance.random
    rings = 0
    while True:
        # Now and then two things are heard of before the loop turns.
        if luck() < 0.9:
            for process in world.processes:
                if process.loop.ready and process.is_alive:
                    process.loop.run_to_rest()
        if world.faults:
            return False
        under_way = len(world.steps)
        if acts and (under_way == 0 or luck() < 0.3):
            _begin(world, acts.pop())
        elif under_way:
            world.take(int(luck() * under_way))
        elif not any(process.loop.ready for process in world.processes if process.is_alive):
            if not any(process.unfinished for process in world.processes):
                return True
            rings += 1
            if not _ring(world) or rings > MOST_RINGS:
                return False


def _begin(world: World, act: str) -> None:
    living = [each for each in world.processes if each.is_alive]
    # The first ones have more to do, so that much meets in one process too.
    process = living[int(world.chance.random() * world.chance.random() * len(living))]
    match act:
        case "read":
            process.readers.append(process.begin(process.read()))
        case "write":
            process.begin(process.write())
        case "notice":
            process.begin(process.notice())
        case "touch":
            process.begin(process.touch())
        case "wipe":
            process.begin(process.wipe())
        case "fail":
            process.is_to_fail = True
        case "cut":
            # It matters most to those who speak with the server, and to those who wait.
            speaking = [step.process for step in world.steps if step.what in COMMANDS]
            max(
                speaking if speaking and world.chance.random() < 0.5 else living,
                key=lambda each: (each.unfinished, world.chance.random()),
            ).lose_the_connection()
        case "leave":
            process.leave()
        case "stop":
            process.begin(process.stop())
        case "refuse":
            world.is_to_refuse = True
        case "sweep":
            process.begin(process.sweep())
        case "lose":
            world.lose_a_notice()
        case _:
            if sum(each.is_alive for each in world.processes) > 1:
                process.die()


def _ring(world: World) -> bool:
    """Let time pass until the next timer; False if nobody may have to wait that long."""
    living = [process for process in world.processes if process.is_alive]
    pending = [
        timer for process in living for timer in process.loop.timers if not timer.is_cancelled
    ]
    waiting = [process.name for process in living if process.unfinished]
    if not pending:
        world.fault(f"{waiting} wait for ever")
        return False
    now = min(timer.when for timer in pending)
    if now > LOOK_AGAIN_S * world.silences + 0.001:
        world.fault(f"{waiting} wait though nobody is at work")
        return False
    world.say(None, f"it is {now:g} s")
    for process in living:
        process.loop.now = now
        due = [timer for timer in process.loop.timers if timer.when <= now]
        process.loop.timers = [timer for timer in process.loop.timers if timer.when > now]
        for timer in due:
            if not timer.is_cancelled:
                process.loop.call_soon(timer.callback, *timer.args)
    return True


def _check_rest(world: World) -> None:
    """What the layers and the processes hold when everybody has finished."""
    for connection, _ in world.locks.values():
        world.fault(f"{connection.process.name} has a lock that nobody is there to let go")
    if not any(process.was_refused for process in world.processes):
        for path, (_, body, _) in world.rows().items():
            if body is not None and int(body.split()[0]) < world.acknowledged[path]:
                told = world.acknowledged[path]
                world.fault(f"the table keeps {body} of {path}, and {told} is acknowledged")
    for process in world.processes:
        if process.is_alive:
            for (_, path), kept in process.cache._memory._kept.items():
                made = kept.value.value
                if (
                    made.content < process.written[path]
                    or made.read_at < process.invalidated_at[path]
                ):
                    world.fault(f"{process.name} keeps {made} past its invalidation")
