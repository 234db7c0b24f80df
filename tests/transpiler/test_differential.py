"""Both pipelines compile the same modules, and a real Chromium finds no difference.

Texts are not compared, behaviour is: what a module exports and registers, the styles it
adds, what its probes answer, the HTML of its components. `REALMKIT_CORPUS=2000` generates
more modules than the suite can wait for, `REALMKIT_CORPUS_SEED` others.
"""

import json
import os
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.async_api import Browser, Page
from tests.host.served_realms import ServedRealms
from tests.support.chromium import running_chromium
from tests.support.loops import BACKEND
from tests.support.module_corpus import corpus

ROOT = Path(__file__).resolve().parents[2]
DESCRIBE = (Path(__file__).parent / "describe_module.js").read_text()
SIZE = int(os.environ.get("REALMKIT_CORPUS", "56"))
SEED = int(os.environ.get("REALMKIT_CORPUS_SEED", "1"))

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120 + 2 * SIZE)]


@pytest.fixture(scope="module")
def anyio_backend() -> object:
    """One loop for all of these tests, so that they share a browser."""
    return BACKEND


class Side:
    """One pipeline: a server that compiles with it, and a page that runs what it gives."""

    def __init__(self, realms: ServedRealms, page: Page) -> None:
        self.realms = realms
        self.page = page

    async def describe(self, path: str) -> dict[str, Any]:
        """What the page can see of the module at `realm/path`."""
        host = self.realms.host["modules"]
        told = await self.page.evaluate(
            DESCRIBE,
            [
                f"{self.realms.origin}/{path.rpartition('.')[0]}?v={self.realms.epoch}",
                *(
                    f"{self.realms.origin}/_host/{host[name]['file']}"
                    for name in ("@ember/renderer", "@ember/component")
                ),
            ],
        )
        return json.loads(json.dumps(told).replace(self.realms.origin, "http://realms.test"))


Sides = tuple[Side, Side]

# The host's own modules import packages that are no modules of a page.
PACKAGES = re.compile(
    r"/(dompurify|markdown-it|validator|realmkit:ember-renderer|error-handling)[?]"
)
STANDS_IN = """
export default class {}
export { Empty as BaseRenderer };
class Empty {}
export const consumeTag = () => {}, createTag = () => ({}), dirtyTag = () => {};
export const resetTracking = () => {}, setOnerror = () => {};
"""


async def open_page(browser: Browser, realms: ServedRealms) -> Page:
    page = await browser.new_page()
    script = f'<script type="module" src="/_host/{realms.host["runtime"]}"></script>'
    await page.route(
        "**/_blank",
        lambda route: route.fulfill(content_type="text/html", body=f"<!doctype html>{script}"),
    )
    await page.route(
        PACKAGES, lambda route: route.fulfill(content_type="text/javascript", body=STANDS_IN)
    )
    await page.goto(f"{realms.origin}/_blank")
    return page


@pytest.fixture(scope="module")
async def sides() -> AsyncIterator[Sides]:
    """The fast pipeline and the reference, with the repository's modules and the corpus."""
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(running_chromium())
        sides: list[Side] = []
        for pipeline in ("fast", "babel"):
            realms = ServedRealms(pipeline)
            realms.files.update(repository())
            realms.files.update(generated())
            await realms.start()
            stack.push_async_callback(realms.stop)
            sides.append(Side(realms, await open_page(browser, realms)))
        yield (sides[0], sides[1])


def repository() -> dict[str, str]:
    """Every module of the repository that a page can import as card code."""
    listed = subprocess.run(
        ["git", "ls-files", "*.gts", "*.ts"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    folders = ("examples/", "host/src/", "tests/")
    return {
        path: (ROOT / path).read_text()
        for path in listed.stdout.split()
        if path.startswith(folders) and not path.endswith(".d.ts")
    }


def generated() -> dict[str, str]:
    return {f"corpus/{path}": source for path, source in corpus(SEED, SIZE).items()}


async def differences(sides: Sides, paths: list[str]) -> list[str]:
    """Where the two see something else, and what neither can import."""
    found: list[str] = []
    for path in paths:
        fast, babel = [await side.describe(path) for side in sides]
        found += compare(fast, babel, path)
        if "failed" in fast:
            found.append(f"{path}: {fast['failed']}")
    return found


def compare(fast: Any, babel: Any, where: str) -> list[str]:
    """The places where two answers differ, and how."""
    if isinstance(fast, dict) and isinstance(babel, dict):
        one, other = cast(dict[str, Any], fast), cast(dict[str, Any], babel)
        keys = [*one, *(key for key in other if key not in one)]
        return [
            each for key in keys for each in compare(one.get(key), other.get(key), f"{where} {key}")
        ]
    if isinstance(fast, list) and isinstance(babel, list):
        ones, others = cast(list[Any], fast), cast(list[Any], babel)
        if len(ones) == len(others):
            pairs = enumerate(zip(ones, others, strict=True))
            return [each for index, pair in pairs for each in compare(*pair, f"{where} [{index}]")]
    return [] if fast == babel else [f"{where}: fast {fast!r}, babel {babel!r}"]


async def test_the_pipelines_agree_on_every_module_of_the_repository(sides: Sides) -> None:
    templates = [path for path in sides[0].realms.files if path.endswith(".gts")]
    paths = [path for path in templates if not path.startswith("corpus/")]

    assert await differences(sides, paths) == []
    assert sides[0].realms.fallbacks == 0
    assert len(paths) > 90


async def test_the_pipelines_agree_on_a_generated_corpus(sides: Sides) -> None:
    paths = [path for path in sides[0].realms.files if path.startswith("corpus/")]

    assert await differences(sides, paths) == []
    assert sides[0].realms.fallbacks == 0
    assert len(paths) == SIZE + 1
