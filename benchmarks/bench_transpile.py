"""Compile every `.gts` of the repository and a generated corpus: the fast pipeline and Babel.

Both are timed in this run through the server's own pool, frames and all: first one worker of
each pipeline, then one and two workers of the fast one. The pipelines take turns, and the
best turn of each counts, so that a busy machine spoils neither. Before one worker is compared
with two, each of the three has compiled the corpus as often as the others: V8 goes on getting
faster for a dozen turns. Beside it stands what the machine has to give: two pools of one
worker that know nothing of each other, at work at the same time. `--cold` also prints the
first turn, in which V8 has compiled nothing yet.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.module_corpus import corpus  # noqa: E402

from realmkit.config import Pipeline, static_dir  # noqa: E402
from realmkit.modules import TranspilerPool  # noqa: E402

FASTER = 3.0
TWO_WORKERS = 1.7
WARM_TURNS = 12


def sources(count: int) -> dict[str, str]:
    """Every `.gts` of the repository, and `count` generated modules."""
    listed = subprocess.run(
        ["git", "ls-files", "*.gts"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    written = {path: (ROOT / path).read_text() for path in listed.stdout.split()}
    return written | {f"corpus/{path}": text for path, text in corpus(1, count).items()}


def pool_of(pipeline: Pipeline, size: int = 1) -> TranspilerPool:
    program = static_dir() / "transpiler" / "transpiler.mjs"
    return TranspilerPool(program, size=size, pipeline=pipeline, deadline_s=120)


async def turn(pool: TranspilerPool, modules: dict[str, str]) -> float:
    """Seconds to compile them all."""
    started = time.perf_counter()
    results = await asyncio.gather(*(pool.transpile(*module) for module in modules.items()))
    seconds = time.perf_counter() - started
    broken = [path for path, result in zip(modules, results, strict=True) if result.error]
    if broken:
        raise SystemExit(f"These do not compile: {broken}")
    return seconds


async def turns(pools: dict[str, TranspilerPool], modules: dict[str, str], count: int):
    """The times of each pool, turn by turn."""
    times: dict[str, list[float]] = {name: [] for name in pools}
    for _ in range(count):
        for name, pool in pools.items():
            times[name].append(await turn(pool, modules))
    for pool in pools.values():
        await pool.stop()
    return times


def verdict(what: str, ratio: float, target: float) -> bool:
    is_met = ratio >= target
    print(f"{what}: {ratio:.2f}x, target {target}x: {'ok' if is_met else 'MISSED'}")
    return is_met


async def main(count: int, turn_count: int, cold: bool) -> int:
    modules = sources(count)
    size = sum(len(text) for text in modules.values())
    print(f"{len(modules)} modules, {size / 1000:.0f} KB, best of {turn_count} turns")

    fast = pool_of("fast")
    times = await turns({"fast": fast, "babel": pool_of("babel")}, modules, turn_count)
    best = {name: min(seconds) for name, seconds in times.items()}
    for name, seconds in best.items():
        rate = len(modules) / seconds
        print(f"  {name:6} {seconds * 1000:6.0f} ms  {rate:5.0f} modules/s, one worker")
    print(f"  {fast.stats.fallbacks} fall-backs to the reference")
    if cold:
        first = {name: seconds[0] for name, seconds in times.items()}
        print(f"  first turn: {first['babel'] / first['fast']:.2f}x")

    one, two, strangers = await side_by_side(modules, turn_count)
    for name, seconds in (("one", one), ("two", two), ("apart", strangers / 2)):
        print(f"  {name:6} {seconds * 1000:6.0f} ms  {len(modules) / seconds:5.0f} modules/s")
    print(f"  two workers that share nothing get {2 * one / strangers:.2f}x from this machine")

    met = [
        verdict("the fast pipeline against Babel", best["babel"] / best["fast"], FASTER),
        verdict("two workers against one", one / two, TWO_WORKERS),
    ]
    return 0 if all(met) and fast.stats.fallbacks == 0 else 1


async def side_by_side(modules: dict[str, str], count: int) -> tuple[float, float, float]:
    """The best seconds of one worker, of two in a pool, and of two pools that each do it all."""
    one, other, two = pool_of("fast", 1), pool_of("fast", 1), pool_of("fast", 2)
    for _ in range(WARM_TURNS):
        await turn(one, modules)
        await turn(other, modules)
        # Each of the two compiles half.
        await turn(two, modules)
        await turn(two, modules)
    times: list[tuple[float, float, float]] = []
    for _ in range(count):
        alone, together = await turn(one, modules), await turn(two, modules)
        apart = max(await asyncio.gather(turn(one, modules), turn(other, modules)))
        times.append((alone, together, apart))
    for pool in (one, other, two):
        await pool.stop()
    alone, together, apart = zip(*times, strict=True)
    return min(alone), min(together), min(apart)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=int, default=100, help="how many modules to generate")
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--cold", action="store_true")
    chosen = parser.parse_args()
    sys.exit(asyncio.run(main(chosen.corpus, chosen.turns, chosen.cold)))
