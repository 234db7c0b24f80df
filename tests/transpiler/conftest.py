"""Runs the built transpiler's output in Node, one process for each test."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from realmkit.config import find_node

Evaluate = Callable[..., dict[str, Any]]

_HARNESS = Path(__file__).parent / "evaluate.mjs"


@pytest.fixture(scope="session")
def evaluate() -> Evaluate:
    """`evaluate(source, path=..., give={specifier: module text})` runs a module.

    Answers `result` (its export of that name, called if it is a function), `exports`,
    `registered`, `styles`, `fetched`, `imported`, the `name` of its default export, and for
    each word of `trace` the author's line by the source map, in `lines`.
    """
    node = find_node()

    def run(
        source: str,
        path: str = "card.gts",
        give: dict[str, str] | None = None,
        trace: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        request = json.dumps({"source": source, "path": path, "give": give or {}, "trace": trace})
        done = subprocess.run(
            [node, _HARNESS], input=request, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
