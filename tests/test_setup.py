"""What the set-up, which runs on a bare Python, repeats of the program that it sets up."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from realmkit import config

SETUP = Path(__file__).resolve().parent.parent / "scripts" / "setup.py"


def test_the_set_up_looks_for_the_same_programs_as_the_server() -> None:
    spec = spec_from_file_location("setup_script", SETUP)
    assert spec is not None and spec.loader is not None
    setup = module_from_spec(spec)
    spec.loader.exec_module(setup)

    assert setup.OLDEST_NODE == config.OLDEST_NODE
    assert setup.CHROMIUM_NAMES == config.CHROMIUM_NAMES
