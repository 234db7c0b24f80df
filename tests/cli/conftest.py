"""The real command, in a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.ports import free_port

COMMAND = [str(Path(sys.executable).with_name("realmkit"))]

CARD = """\
{
  "data": {
    "type": "card",
    "attributes": { "name": "%s" },
    "meta": { "adoptsFrom": { "module": "./dog", "name": "Dog" } }
  }
}
"""
DOG = """\
import { CardDef, field, contains } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Dog extends CardDef {
  static displayName = 'Dog';
  @field name = contains(StringField);
  @field cardTitle = contains(StringField, {
    computeVia: function (this: Dog) { return this.name; },
  });
}
"""


@pytest.fixture
def realm(tmp_path: Path) -> Path:
    """A realm of one definition and two cards."""
    root = tmp_path / "dogs"
    root.mkdir()
    (root / "dog.gts").write_text(DOG)
    (root / "rex.json").write_text(CARD % "Rex")
    (root / "fido.json").write_text(CARD % "Fido")
    return root


@dataclass
class Run:
    """A `realmkit` that was started, and where it serves."""

    process: "subprocess.Popen[str]"
    url: str
    children_seen: set[int] = field(default_factory=set[int])

    def get(self, path: str, accept: str = "*/*") -> str:
        request = urllib.request.Request(self.url + path, headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def until_ready(self) -> None:
        """Wait until everything is indexed."""
        until(lambda: is_ready(self.url), 90)

    def children(self) -> set[int]:
        """The process ids of everything it started, however deep."""
        self.children_seen |= descendants(self.process.pid)
        return self.children_seen

    def interrupt(self) -> tuple[int, float]:
        """Send Ctrl-C; the exit code, and the seconds until it was gone."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=20)
        return code, time.monotonic() - began


@pytest.fixture
def serve(tmp_path: Path) -> Generator[Callable[..., Run], None, None]:
    """Start `realmkit serve` on a free port; whatever is still running afterwards is killed."""
    started: list[Run] = []

    def start(*arguments: str, port: int | None = None) -> Run:
        port = port or free_port()
        process = subprocess.Popen(
            [
                *COMMAND,
                "serve",
                *arguments,
                "--port",
                str(port),
                "--state",
                str(tmp_path / "state"),
            ],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        run = Run(process, f"http://127.0.0.1:{port}")
        started.append(run)
        until(lambda: is_answering(run.url) or process.poll() is not None, 60)
        return run

    yield start
    for run in started:
        if run.process.poll() is None:
            run.process.kill()
        run.process.communicate(timeout=20)


def realmkit(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def until(is_true: Callable[[], bool], timeout_s: float) -> None:
    """Ask again and again: another process cannot signal to us."""
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def is_answering(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_health", timeout=5):
            return True
    except OSError:
        return False


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_ready", timeout=5):
            return True
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    """True for a process that runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def descendants(pid: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # A process may end while it is looked at.
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found
