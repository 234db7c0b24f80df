"""The whole protocol in 100,000 orders, and every guard of it missed when it is gone.

See `simulated/scenario.py` for what is played and what must hold. Set
`REALMKIT_INTERLEAVINGS` for more of them here, or play millions by
`python -m tests.coalesce.simulation --interleavings 5000000`.
"""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from tests.coalesce.simulated.guards import GUARDS
from tests.coalesce.simulated.kit import without
from tests.coalesce.simulation import play_all

INTERLEAVINGS = int(os.environ.get("REALMKIT_INTERLEAVINGS", "100000"))
# Far fewer are enough for each guard; the slowest needs about two thousand.
SEEDS_TO_FAIL_WITHIN = 20_000


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
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_simulation_misses_a_guard_that_is_gone(guard: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        tally = play_all(0, SEEDS_TO_FAIL_WITHIN, without(GUARDS[guard]))

    assert tally.first_fault is not None
    # Missed, and not merely broken by the edit.
    assert not any("was told" in fault for fault in tally.first_fault.faults)
    assert tally.first_fault.trace


def test_a_seed_is_played_the_same_way_again() -> None:
    kit = without(GUARDS["a leader that fails says so"])
    one, other = (play_all(0, SEEDS_TO_FAIL_WITHIN, kit) for _ in range(2))
    assert one.first_fault is not None
    assert other.first_fault is not None
    assert one.first_fault.trace == other.first_fault.trace
