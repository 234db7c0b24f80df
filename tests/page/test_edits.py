"""Edits meet other edits: what was typed is saved or asked about, and nothing else is written.

The page's store is used as card code uses it, against the real server. Where an order
matters, the answer in question is held back until the other thing has happened.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page
from tests.support.comes_true import comes_true
from tests.support.held_answers import HOLD

from realmkit.config import static_dir

if TYPE_CHECKING:
    from conftest import People

HOUSE = """
import { CardDef, FieldDef, contains, containsMany, field, linksTo, primitive } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import { Person } from './person';

export class Visit extends FieldDef {
  @field reason = contains(StringField);
  @field host = linksTo(() => Person);
}
export class Address extends FieldDef {
  @field street = contains(StringField);
  @field city = contains(StringField);
  @field keeper = linksTo(() => Person);
}
export class Pet extends FieldDef {
  @field name = contains(StringField);
}
export class Dog extends Pet {
  @field breed = contains(StringField);
}
export class Settings extends FieldDef {
  static [primitive]: object;
}
export class House extends CardDef {
  static displayName = 'House';
  @field name = contains(StringField);
  @field colour = contains(StringField);
  @field address = contains(Address);
  @field pet = contains(Pet);
  @field pets = containsMany(Pet);
  @field settings = contains(Settings);
  @field visits = containsMany(Visit);
}
"""

LOAD = "async (id) => { globalThis.card = await store.load(id); }"
FLUSH = "() => store.flush()"
STATE = "() => store.saveState(card.id).status"
SAID = """kind => new Promise((done) => {
  const stop = store.subscribe((event) => event.kind === kind && (stop(), done()));
})"""


class Houses:
    """Houses by name, on disk and in the page's store."""

    def __init__(self, people: People, page: Page) -> None:
        self.page = page
        self._people = people

    def load(
        self,
        name: str,
        attributes: dict[str, Any],
        links: dict[str, str] | None = None,
        fields: dict[str, Any] | None = None,
    ) -> str:
        """Write a house, and load it as `card`."""
        self.write(name, attributes, links, fields)
        id = f"{self._people.url}House/{name}"
        self.page.evaluate(LOAD, id)
        return id

    def write(
        self,
        name: str,
        attributes: dict[str, Any],
        links: dict[str, str] | None = None,
        fields: dict[str, Any] | None = None,
    ) -> None:
        meta: dict[str, Any] = {"adoptsFrom": {"module": "../house", "name": "House"}}
        if fields:
            meta["fields"] = fields
        data: dict[str, Any] = {
            "type": "card",
            "attributes": attributes,
            "relationships": {key: {"links": {"self": to}} for key, to in (links or {}).items()},
            "meta": meta,
        }
        path = self._people.folder / f"House/{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"data": data}, indent=2))

    def stored(self, name: str) -> dict[str, Any]:
        """The resource in the house's file."""
        return json.loads((self._people.folder / f"House/{name}.json").read_text())["data"]

    def saved(self, edit: str, name: str) -> dict[str, Any]:
        """The stored house after an edit in the page."""
        self.page.evaluate(edit)
        self.page.evaluate(FLUSH)
        assert self.page.evaluate(STATE) == "saved"
        return self.stored(name)

    @contextmanager
    def changed(self) -> Generator[None]:
        """Within it somebody changes cards; at its end the page has heard of it."""
        self.page.evaluate(f"() => {{ globalThis.heard = ({SAID})('indexed'); }}")
        yield
        self.page.evaluate("() => heard")

    def value(self, expression: str) -> Any:
        return self.page.evaluate(expression)


@pytest.fixture(scope="module")
def store_page(browser: Browser, people: People, indexed: None) -> Iterator[Page]:
    """A page that follows the realm and has its store as `store`."""
    (people.folder / "house.gts").write_text(HOUSE)
    live = json.loads((static_dir() / "host/manifest.json").read_text())["live"]
    page = browser.new_page()
    page.goto(f"{people.url}Person/bob")
    page.locator("[data-realmkit-live]").wait_for()
    page.evaluate(
        "async live => { globalThis.store = (await import(live)).liveStore(); }", f"/_host/{live}"
    )
    page.evaluate(HOLD)
    yield page
    page.close()


