"""The whole protocol in 100,000 orders, and every guard of it missed when it is gone.

See `simulated/scenario.py` for what is played and what must hold. Set
`REALMKIT_INTERLEAVINGS` for more of them here, or play millions by
`python -m tests.coalesce.simulation --interleavings 5000000`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.coalesce.simulated.guards import COVERS, GUARDS, OFTEN
from tests.coalesce.simulated.kit import Edit, without
from tests.coalesce.simulation import play_all

INTERLEAVINGS = int(os.environ.get("REALMKIT_INTERLEAVINGS", "100000"))
# Far fewer are enough for most guards.
SEEDS_TO_FAIL_WITHIN = 30_000


@pytest.mark.timeout(900)
def test_no_interleaving_breaks_the_protocol() -> None:
    asked = ["--interleavings", str(INTERLEAVINGS), "--cores", "2"]
    played = subprocess.run(
        [sys.executable, "-m", "tests.coalesce.simulation", *asked],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert f"{INTERLEAVINGS} interleavings" in played.stdout


@pytest.mark.parametrize("guard", GUARDS)
def test_the_simulation_misses_a_guard_that_is_gone(guard: str) -> None:
    is_missed(guard, GUARDS[guard])


@pytest.mark.parametrize("cover", COVERS)
def test_guards_that_cover_for_each_other_are_missed_when_all_are_gone(cover: str) -> None:
    is_missed(cover, COVERS[cover].guards)


def is_missed(name: str, edits: list[Edit]) -> None:
    tally = play_all(0, SEEDS_TO_FAIL_WITHIN, without(edits), OFTEN.get(name, ()))

    assert tally.first_fault is not None
    # Missed, and not merely broken by the edit.
    told = " ".join(tally.first_fault.faults)
    assert not any(error in told for error in ("NameError", "AttributeError", "TypeError"))
    assert tally.first_fault.trace


def test_a_seed_is_played_the_same_way_again() -> None:
    kit = without(GUARDS["a leader that fails says so"])
    one, other = (play_all(0, SEEDS_TO_FAIL_WITHIN, kit) for _ in range(2))
    assert one.first_fault is not None
    assert other.first_fault is not None
    assert one.first_fault.trace == other.first_fault.trace
