"""What `npm run build` leaves for the browser."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from realmkit.config import find_node

from .served_realms import ROOT, STATIC

HOST = STATIC / "host"


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, dict[str, object]]]:
    return json.loads((HOST / "manifest.json").read_text())


def test_every_named_file_is_there(manifest: dict[str, Any]) -> None:
    named = [str(module["file"]) for module in manifest["modules"].values()]
    named += [str(manifest[part]) for part in ("runtime", "prerender", "live", "page", "pageCss")]

    assert [file for file in named if not (HOST / file).is_file()] == []


def test_card_code_gets_one_copy_of_the_runtime(
    manifest: dict[str, Any],
) -> None:
    for module in manifest["modules"].values():
        assert f'from "../{manifest["runtime"]}"' in (HOST / str(module["file"])).read_text()


def test_export_names_are_the_true_ones(manifest: dict[str, Any]) -> None:
    modules = manifest["modules"]

    assert modules["@glimmer/component"]["exports"] == ["default"]
    assert modules["@glimmer/tracking"]["exports"] == ["cached", "tracked"]
    assert {"CardDef", "field", "linksToMany"} <= set(modules["@realmkit/card-api"]["exports"])


@pytest.mark.parametrize(
    "lean", ["tags=null;last=null", "result=GOING_ON", "let name=names[i];map"]
)
def test_rendering_makes_nothing_for_each_value_and_opcode(lean: str) -> None:
    # Another version of Ember may word its code so that the build does not know it.
    assert any(lean in path.read_text() for path in HOST.glob("*.js"))


def test_a_second_build_has_nothing_to_do() -> None:
    build = [str(find_node()), str(ROOT / "scripts/build.mjs")]
    subprocess.run(build, check=True, capture_output=True)

    started = time.monotonic()
    again = subprocess.run(build, check=True, capture_output=True, text=True)

    assert again.stdout == ""
    assert time.monotonic() - started < 5


def test_the_same_sources_build_the_same_names(tmp_path: Path, manifest: dict[str, Any]) -> None:
    script = (
        "const { buildHost } = await import(process.argv[1]);"
        "console.log((await buildHost({ root: process.argv[2], outDir: process.argv[3] })).version);"
    )
    arguments = [str(ROOT / "scripts/build-host.mjs"), str(ROOT), str(tmp_path)]
    built = subprocess.run(
        [str(find_node()), "--input-type=module", "-e", script, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    assert built.stdout.strip() == manifest["version"]
