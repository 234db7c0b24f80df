"""An indexer over real folders, each kind of database and a real Chromium.

Only the card engine and the module path are stood in for: the page below reads
card documents with a few lines of script, and modules are files whose first word
says whether they are sound. The stand-ins answer in the shapes of the real ones.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Realm, find_chromium
from realmkit.db import Database
from realmkit.errors import BadRequest, NotFound, RealmkitError
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore, FileWrite
from realmkit.index import Entry, IndexStore, LongRuns
from realmkit.indexer import Indexer
from realmkit.modules import Manifest, ManifestModule, ModuleProblem
from realmkit.prerender import Prerenderer
from realmkit.search import JobAnswers

PAGE = (Path(__file__).parent / "page.html").read_text()
CARD_DEF = "@cardstack/base/card-api/CardDef"


class Modules:
    """Modules are sound unless their source begins with `broken`."""

    def __init__(self, stores: Iterable[FileStore]) -> None:
        self._stores = {store.realm: store for store in stores}

    async def manifests(self, realms: Sequence[Realm]) -> list[Manifest]:
        return [await self.manifest(realm) for realm in realms]

    async def manifest(self, realm: Realm) -> Manifest:
        store = self._stores[realm]
        modules: dict[str, ManifestModule] = {}
        sources: list[bytes] = []
        for found in await store.walk():
            if found.path.endswith(".gts"):
                source = (await store.read(found.path)).content
                sources.append(source)
                url = realm.url_of(found.path.removesuffix(".gts"))
                problems = (
                    (ModuleProblem("Broken", "It is broken.", found.path, line=1, column=0),)
                    if source.startswith(b"broken")
                    else ()
                )
                modules[url] = ManifestModule(url, url, "1", (), problems)
        epoch = hashlib.sha256(b"".join(sources)).hexdigest()
        return Manifest(realm.url, epoch, modules)

    async def canonical_path(self, realm: Realm, path: str) -> str | None:
        return await self._stores[realm].resolve(path)

    def on_change(self, realm_url: str, paths: Iterable[str]) -> None:
        pass


class Search:
    """The only search there is: every card of a type, by id."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.asked = 0
        self.problem: RealmkitError | None = None
        """What the indexer's own searches meet; a page's, which name no realm, are answered."""

    def parse(self, body: Any, *, relative_to: str | None = None) -> Any:
        return body

    async def search_ids(self, realm_urls: Sequence[str], query: Any) -> list[str]:
        self.asked += 1
        if self.problem is not None and realm_urls:
            raise self.problem
        ref = query["filter"]["type"]
        rows = await self._db.read(
            "select t.url from index_types t join entries e using (realm_url, url, type)"
            " where t.type_key = $1 and e.has_error = 0 order by t.url",
            (f"{ref['module']}/{ref['name']}",),
        )
        return [row[0].removesuffix(".json") for row in rows]


@dataclass
class House:
    """Everything an indexer needs, and short ways to use it."""

    origin: str
    db: Database
    changes: ChangeLog
    index: IndexStore
    stores: dict[str, FileStore]
    prerenderer: Prerenderer
    indexer: Indexer
    search: Search
    extractor: FileExtractor
    job_answers: JobAnswers
    peer: Database
    """The database as another process has it."""
    visited: list[str] = field(default_factory=list)
    """Paths of the cards that a page took in hand, in order."""
    priorities: list[int] = field(default_factory=list[int])
    """Of the jobs whose cards a page was given, in order."""
    jobs: list[str] = field(default_factory=list[str])
    """The jobs in whose name cards searched, in order; their answers are kept, as a server does."""
    at_gate: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, files: dict[str, Any], *, realm: str = "one", request: str = "") -> int:
        """Write files (JSON or text; None removes) in one batch; returns the seq."""
        writes = [
            FileWrite(path, None if content is None else _bytes(content))
            for path, content in files.items()
        ]
        return (await self.stores[realm].write_many(writes, request or None)).seq

    def have_patience(self) -> None:
        """Let cards take their time: for tests that hold one at the gate."""
        self.prerenderer._render_timeout_s = 60

    async def visited_count(self, count: int, realm: str = "one") -> None:
        """Wait until a run has written down so many visits, or made them."""
        async with asyncio.timeout(30):
            async for progress in self.indexer.progress_hub.follow(self.url(realm=realm)):
                if progress.done >= count:
                    return

    async def index_all(self) -> None:
        await self.indexer.settle()

    async def entry(self, path: str, realm: str = "one") -> Entry:
        entry = await self.index.entry(self.url(path, realm))
        assert entry is not None, f"{path} is not indexed"
        return entry

    async def indexed_urls(self) -> set[str]:
        """The URLs of everything in realm `one` that the index knows."""
        return {each.url for each in await self.index.indexed_files(self.url())}

    async def isolated(self, path: str, realm: str = "one") -> str | None:
        url = self.url(path, realm)
        return await self.index.html(self.stores[realm].realm.url, url, "isolated")

    def url(self, path: str = "", realm: str = "one") -> str:
        return f"{self.origin}/{realm}/{path}"

    def visits_since(self) -> list[str]:
        """What was visited since this was last asked, sorted."""
        visited, self.visited = self.visited, []
        return sorted(visited)


