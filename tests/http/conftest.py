"""A real server for the tests of the edge: real files, database, Node and Chromium.

One server a test module, on a free loopback port, over a small realm of people. Each
test uses names of its own in it.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

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


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Server:
    """A running server over one realm, and a client to ask it with."""

    app: App
    url: str
    root: Path
    client: httpx2.AsyncClient

    @property
    def realm_url(self) -> str:
        return f"{self.url}/people/"

    async def indexed(self) -> None:
        await self.app.indexer.drain(self.realm_url)


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Server, None]:
    root = tmp_path_factory.mktemp("realm") / "people"
    (root / "Person").mkdir(parents=True)
    (root / "person.gts").write_text(PERSON)
    (root / "Person" / "ann.json").write_text(ANN)
    (root / "Person" / "bob.json").write_text(BOB)
    (root / "notes.txt").write_text("0123456789")
    listener = mounts.listen("127.0.0.1", 0)
    url = mounts.address_of(listener, "127.0.0.1")
    settings = Settings(
        realms=mounts.realms_at(url, {"people": root}),
        public_url=url,
        state_dir=tmp_path_factory.mktemp("state"),
        page_count=1,
        transpiler_count=1,
    )
    async with (
        running(settings, listener) as app,
        httpx2.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield Server(app, url, root, client)
