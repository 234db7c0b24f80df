"""What a browser's debugger makes of a served module: it shows the author's `.gts`.

The debugger is ours, over Chromium's protocol; it does with the source map what the one
with windows does: finds it from the script's address, and leads to and fro by it.
"""

import asyncio
import json
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.async_api import Browser, CDPSession, Page
from tests.support.chromium import running_chromium
from tests.support.loops import BACKEND
from tests.support.server import Server, serving

from realmkit.config import Pipeline, find_node

pytestmark = pytest.mark.anyio
BELL = """\
import { CardDef, Component, contains, field } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import { on } from '@ember/modifier';

interface Sound {
  loudness: number;
}

export class Bell extends CardDef {
  @field name = contains(StringField);

  static isolated = class Isolated extends Component<typeof Bell> {
    <template>
      <button {{on 'click' this.ring}}>Ring {{@model.name}}</button>
      <style scoped>
        button {
          color: red;
        }
      </style>
    </template>

    ring = (): void => {
      const sound: Sound = { loudness: 11 };
      this.strike(sound);
    };

    strike(sound: Sound): never {
      throw new Error(`cracked at ${sound.loudness}`);
    }
  };
}
"""
CARD = """\
{"data": {"type": "card", "attributes": {"name": "the bell"},
  "meta": {"adoptsFrom": {"module": "./bell", "name": "Bell"}}}}
"""
TRACE = Path(__file__).with_name("trace.mjs")


def place_of(text: str) -> dict[str, int]:
    """Where the author wrote `text`: line from 1, column from 0."""
    before = BELL[: BELL.index(text)]
    return {"line": before.count("\n") + 1, "column": len(before.rpartition("\n")[2])}


@dataclass
class Debugger:
    """A page and what Chromium says of its scripts."""

    page: Page
    session: CDPSession
    server: Server
    scripts: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def script(self, start: str) -> dict[str, Any]:
        return next(each for url, each in self.scripts.items() if url.startswith(start))

    async def map_of(self, script: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The source map and where it is."""
        url = urljoin(script["url"], script["sourceMapURL"])
        answer = await self.server.client.get(url)
        assert answer.status_code == 200
        return url, answer.json()

    async def trace(self, script: dict[str, Any], **asked: list[dict[str, int]]) -> dict[str, Any]:
        """Places in the source `of` those in the script, and the script's `at` the source's."""
        url, map = await self.map_of(script)
        request = json.dumps({"map": map, "url": url, "of": [], "at": [], **asked})
        done = await asyncio.to_thread(
            subprocess.run,
            [find_node(), TRACE],
            input=request,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    async def click(self) -> None:
        """Ring, without waiting for what comes of it."""
        await self.page.evaluate("setTimeout(() => document.querySelector('button').click())")

    def next(self, event: str) -> asyncio.Future[dict[str, Any]]:
        heard: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.session.once(event, lambda said: heard.set_result(said))
        return heard


@pytest.fixture(scope="module")
def anyio_backend() -> object:
    return BACKEND


@pytest.fixture(scope="module")
async def browser() -> AsyncGenerator[Browser]:
    async with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=["fast", "babel"])
async def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Server]:
    folder = tmp_path_factory.mktemp("debugged")
    root = folder / "people"
    root.mkdir()
    (root / "bell.gts").write_text(BELL)
    (root / "church.json").write_text(CARD)
    pipeline: Pipeline = request.param
    async with serving(root, folder / "state", watch=False, transpiler=pipeline) as server:
        await server.indexed()
        yield server


@pytest.fixture
async def debugger(server: Server, browser: Browser) -> AsyncGenerator[Debugger]:
    page = await browser.new_page()
    session = await page.context.new_cdp_session(page)
    debugger = Debugger(page, session, server)
    session.on("Debugger.scriptParsed", lambda said: debugger.scripts.update({said["url"]: said}))
    await session.send("Debugger.enable")
    await session.send("Runtime.enable")
    await page.goto(f"{server.realm_url}church")
    await page.locator("[data-realmkit-live]").wait_for()
    yield debugger
    await page.close()


async def test_a_versioned_script_leads_to_the_source_as_the_author_wrote_it(debugger: Debugger):
    script = debugger.script(f"{debugger.server.realm_url}bell?v=")
    shown = await debugger.trace(script)

    assert shown["sources"] == [f"{debugger.server.realm_url}bell.gts"]
    assert shown["contents"] == [BELL]
    source = await debugger.server.client.get(
        shown["sources"][0], headers={"Accept": "application/vnd.card+source"}
    )
    assert source.text == BELL


async def test_a_thrown_error_is_at_the_authors_line(debugger: Debugger):
    script = debugger.script(f"{debugger.server.realm_url}bell?v=")
    thrown = debugger.next("Runtime.exceptionThrown")
    await debugger.click()
    frames = (await thrown)["exceptionDetails"]["stackTrace"]["callFrames"][:2]

    assert {each["url"] for each in frames} == {script["url"]}
    places = [{"line": f["lineNumber"] + 1, "column": f["columnNumber"]} for f in frames]
    traced = (await debugger.trace(script, of=places))["of"]
    assert [each["line"] for each in traced] == [
        place_of("throw new Error")["line"],
        place_of("this.strike(sound);")["line"],
    ]


async def test_a_breakpoint_on_the_authors_line_stops_there(debugger: Debugger):
    script = debugger.script(f"{debugger.server.realm_url}bell?v=")
    line = place_of("this.strike(sound);")["line"]
    served = (await debugger.trace(script, at=[{"line": line, "column": 0}]))["at"][0]
    await debugger.session.send(
        "Debugger.setBreakpointByUrl",
        {"url": script["url"], "lineNumber": served["line"] - 1, "columnNumber": served["column"]},
    )
    paused = debugger.next("Debugger.paused")
    await debugger.click()
    stopped = (await paused)["callFrames"][0]["location"]
    await debugger.session.send("Debugger.resume")

    place = {"line": stopped["lineNumber"] + 1, "column": stopped["columnNumber"]}
    (traced,) = (await debugger.trace(script, of=[place]))["of"]
    assert traced["line"] == line