@pytest.fixture
def houses(people: People, store_page: Page) -> Houses:
    return Houses(people, store_page)


DOG = {"adoptsFrom": {"module": "../house", "name": "Dog"}}


def test_an_element_that_is_removed_takes_its_links_along(houses: Houses):
    visits = [{"reason": "tea"}, {"reason": "coal"}]
    houses.load("visited", {"visits": visits}, {"visits.0.host": "../Person/ann"})

    stored = houses.saved("() => { card.visits.splice(0, 1); }", "visited")

    assert stored["attributes"]["visits"] == [{"reason": "coal"}]
    assert "visits.0.host" not in stored.get("relationships", {})
    assert houses.value("card.visits[0].host") is None


def test_a_value_that_is_replaced_leaves_nothing_of_the_old_one(houses: Houses):
    address = {"street": "Elm Street", "city": "Oslo"}
    houses.load("moved", {"address": address}, {"address.keeper": "../Person/ann"})

    edit = "() => { card.address = new card.address.constructor({ city: 'Bergen' }); }"
    stored = houses.saved(edit, "moved")

    assert stored["attributes"]["address"] == {"city": "Bergen"}
    assert "address.keeper" not in stored.get("relationships", {})


def test_what_no_field_reads_stays_in_a_value_that_is_edited(houses: Houses):
    address = {"city": "Oslo", "planet": "Earth"}
    links = {"address.keeper": "../Person/ann", "address.ghost": "../Person/bob"}
    houses.load("old", {"address": address, "ruin": 1}, links)

    stored = houses.saved("() => { card.address.city = 'Bergen'; }", "old")

    assert stored["attributes"] == {"address": {"city": "Bergen", "planet": "Earth"}, "ruin": 1}
    assert set(stored["relationships"]) == set(links)


def test_a_key_that_is_removed_from_plain_json_is_gone(houses: Houses):
    houses.load("set", {"settings": {"heat": 20, "light": {"hall": True}}})

    stored = houses.saved("() => { card.settings = { light: {} }; }", "set")

    assert stored["attributes"]["settings"] == {"light": {}}


def test_a_value_of_the_declared_class_takes_the_place_of_a_subclass(houses: Houses):
    dog = {"name": "Rex", "breed": "Pug"}
    houses.load(
        "kept", {"pet": dog, "pets": [dog, {"name": "Tom"}]}, fields={"pet": DOG, "pets": [DOG, {}]}
    )
    edit = """() => {
      const Pet = Object.getPrototypeOf(card.pet.constructor);
      card.pet = new Pet({ name: 'Tom' });
      card.pets.shift();
    }"""

    stored = houses.saved(edit, "kept")

    assert stored["attributes"] == {"pet": {"name": "Tom"}, "pets": [{"name": "Tom"}]}
    assert "fields" not in stored["meta"]


def test_what_is_typed_while_a_card_is_read_again_is_kept_and_saved(houses: Houses):
    houses.load("busy", {"name": "Old", "colour": "red"})
    houses.value("() => { globalThis.held = hold('QUERY', '_cards'); }")
    with houses.changed():
        houses.write("busy", {"name": "Old", "colour": "blue"})
        houses.value("() => held.reached")
        houses.value("() => { card.name = 'Mine'; held.release(); }")

    # The announcement that was heard may have been that of the first version.
    houses.value(comes_true("() => card.colour === 'blue'"))
    assert houses.value("card.name") == "Mine"
    houses.value(FLUSH)
    assert houses.stored("busy")["attributes"] == {"name": "Mine", "colour": "blue"}


