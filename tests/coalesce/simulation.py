"""Play the coalescing protocol many times over, each time in another order.

    python -m tests.coalesce.simulation --interleavings 5000000
    python -m tests.coalesce.simulation --replay 4711

The first plays so many seeds on every core and stops at the first that breaks something;
the second tells one seed's interleaving step by step.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from tests.coalesce.simulated.kit import Kit, real
from tests.coalesce.simulated.scenario import Played, play
from tests.coalesce.simulated.world import new_database

SEEDS_IN_A_SHARE = 5_000
SEEDS_BETWEEN_COLLECTIONS = 200


@dataclass
class Tally:
    """What a number of interleavings came to; `first_fault` is the first that broke something."""

    played: int = 0
    made: int = 0
    first_fault: Played | None = None


def play_all(first: int, count: int, kit: Kit | None = None, often: tuple[str, ...] = ()) -> Tally:
    """Play the seeds from `first` on, up to the first that breaks something."""
    tally, kit, database = Tally(), kit or real(), new_database()
    was_collecting = gc.isenabled()
    # What an interleaving leaves half done is thrown away, and would complain of that.
    before, sys.unraisablehook = sys.unraisablehook, lambda _: None
    gc.disable()
    gc.freeze()
    try:
        warnings.simplefilter("ignore", RuntimeWarning)
        for seed in range(first, first + count):
            played = play(seed, kit, database, often=often)
            tally.played += 1
            tally.made += played.made
            if played.faults:
                tally.first_fault = play(seed, kit, database, often=often, is_traced=True)
                return tally
            if seed % SEEDS_BETWEEN_COLLECTIONS == 0:
                gc.collect(0)
    finally:
        gc.collect()
        gc.unfreeze()
        sys.unraisablehook = before
        if was_collecting:
            gc.enable()
    return tally


def play_on_cores(first: int, count: int, cores: int) -> Iterator[Tally]:
    """The same in several processes; yields a tally for every share."""
    shares = range(first, first + count, SEEDS_IN_A_SHARE)
    sizes = [min(SEEDS_IN_A_SHARE, first + count - share) for share in shares]
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        for tally in pool.map(play_all, shares, sizes):
            yield tally
            if tally.first_fault is not None:
                pool.shutdown(cancel_futures=True)
                return


def told(played: Played) -> str:
    """A broken interleaving for people, and how to see it again."""
    return "\n".join(
        [
            f"Seed {played.seed} breaks the protocol:",
            *(f"  {line}" for line in played.trace),
            *(f"BROKEN: {fault}" for fault in played.faults),
            f"Again: python -m tests.coalesce.simulation --replay {played.seed}",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--interleavings", type=int, default=100_000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", type=int, metavar="SEED")
    asked = parser.parse_args()
    if asked.replay is not None:
        played = play(asked.replay, real(), new_database(), is_traced=True)
        print(told(played) if played.faults else "\n".join([*played.trace, "Nothing breaks."]))
        return 1 if played.faults else 0
    began, done, made = time.perf_counter(), 0, 0
    for tally in play_on_cores(asked.first_seed, asked.interleavings, asked.cores):
        done, made = done + tally.played, made + tally.made
        if tally.first_fault is not None:
            print(told(tally.first_fault))
            return 1
        seconds = time.perf_counter() - began
        print(f"\r{done} interleavings in {seconds:.0f} s, nothing broken", end="", flush=True)
    print(f"; {made} results were made")
    return 0


if __name__ == "__main__":
    sys.exit(main())
