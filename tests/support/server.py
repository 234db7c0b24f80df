"""A real server in the test's own process: real files, database, Node and Chromium."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from realmkit.app import App
from realmkit.cli import mounts
from realmkit.cli.running import running
from realmkit.config import Settings

PERSON = """\
import { CardDef, field, contains, linksTo } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import NumberField from '@cardstack/base/number';

export class Person extends CardDef {
  static displayName = 'Person';
  @field name = contains(StringField);
  @field age = contains(NumberField);
  @field friend = linksTo(() => Person);
  @field cardTitle = contains(StringField, {
    computeVia: function (this: Person) { return this.name; },
  });
}
"""
ANN = """\
{
  "data": {
    "type": "card",
    "attributes": { "name": "Ann", "age": 41 },
    "relationships": { "friend": { "links": { "self": "./bob" } } },
    "meta": { "adoptsFrom": { "module": "../person", "name": "Person" } }
  }
}
"""
BOB = ANN.replace('"Ann", "age": 41', '"Bob", "age": 7').replace('"./bob"', "null")


def write_people(root: Path) -> None:
    """A small realm: a definition, Ann, her friend Bob, and a file that is no card."""
    (root / "Person").mkdir(parents=True)
    (root / "person.gts").write_text(PERSON)
    (root / "Person" / "ann.json").write_text(ANN)
    (root / "Person" / "bob.json").write_text(BOB)
    (root / "notes.txt").write_text("0123456789")


@dataclass
class Server:
    """A running server over the realm `people` in `root`, and a client to ask it with."""

    app: App
    url: str
    root: Path
    client: httpx2.AsyncClient

    @property
    def realm_url(self) -> str:
        return f"{self.url}/people/"

    async def indexed(self) -> None:
        """Wait until the index has everything that the log holds now."""
        await self.app.indexer.drain(self.realm_url)

    async def rescanned(self) -> None:
        """Notice what was done to the folder, and wait until it is indexed."""
        await self.app.stations.mounted["people"].files.scan()
        await self.indexed()

    async def card(self, path: str) -> dict[str, Any]:
        """The data of a card's document."""
        answer = await self.client.get(
            f"/people/{path}", headers={"Accept": "application/vnd.card+json"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def html(self, path: str, format: str = "isolated") -> str:
        """A card's prerendered HTML."""
        html = await self.app.stations.index.html(
            self.realm_url, f"{self.realm_url}{path}.json", format
        )
        return html or ""


@asynccontextmanager
async def serving(root: Path, state_dir: Path, **chosen: Any) -> AsyncGenerator[Server, None]:
    """Serve `root` as the realm `people` on a free loopback port, or on `port`."""
    listener = mounts.listen("127.0.0.1", chosen.pop("port", 0))
    url = mounts.address_of(listener, "127.0.0.1")
    settings = Settings(
        realms=mounts.realms_at(url, {"people": root}),
        public_url=url,
        state_dir=state_dir,
        page_count=1,
        transpiler_count=1,
        **chosen,
    )
    async with (
        running(settings, listener) as app,
        httpx2.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield Server(app, url, root, client)
