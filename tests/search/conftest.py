"""A server's index with two realms of people, in a real SQLite database."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from realmkit.changes import ChangeLog
from realmkit.config import Realm
from realmkit.db import Database
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore
from realmkit.index import Batch, IndexStore, NewEntry
from realmkit.search import SearchEngine, Walk

from ..support.other_server import OtherServer, other_server
from ..support.people import CARD_DEF, DESCRIBED, PERSON, type_key

PEOPLE = "http://h/people/"
OTHERS = "http://h/others/"


class World:
    """Indexed cards and the engine that answers for them."""

    def __init__(self, db: Database, realms: Sequence[Realm]) -> None:
        changes = ChangeLog(db)
        self.db = db
        self.index = IndexStore(db, changes, public_url="http://h")
        self.files = {realm: FileStore(realm, db, changes) for realm in realms}
        self.extractor = FileExtractor()
        self.rebuild()

    def rebuild(self, **options: Any) -> None:
        """Build the engine anew over the same index; `options` as `SearchEngine` takes them."""
        self.engine = SearchEngine(
            self.db, self.index, self.files, self.extractor, public_url="http://h", **options
        )

    async def define(self, described: Sequence[Mapping[str, Any]]) -> None:
        modules: dict[str, dict[str, Mapping[str, Any]]] = {}
        for definition in described:
            ref = definition["codeRef"]
            modules.setdefault(ref["module"], {})[ref["name"]] = definition
        await self.index.commit(Batch(PEOPLE, definitions=modules))

    async def put(self, *entries: NewEntry, realm: str = PEOPLE) -> None:
        await self.index.commit(Batch(realm, entries=entries))

    async def document(self, name: str, **walk: Any) -> dict[str, Any]:
        """The served document of a person; `walk` as in `Walk`."""
        card = await self.engine.cards.find(f"{PEOPLE}{name}")
        assert card is not None
        return await self.engine.cards.document(card, Walk(**walk))

    async def ids(self, *realms: str, **query: Any) -> list[str]:
        """Ids found, without the origin; `filter`, `sort`, `page` as in a query."""
        page = await self.engine.search(list(realms) or [PEOPLE], self.engine.parse(query))
        return [resource["id"].removeprefix("http://h/") for resource in page.data]


def person(
    name: str,
    attributes: Mapping[str, Any] | None = None,
    *,
    realm: str = PEOPLE,
    ref: Mapping[str, str] = PERSON,
    links: Mapping[str, str | None] | None = None,
    **more: Any,
) -> NewEntry:
    """A card that was indexed well: attributes are searchable, links are as given."""
    attributes = attributes or {"name": name}
    id = f"{realm}{name}"
    chain = [ref, CARD_DEF] if ref == PERSON else [ref, PERSON, CARD_DEF]
    resource = {
        "type": "card",
        "id": id,
        "attributes": attributes,
        "relationships": {key: {"links": {"self": link}} for key, link in (links or {}).items()},
        "meta": {"adoptsFrom": ref},
    }
    return NewEntry(
        url=f"{id}.json",
        type="instance",
        pristine_doc=resource,
        search_doc={**attributes, "id": id, "_title": name},
        types=[type_key(one) for one in chain],
        display_names=["Person", "Card"],
        last_modified=1_700_000_000,
        resource_created_at=1_600_000_000,
        **more,
    )


def broken(name: str, detail: str) -> NewEntry:
    """A card that never rendered."""
    error = {"status": "500", "title": "Card Does Not Render", "detail": detail}
    return NewEntry(url=f"{PEOPLE}{name}.json", type="instance", error=error)


@pytest.fixture
async def world(tmp_path: Path, db: Database) -> World:
    realms: list[Realm] = []
    for url in (PEOPLE, OTHERS):
        name = url.split("/")[-2]
        (tmp_path / name).mkdir()
        realms.append(Realm(url, tmp_path / name, name))
    world = World(db, realms)
    await world.define(DESCRIBED)
    return world


@pytest.fixture
async def other() -> AsyncGenerator[OtherServer, None]:
    async with other_server() as other:
        yield other
