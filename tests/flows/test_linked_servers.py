"""Two servers whose cards lead to each other: what each is asked, and where it ends.

Each has its own database, folder, Node and Chromium; they know of each other over HTTP.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from starlette.types import Receive, Scope, Send
from tests.support.loops import BACKEND
from tests.support.other_server import other_server
from tests.support.server import Server, serving

from realmkit import app as app_module

pytestmark = pytest.mark.anyio

CARD_DEF = {"module": "@cardstack/base/card-api", "name": "CardDef"}
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
    """A server, and the method and path of every request that reached it, and that it is done with."""

    server: Server
    asked: list[tuple[str, str]]
    done: asyncio.Queue[tuple[str, str]]

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
        for side in (self.near, self.far):
            side.asked.clear()
            while not side.done.empty():
                side.done.get_nowait()


@contextmanager
def noting(asked: list[tuple[str, str]], done: asyncio.Queue[tuple[str, str]]) -> Generator[None]:
    """What reaches a server that is started inside is noted in `asked`, and then in `done`."""
    build = app_module.build_http

    def build_noting(*parts: Any) -> Any:
        answer = build(*parts)

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            request = (scope["method"], scope["path"])
            asked.append(request)
            try:
                await answer(scope, receive, send)
            finally:
                done.put_nowait(request)

        return noted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_module, "build_http", build_noting)
        yield


@pytest.fixture(scope="module")
def anyio_backend() -> object:
    return BACKEND


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
    done = asyncio.Queue[tuple[str, str]]()
    root.mkdir()
    reach: dict[str, Any] = {"allowed_hosts": ("127.0.0.1",), "remote_timeout_s": 60}
    serves = serving(root, folder / "state", watch=False, **reach)
    async with AsyncExitStack() as stack:
        with noting(asked, done):
            server = await stack.enter_async_context(serves)
        yield Side(server, asked, done)


def plain(title: str) -> dict[str, Any]:
    """A card that has nothing but a title."""
    info = {"cardInfo": {"name": title}}
    return {"data": {"type": "card", "attributes": info, "meta": {"adoptsFrom": CARD_DEF}}}


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
    [error] = named["meta"]["errors"]
    assert error["realm"] == mine.server.realm_url
    assert error["message"] == (
        f"{mine.server.realm_url} was not asked: who answers another server asks none itself."
    )


async def test_who_hangs_up_ends_the_walk(pair: Pair) -> None:
    near = pair.near
    async with other_server() as held:
        to_next = {"boss": {"links": {"self": "./next"}}}
        first = held.put("first", meta={"adoptsFrom": CARD_DEF}, relationships=to_next)
        second = held.put("next", meta={"adoptsFrom": CARD_DEF})
        near.write("leaving.json", page("Leaving", friend=first))
        await near.server.rescanned()
        pair.forget()
        held.asked.clear()
        held.gate = asyncio.Event()
        async with asyncio.timeout(30):
            await hang_up_at(near.server.url, "/people/leaving", held.at_gate)
            # A later request is answered: the server knows by now that the client is gone.
            await near.server.client.get("/_health")
            held.gate.set()
            while await near.done.get() != ("GET", "/people/leaving"):
                pass

        assert held.asked == [("QUERY", "/far/_cards")]
        found = await near.document("leaving")

    # Who stays is told of both layers.
    assert {first, second} <= {one["id"] for one in found["included"]}
    assert held.asked[1:] == [("QUERY", "/far/_cards")] * 2


async def hang_up_at(url: str, path: str, moment: asyncio.Event) -> None:
    """Ask for a card, and close the connection at the moment."""
    address = urlsplit(url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Accept: application/vnd.card+json\r\n\r\n".encode()
    )
    await moment.wait()
    writer.close()
    await writer.wait_closed()
