"""Definitions that no run has brought to the index yet: described once, kept by version."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.definitions import Definition
from realmkit.changes import NewChange
from realmkit.coalesce import Coordinator
from realmkit.config import Realm
from realmkit.db import Database
from realmkit.errors import BadRequest
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore
from realmkit.index import IndexStore
from realmkit.modules import Manifest, ManifestModule, ModuleProblem
from realmkit.prerender import LOST, CardError, ModuleDescription
from realmkit.query import parse_query
from realmkit.search import DefinitionCache, SearchEngine, Walk

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:4201"
HERE, THERE = f"{URL}/atlas/", f"{URL}/other/"
PERSON, PET = f"{HERE}person", f"{HERE}pet"


@dataclass
class Realms:
    """The manifests: versions by module, as if they were what the files hold."""

    versions: dict[str, str]
    broken: set[str] = field(default_factory=set[str])

    async def manifests(self, realms: Sequence[Realm]) -> list[Manifest]:
        return [self.manifest(realm) for realm in realms]

    def manifest(self, realm: Realm) -> Manifest:
        problem = (ModuleProblem("Broken", "It is broken.", "x"),)
        modules = {
            url: ManifestModule(url, url, version, (), problem if url in self.broken else ())
            for url, version in self.versions.items()
            if url.startswith(realm.url)
        }
        return Manifest(realm.url, " ".join(sorted(self.versions.values())), modules)


@dataclass
class Pages:
    """Describes every module as one card definition, named after its version."""

    realms: Realms
    asked: list[str] = field(default_factory=list[str])
    error: CardError | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def describe(
        self, module_urls: Sequence[str], *, epoch: str, priority: int = 10
    ) -> list[ModuleDescription]:
        self.asked.extend(module_urls)
        self.arrived.set()
        await self.gate.wait()
        return [
            ModuleDescription(url, error=self.error)
            if self.error
            else ModuleDescription(
                url,
                ["Alias", "Card"],
                {f"{url}/Card": self._card(url)},
                {"Alias": f"{url}/Card"},
            )
            for url in module_urls
        ]

    def _card(self, url: str) -> dict[str, Any]:
        return {
            "type": "card-def",
            "codeRef": {"module": url, "name": "Card"},
            "displayName": f"Card {self.realms.versions[url]}",
            "types": [f"{url}/Card", "@cardstack/base/card-api/CardDef"],
            "fields": {
                "name": {
                    "type": "contains",
                    "card": {"module": "@cardstack/base/string", "name": "default"},
                    "isPrimitive": True,
                    "valueType": "string",
                }
            },
        }


@dataclass
class HandClock:
    now: int = 1_000_000

    def now_ms(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1000


@dataclass
class Server:
    """One process: its cache, and the pages it would ask."""

    db: Database
    cache: DefinitionCache
    pages: Pages
    realm: Realm

    async def name_of(self, module: str = PERSON) -> str | None:
        return _name(await self.cache.definitions([f"{module}/Card"]))

    async def kept_name_of(self, module: str = PERSON) -> str | None:
        return _name(await self.cache.kept.definitions([f"{module}/Card"]))

    async def change(self, path: str, realm: Realm | None = None) -> None:
        async with self.db.transaction() as tx:
            changes = [NewChange("module", path, "updated", "hash")]
            await self.cache.in_transaction(tx, realm or self.realm, changes)


def _name(found: Mapping[str, Definition]) -> str | None:
    return next((each.display_name for each in found.values()), None)


@pytest.fixture
def manifests() -> Realms:
    return Realms({PERSON: "1", PET: "1"})


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def new_server(
    db: Database, index: IndexStore, manifests: Realms, clock: HandClock, *, is_open: bool = True
) -> Server:
    realms = [Realm(url, Path("/nowhere"), "x") for url in (HERE, THERE)]
    pages = Pages(manifests)
    if is_open:
        pages.gate.set()
    cache = DefinitionCache(
        db,
        index,
        manifests=manifests,
        pages=pages,
        realms=realms,
        public_url=URL,
        renderer_version="r1",
        coordinator=Coordinator(db.notifier, look_again_s=60),
        clock=clock,
    )
    return Server(db, cache, pages, realms[0])


@pytest.fixture
async def server(
    db: Database, index: IndexStore, manifests: Realms, clock: HandClock
) -> AsyncIterator[Server]:
    server = new_server(db, index, manifests, clock)
    yield server
    await server.cache.stop()


@pytest.fixture
async def other(
    peer: Database, index: IndexStore, manifests: Realms, clock: HandClock
) -> AsyncIterator[Server]:
    """Another process over the same database."""
    server = new_server(peer, index, manifests, clock)
    yield server
    await server.cache.stop()


async def test_a_module_is_described_once(server: Server, other: Server) -> None:
    names = [await each.name_of() for each in (server, server, other)]

    assert names == ["Card 1"] * 3
    assert (server.pages.asked, other.pages.asked) == ([PERSON], [])


async def test_a_definition_is_found_by_the_module_that_passes_it_on(server: Server) -> None:
    found = await server.cache.definitions([f"{PERSON}/Alias", f"{PERSON}/Other"])

    assert {key: one.type_key for key, one in found.items()} == {
        f"{PERSON}/Alias": f"{PERSON}/Card"
    }


async def test_two_processes_that_ask_at_once_make_one_visit(server: Server, other: Server) -> None:
    async with asyncio.timeout(20):
        names = await asyncio.gather(*(each.name_of() for each in (server, other) * 3))

    assert names == ["Card 1"] * 6
    assert len(server.pages.asked + other.pages.asked) == 1


async def test_what_is_asked_together_travels_together(server: Server) -> None:
    calls: list[Sequence[str]] = []
    describe = server.pages.describe

    async def noted(
        urls: Sequence[str], *, epoch: str, priority: int = 10
    ) -> list[ModuleDescription]:
        calls.append(urls)
        return await describe(urls, epoch=epoch, priority=priority)

    server.pages.describe = noted  # type: ignore[method-assign]
    await server.cache.describe([PERSON, PET], epoch="e")

    assert sorted(url for urls in calls for url in urls) == [PERSON, PET]


async def test_another_version_of_the_module_is_described_anew(
    server: Server, manifests: Realms
) -> None:
    await server.name_of()
    # By an edit of the module, or of anything it imports however indirectly.
    manifests.versions[PERSON] = "2"

    assert await server.name_of() == "Card 2"


async def test_a_change_of_another_module_leaves_it_alone(
    server: Server, other: Server, manifests: Realms
) -> None:
    await server.name_of()
    manifests.versions[PET] = "2"
    await server.change("pet.gts")
    await server.change("person.gts", Realm(THERE, Path("/nowhere"), "other"))

    assert [await each.name_of() for each in (server, other)] == ["Card 1"] * 2
    assert (server.pages.asked, other.pages.asked) == ([PERSON], [])


async def test_a_change_tombstones_the_row_under_every_spelling(server: Server) -> None:
    await server.name_of()
    await server.change("person.gts")

    rows = await server.db.read("select path, description, generation from modules order by path")
    assert rows == [("person", None, 1), ("person.gts", None, 1)]
    assert await server.name_of() == "Card 1"
    assert server.pages.asked == [PERSON, PERSON]


async def test_what_was_described_during_a_change_is_kept_nowhere(
    db: Database, index: IndexStore, manifests: Realms, clock: HandClock
) -> None:
    server = new_server(db, index, manifests, clock, is_open=False)
    asking = asyncio.create_task(server.name_of())
    await server.pages.arrived.wait()
    # Noticed by nobody: no tombstone, no log.
    manifests.versions[PERSON] = "2"
    server.pages.gate.set()
    await asking

    assert await server.kept_name_of() is None
    assert await server.name_of() == "Card 2"
    await server.cache.stop()


@pytest.mark.parametrize(
    ("changed", "kept"),
    [("person.gts", None), (None, None), ("pet.gts", "Card 1")],
    ids=["the module", "its realm", "another module"],
)
async def test_what_was_invalidated_while_it_was_described_is_kept_nowhere(
    db: Database,
    index: IndexStore,
    manifests: Realms,
    clock: HandClock,
    changed: str | None,
    kept: str | None,
) -> None:
    server = new_server(db, index, manifests, clock, is_open=False)
    asking = asyncio.create_task(server.name_of())
    await server.pages.arrived.wait()
    if changed:
        await server.change(changed)
    else:
        await server.cache.cache.wipe(HERE)
    server.pages.gate.set()

    assert await asking == "Card 1"
    assert await server.kept_name_of() == kept
    await server.cache.stop()


async def test_an_error_of_the_module_is_kept_until_it_changes(
    server: Server, manifests: Realms, clock: HandClock
) -> None:
    server.pages.error = CardError("Error", "It throws.", 500)
    assert [await server.name_of(), await server.name_of()] == [None, None]
    clock.now += 3_600_000
    await server.name_of()
    assert server.pages.asked == [PERSON]

    server.pages.error, manifests.versions[PERSON] = None, "2"
    assert await server.name_of() == "Card 2"


async def test_a_visit_takes_no_error_that_was_kept_for_an_answer(server: Server) -> None:
    server.pages.error = CardError("Error", "It throws.", 500)
    assert await server.name_of() is None
    server.pages.error = None

    [description] = await server.cache.describe([PERSON], epoch="e")

    assert description.error is None
    # And searches hear of it.
    assert await server.name_of() == "Card 1"


async def test_a_page_that_was_lost_is_bad_luck_for_half_a_minute(
    server: Server, other: Server, clock: HandClock
) -> None:
    server.pages.error = CardError("Error", "The page broke.", LOST)
    assert await server.name_of() is None
    server.pages.error = None
    assert [await each.name_of() for each in (server, other)] == [None, None]

    clock.now += 30_001
    assert [await each.name_of() for each in (server, other)] == ["Card 1"] * 2


async def test_a_rendering_page_reads_and_never_asks(server: Server, other: Server) -> None:
    assert await server.kept_name_of() is None
    assert server.pages.asked == []

    await server.name_of()
    assert [await each.kept_name_of() for each in (server, other)] == ["Card 1"] * 2
    assert (server.pages.asked, other.pages.asked) == ([PERSON], [])


async def test_a_module_that_must_not_be_imported_is_not_described(
    server: Server, manifests: Realms
) -> None:
    manifests.broken.add(PERSON)
    unknown = [f"{HERE}nobody", "https://elsewhere.example/x", THERE]

    assert [await server.name_of(url) for url in (PERSON, *unknown)] == [None] * 4
    assert server.pages.asked == []


async def test_a_search_may_name_a_type_that_no_run_has_visited(
    db: Database, files: FileStore, server: Server
) -> None:
    extractor = FileExtractor()
    engine = SearchEngine(
        db,
        server.cache,
        {files.realm: files},
        extractor,
        public_url=URL,
        kept_definitions=server.cache.kept,
    )
    assert files.realm.url == HERE
    query = {"filter": {"on": {"module": PERSON, "name": "Card"}, "eq": {"nmae": "Ada"}}}
    asked = parse_query(query, names=ModuleNames(URL))

    # A page that renders must not wait for another page: the mistake goes unnoticed there.
    rendering = Walk(skip_query_backed_expansion=True)
    assert (await engine.search([HERE], asked, walk=rendering)).data == []
    assert server.pages.asked == []
    for walk in (None, rendering):
        with pytest.raises(BadRequest, match="nmae"):
            await engine.search([HERE], asked, walk=walk)
    assert server.pages.asked == [PERSON]


async def test_a_table_that_cannot_be_used_costs_visits_only(server: Server) -> None:
    async with server.db.transaction() as tx:
        await tx.execute("drop table modules")

    assert await server.name_of() == "Card 1"
    await server.change("person.gts")
    assert await server.name_of() == "Card 1"