def test_what_is_typed_while_a_saved_card_is_read_again_is_kept_too(houses: Houses):
    id = houses.load("calm", {"name": "Old", "colour": "red"})
    houses.saved("() => { card.colour = 'green'; }", "calm")
    houses.page.evaluate("id => { globalThis.held = hold('GET', id); }", id)
    with houses.changed():
        houses.write("calm", {"name": "Theirs", "colour": "green"})
        houses.value("() => held.reached")
        houses.value("() => { card.name = 'Mine'; held.release(); }")

    assert houses.value("card.name") == "Mine"
    houses.value(FLUSH)
    assert houses.value(STATE) == "conflict"
    assert houses.stored("calm")["attributes"]["name"] == "Theirs"
    houses.value("() => store.takeTheirs(card.id)")


def test_what_others_changed_is_shown_after_a_save_also_when_one_types_on(houses: Houses):
    houses.load("shared", {"name": "Old", "colour": "red"})
    houses.write("shared", {"name": "Old", "colour": "blue", "settings": {"heat": 20}})
    houses.value("() => { globalThis.held = hold('PATCH', 'House/shared'); card.name = 'Mine'; }")
    houses.value("() => { globalThis.saving = store.flush(); return held.reached; }")
    houses.value("() => { card.address.city = 'Oslo'; held.release(); return saving; }")

    assert houses.value("[card.name, card.colour, card.settings, card.address.city]") == [
        "Mine",
        "blue",
        {"heat": 20},
        "Oslo",
    ]
    stored = houses.saved("() => {}", "shared")["attributes"]
    assert (stored["name"], stored["address"]) == ("Mine", {"city": "Oslo"})


def test_an_edit_begun_while_queries_are_answered_is_compared_with_what_was_shown(houses: Houses):
    houses.load("asked", {"name": "Old", "colour": "red"})
    # The documents of the page are out of date for as long as the answer is not here.
    houses.value("() => { globalThis.held = hold('QUERY', '_cards'); }")
    houses.value("() => { store.documents.fresh([card.id]); return held.reached; }")
    houses.write("asked", {"name": "Theirs", "colour": "red"})
    houses.value("() => { card.name = 'Mine'; held.release(); }")
    houses.value(FLUSH)

    assert houses.value(STATE) == "conflict"
    assert houses.stored("asked")["attributes"]["name"] == "Theirs"
    houses.value("() => store.keepMine(card.id)")
    assert houses.stored("asked")["attributes"]["name"] == "Mine"


def test_keeping_mine_shows_what_else_they_changed(houses: Houses):
    houses.load("torn", {"name": "Old"})
    houses.write("torn", {"name": "Theirs", "colour": "blue"})
    houses.value("() => { card.name = 'Mine'; }")
    houses.value(FLUSH)
    assert houses.value(STATE) == "conflict"

    houses.value("() => store.keepMine(card.id)")

    assert houses.value("[card.name, card.colour]") == ["Mine", "blue"]
    assert houses.stored("torn")["attributes"] == {"name": "Mine", "colour": "blue"}


def test_a_changed_definition_waits_for_an_edit_that_is_in_conflict(houses: Houses, people: People):
    id = houses.load("argued", {"name": "Old"})
    houses.write("argued", {"name": "Theirs"})
    houses.value("() => { card.name = 'Mine'; }")
    houses.value(FLUSH)
    assert houses.value(STATE) == "conflict"

    module = people.folder / "house.gts"
    with houses.changed():
        module.write_text(HOUSE.replace("colour", "paint"))
    assert houses.page.evaluate("id => store.peek(id) === card && card.name", id) == "Mine"
    assert houses.value(STATE) == "conflict"

    houses.value(f"() => {{ globalThis.renewed = ({SAID})('definitions-changed'); }}")
    houses.value("() => store.keepMine(card.id)")
    houses.value("() => renewed")
    assert houses.stored("argued")["attributes"]["name"] == "Mine"
    houses.page.evaluate(LOAD, id)
    assert houses.value("'paint' in card && card.name") == "Mine"
