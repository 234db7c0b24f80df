"""Many cards at once: from the index where it is current, from their files otherwise."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from realmkit.cards.definitions import Definition
from realmkit.files import FileStore
from realmkit.search import SearchEngine, Walk
from realmkit.search.many_cards import ALONE

from .conftest import PEOPLE, World, broken, person
from .dogs import DOG, define_dog, dog

pytestmark = pytest.mark.anyio

FILE = b"""{"data": {"type": "card", "attributes": {"name": "as stored"},
  "meta": {"adoptsFrom": {"module": "../person", "name": "Person"}}}}"""


async def put(world: World, *names: str, hash: str | None = None) -> FileStore:
    """Cards whose files hold `FILE`, indexed as of `hash`; by default the files' own."""
    store = next(store for realm, store in world.files.items() if realm.url == PEOPLE)
    for name in names:
        await store.write(f"{name}.json", FILE)
    hash = hash or (await store.read(f"{names[0]}.json")).content_hash
    await world.put(*(person(name, content_hash=hash) for name in names))
    return store


async def names(world: World, *ids: str) -> list[str]:
    answer = await world.engine.many_cards.documents([f"{PEOPLE}{id}" for id in ids])
    return [resource["attributes"]["name"] for resource in answer["data"]]


async def test_a_card_whose_file_was_indexed_comes_from_the_index(world: World) -> None:
    await put(world, "ann", "bob")

    assert await names(world, "bob", "ann") == ["bob", "ann"]


async def test_a_card_whose_file_has_changed_comes_as_stored(world: World) -> None:
    await put(world, "ann", hash=hashlib.sha256(b"before").hexdigest())

    assert await names(world, "ann") == ["as stored"]


async def test_while_a_module_waits_to_be_indexed_cards_come_as_stored(world: World) -> None:
    store = await put(world, "ann")
    await store.write("person.gts", b"export class Person {}")

    assert await names(world, "ann") == ["as stored"]


async def test_a_broken_card_comes_as_stored(world: World) -> None:
    await put(world, "ann")
    await world.put(broken("ann", "it threw"))

    assert await names(world, "ann") == ["as stored"]


async def test_query_backed_fields_name_what_they_find_and_nothing_is_expanded(
    world: World,
) -> None:
    await define_dog(world, others={"filter": {"eq": {"kind": "$this.kind"}}})
    store = await put(world, "rex", "max")
    hash = (await store.read("rex.json")).content_hash
    dogs = [replace(dog(name), content_hash=hash) for name in ("rex", "max")]
    await world.put(*dogs)

    [rex] = (await world.engine.many_cards.documents([f"{PEOPLE}rex"]))["data"]

    others = rex["relationships"]["others"]
    assert [found["id"] for found in others["data"]] == [f"{PEOPLE}max", f"{PEOPLE}rex"]
    assert others["links"]["search"]
    assert "others.0" not in rex["relationships"]


async def test_a_hundred_cards_cost_what_one_costs(world: World) -> None:
    many = [f"p{number}" for number in range(100)]
    await put(world, *many)
    before = world.db.statements
    await names(world, "p0")
    one = world.db.statements - before

    assert await names(world, *many) == many
    assert world.db.statements - before - one <= one
    before = world.db.statements
    await names(world, *many)
    # The cards, and a definition that nobody has described yet.
    assert world.db.statements - before == 2


class Refusing:
    """Definitions that only a page could tell."""

    async def definitions(self, type_keys: Iterable[str]) -> Mapping[str, Definition]:
        raise AssertionError(f"a page was asked for {list(type_keys)}")


async def test_what_renders_reads_kept_definitions_only(world: World) -> None:
    world.rebuild()
    world.engine = SearchEngine(
        world.db,
        Refusing(),
        world.files,
        world.extractor,
        public_url="http://h",
        kept_definitions=world.index,
    )
    await define_dog(world, others={"filter": {"eq": {"kind": "$this.kind"}}})
    store = await put(world, "rex")
    hash = (await store.read("rex.json")).content_hash
    await world.put(replace(dog("rex"), content_hash=hash))
    engine = world.engine

    [many] = (await engine.many_cards.documents([f"{PEOPLE}rex"]))["data"]
    one = (await world.document("rex", skip_query_backed_expansion=True))["data"]
    query = engine.parse({"filter": {"on": DOG, "eq": {"kind": "pug"}}})
    page = await engine.search([PEOPLE], query, walk=Walk(skip_query_backed_expansion=True))
    asked = await engine.lookups.document(PEOPLE, [f"{PEOPLE}rex"], [{}], ALONE)

    for resource in (many, one, *page.data, asked["data"][0]):
        assert resource["relationships"]["others"]["data"]
    with pytest.raises(AssertionError):
        await engine.search([PEOPLE], query)
