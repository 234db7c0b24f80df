"""The instances in `examples/` are what their generators write."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def files_below(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    found = (path for name in names for path in (folder / name).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.parametrize(
    ("realm", "generated"),
    [
        ("atlas", ("Country", "Region", "Language", "Currency", "flags")),
        ("insurance", ("Agent", "Product", "Customer", "Policy", "Claim", "Dashboard")),
    ],
)
def test_the_generator_writes_what_is_committed(
    realm: str, generated: tuple[str, ...], tmp_path: Path
) -> None:
    generator = EXAMPLES / "generators" / f"{realm}.py"
    subprocess.run([sys.executable, generator, tmp_path], check=True, capture_output=True)

    assert files_below(tmp_path, generated) == files_below(EXAMPLES / realm, generated)


def test_another_seed_gives_another_office(tmp_path: Path) -> None:
    generator = EXAMPLES / "generators" / "insurance.py"
    subprocess.run([sys.executable, generator, tmp_path, "1"], check=True, capture_output=True)

    theirs = (EXAMPLES / "insurance" / "Customer" / "c0001.json").read_text()
    assert (tmp_path / "Customer" / "c0001.json").read_text() != theirs