def _bytes(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return content.encode() if isinstance(content, str) else json.dumps(content).encode()


def card(title: str = "", module: str = "./person", **members: Any) -> dict[str, Any]:
    """A card document. `links` maps fields to links, `lists` a type whose cards it searches for."""
    links = members.pop("links", {})
    return {
        "data": {
            "type": "card",
            "attributes": {"title": title, **members},
            "relationships": {name: {"links": {"self": link}} for name, link in links.items()},
            "meta": {"adoptsFrom": {"module": module, "name": "Card"}},
        }
    }


@pytest.fixture
async def house(tmp_path: Path, db: Database, peer: Database) -> AsyncIterator[House]:
    """Two realms, `one` and `two`, each with a sound module `person.gts`; nothing runs yet."""
    server = await asyncio.start_server(lambda r, w: _answer(house, r, w), "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    changes = ChangeLog(db)
    index = IndexStore(db, changes, public_url=origin)
    stores: dict[str, FileStore] = {}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "person.gts").write_text("sound")
        stores[name] = FileStore(Realm(f"{origin}/{name}/", tmp_path / name, name), db, changes)
        await stores[name].scan()
    prerenderer = Prerenderer(origin, find_chromium(), page_limit=2, render_timeout_s=1.5)
    extractor = FileExtractor()
    search = Search(db)
    house = House(
        origin,
        db,
        changes,
        index,
        stores,
        prerenderer,
        _indexer(origin, db, stores, changes, index, prerenderer, extractor, search),
        search,
        extractor,
        JobAnswers(db),
        peer,
    )
    yield house
    house.gate.set()
    await house.indexer.stop()
    await prerenderer.stop()
    await extractor.stop()
    server.close()


def _indexer(
    origin: str,
    db: Database,
    stores: dict[str, FileStore],
    changes: ChangeLog,
    index: IndexStore,
    prerenderer: Prerenderer,
    extractor: FileExtractor,
    search: Search,
) -> Indexer:
    return Indexer(
        public_url=origin,
        realms={store.realm: store for store in stores.values()},
        changes=changes,
        index=index,
        modules=Modules(stores.values()),  # pyright: ignore[reportArgumentType]
        prerenderer=prerenderer,
        long_runs=LongRuns(db, index, public_url=origin),
        extractor=extractor,
        search=search,  # pyright: ignore[reportArgumentType]
        end_job=JobAnswers(db).clear,
    )


def restarted(house: House, *realms: str) -> Indexer:
    """A new indexer over the same state, as a new process would have it; of all realms, or these."""
    house.indexer = _indexer(
        house.origin,
        house.db,
        {name: house.stores[name] for name in realms or house.stores},
        house.changes,
        house.index,
        house.prerenderer,
        house.extractor,
        house.search,
    )
    return house.indexer


def of_another_process(house: House, realm: str) -> Indexer:
    """An indexer of one realm that shares nothing with the house's but database and folders."""
    changes = ChangeLog(house.peer)
    index = IndexStore(house.peer, changes, public_url=house.origin)
    store = FileStore(house.stores[realm].realm, house.peer, changes)
    return _indexer(
        house.origin,
        house.peer,
        {realm: store},
        changes,
        index,
        house.prerenderer,
        house.extractor,
        Search(house.peer),
    )


async def _answer(house: House, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ", 2)[1]
        status, body = await _content(house, path)
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: text/html\r\nconnection: close\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _content(house: House, path: str) -> tuple[int, bytes]:
    if path == "/_host/prerender":
        return 200, PAGE.encode()
    if path.startswith("/_visited/"):
        house.visited.append(path.removeprefix("/_visited/"))
        return 200, b""
    if path.startswith("/_priority/"):
        house.priorities.append(int(path.removeprefix("/_priority/")))
        return 200, b""
    if path == "/_gate":
        house.at_gate.set()
        await house.gate.wait()
        return 200, b""
    if path.startswith("/_cards_of/"):
        job_id, _, asked = path.removeprefix("/_cards_of/").partition("/")
        module, _, name = asked.rpartition("/")
        ids = await house.search.search_ids(
            [], {"filter": {"type": {"module": module, "name": name}}}
        )
        house.jobs.append(job_id)
        await house.job_answers.put(job_id, asked, answer := json.dumps(ids).encode())
        return 200, answer
    _, name, path = path.split("/", 2)
    try:
        return 200, (await house.stores[name].read(path)).content
    except (BadRequest, NotFound):
        return 404, b""
