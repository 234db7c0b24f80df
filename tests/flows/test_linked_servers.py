"""Two servers whose cards lead to each other: what each is asked, and where it ends.

Each has its own database, folder, Node and Chromium; they know of each other over HTTP.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.types import Receive, Scope, Send
from tests.support.server import Server, serving

from realmkit import app as app_module

pytestmark = pytest.mark.anyio

PAGE = """\
import { CardDef, field, contains, linksTo, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Page extends CardDef {
  @field title = contains(StringField);
  @field friend = linksTo(() => CardDef);
  @field friends = linksToMany(() => CardDef);
  @field named = linksToMany(() => CardDef, {
    query: { realms: ['$FAR'], filter: { eq: { cardTitle: '$this.title' } } },
  });
  @field first = linksTo(() => CardDef, {
    query: { realms: ['$FAR'], sort: [{ by: 'cardTitle', direction: 'asc' }] },
  });
  @field everybody = linksToMany(() => CardDef, {
    query: {
      realms: ['$FAR'],
      filter: { not: { eq: { cardTitle: 'Loop' } } },
      sort: [{ by: 'cardTitle', direction: 'desc' }],
    },
  });
}
"""


@dataclass
class Side:
    """A server, and the method and path of every request that reached it."""

    server: Server
    asked: list[tuple[str, str]]

    def id(self, name: str) -> str:
        return f"{self.server.realm_url}{name}"

    async def document(self, name: str) -> dict[str, Any]:
        answer = await self.server.client.get(
            f"/people/{name}", headers={"Accept": "application/vnd.card+json"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def write(self, name: str, document: object) -> None:
        (self.server.root / name).write_bytes(orjson.dumps(document))


@dataclass
class Pair:
    near: Side
    far: Side

    def forget(self) -> None:
        self.near.asked.clear()
        self.far.asked.clear()


@contextmanager
def noting(asked: list[tuple[str, str]]) -> Generator[None]:
    """Whatever reaches a server that is started inside is noted in `asked`."""
    build = app_module.build_http

    def build_noting(*parts: Any) -> Any:
        answer = build(*parts)

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                asked.append((scope["method"], scope["path"]))
            await answer(scope, receive, send)

        return noted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_module, "build_http", build_noting)
        yield


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Pair]:
    near, far = tmp_path_factory.mktemp("near"), tmp_path_factory.mktemp("far")
    async with side(near) as one, side(far) as other:
        pair = Pair(one, other)
        write_cards(pair)
        await other.server.rescanned()
        await one.server.rescanned()
        yield pair


@asynccontextmanager
async def side(folder: Path) -> AsyncGenerator[Side]:
    root, asked = folder / "people", list[tuple[str, str]]()
    root.mkdir()
    reach: dict[str, Any] = {"allowed_hosts": ("127.0.0.1",), "remote_timeout_s": 60}
    serves = serving(root, folder / "state", watch=False, **reach)
    async with AsyncExitStack() as stack:
        with noting(asked):
            server = await stack.enter_async_context(serves)
        yield Side(server, asked)


def plain(title: str) -> dict[str, Any]:
    """A card that has nothing but a title."""
    base = {"module": "@cardstack/base/card-api", "name": "CardDef"}
    info = {"cardInfo": {"name": title}}
    return {"data": {"type": "card", "attributes": info, "meta": {"adoptsFrom": base}}}


def page(title: str, **links: str) -> dict[str, Any]:
    document = plain(title)
    document["data"]["attributes"]["title"] = title
    document["data"]["meta"]["adoptsFrom"] = {"module": "./page", "name": "Page"}
    document["data"]["relationships"] = {
        name.replace("_", "."): {"links": {"self": link}} for name, link in links.items()
    }
    return document


def write_cards(pair: Pair) -> None:
    """`ann` leads to three of the other's cards; the two called `loop` lead to each other."""
    for side, other in ((pair.near, pair.far), (pair.far, pair.near)):
        source = PAGE.replace("$FAR", other.server.realm_url)
        (side.server.root / "page.gts").write_text(source)
        side.write("loop.json", page("Loop", friend=other.id("loop")))
    for title in ("Ann", "Bob", "Eve"):
        pair.far.write(f"{title.lower()}.json", plain(title))
    far = pair.far
    ann = page("Ann", friend=far.id("bob"), friends_0=far.id("eve"), friends_1=far.id("bob"))
    pair.near.write("ann.json", ann)


def ids(relationship: dict[str, Any]) -> list[str]:
    return [one["id"].rpartition("/")[2] for one in relationship["data"]]


async def test_all_that_a_card_wants_of_another_server_is_one_request(pair: Pair) -> None:
    pair.forget()
    found = await pair.near.document("ann")

    assert pair.far.asked == [("QUERY", "/people/_cards")]
    fields = found["data"]["relationships"]
    assert ids(fields["named"]) == ["ann"]
    assert fields["first"]["data"]["id"] == pair.far.id("ann")
    assert ids(fields["everybody"]) == ["eve", "bob", "ann"]
    assert fields["friend"]["data"]["id"] == pair.far.id("bob")
    names = {one["id"]: one["attributes"]["cardTitle"] for one in found["included"]}
    assert names == {pair.far.id(name.lower()): name for name in ("Ann", "Bob", "Eve")}
    assert "brokenLinks" not in found["data"]["meta"]


@pytest.mark.parametrize("asks", ["near", "far"])
async def test_a_loop_of_links_and_searches_ends_at_the_server_that_is_asked(
    pair: Pair, asks: str
) -> None:
    mine, other = (pair.near, pair.far) if asks == "near" else (pair.far, pair.near)
    pair.forget()
    async with asyncio.timeout(30):
        found = await mine.document("loop")

    assert mine.asked == [("GET", "/people/loop")]
    assert other.asked == [("QUERY", "/people/_cards")]
    assert ids(found["data"]["relationships"]["named"]) == ["loop"]
    [theirs] = [one for one in found["included"] if one["id"] == other.id("loop")]
    assert theirs["relationships"]["friend"]["data"]["id"] == mine.id("loop")
    # What it would have to ask for is said to be missing, not taken for nothing.
    named = theirs["relationships"]["named"]
    assert named["data"] == []
    assert [error["realm"] for error in named["meta"]["errors"]] == [mine.server.realm_url]
