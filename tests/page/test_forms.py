"""The form of a card: what is typed stays, and whoever works with the keyboard keeps their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from conftest import OpenPage, People

BOOK = """
import { CardDef, Component, FieldDef, contains, containsMany, field, linksTo } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import NumberField from '@cardstack/base/number';
import DateField from '@cardstack/base/date';
import BigIntegerField from '@cardstack/base/big-integer';
import { Person } from './person';

export class Place extends FieldDef {
  @field street = contains(StringField);
  @field city = contains(StringField);
  static embedded = class Embedded extends Component<typeof Place> {
    <template><p class='place'>(<@fields.street />, <@fields.city />)</p></template>
  };
}
export class Book extends CardDef {
  static displayName = 'Book';
  @field name = contains(StringField);
  @field sold = contains(BigIntegerField);
  @field pages = contains(NumberField);
  @field day = contains(DateField);
  @field place = contains(Place);
  @field years = containsMany(NumberField);
  @field author = linksTo(() => Person);
  @field sequel = linksTo(() => Book);
  @field cardTitle = contains(StringField, {
    computeVia: function (this: Book) { return this.name; },
  });
}
"""
ATTRIBUTES: dict[str, Any] = {
    "name": "Emma",
    "sold": "12",
    "pages": 474,
    "day": "1815-12-23",
    "place": {"street": "Elm Street", "city": "Oslo"},
    "years": [1815, 1816],
}


class Books:
    def __init__(self, people: People, open_page: OpenPage) -> None:
        self._people = people
        self._open_page = open_page

    def open(self, name: str, show: str = "edit") -> Page:
        """Write a book, and open its form."""
        (self._people.folder / "Book").mkdir(exist_ok=True)
        document = {
            "data": {
                "type": "card",
                "attributes": ATTRIBUTES,
                "relationships": {
                    "author": {"links": {"self": "../Person/ann"}},
                    "sequel": {"links": {"self": f"./{name}"}},
                },
                "meta": {"adoptsFrom": {"module": "../book", "name": "Book"}},
            }
        }
        self.path(name).write_text(json.dumps(document, indent=2))
        page = self._open_page(f"{self._people.url}Book/{name}?show={show}")
        page.locator("[data-realmkit-live]").wait_for(state="attached")
        return page

    def path(self, name: str) -> Path:
        return self._people.folder / f"Book/{name}.json"

    def stored(self, name: str) -> dict[str, Any]:
        return json.loads(self.path(name).read_text())["data"]["attributes"]


@pytest.fixture(scope="module")
def book(people: People) -> Path:
    module = people.folder / "book.gts"
    module.write_text(BOOK)
    return module


@pytest.fixture
def books(people: People, open_page: OpenPage, book: Path) -> Books:
    return Books(people, open_page)


def box(page: Page, field: str) -> Locator:
    return page.locator(f"[data-realmkit-sheet=edit] [data-field={field}]").first


def typed(page: Page, field: str) -> Locator:
    return box(page, field).locator("input").first


def height(element: Locator) -> float:
    bounds = element.bounding_box()
    assert bounds is not None
    return bounds["height"]


def expect_saved(page: Page) -> None:
    expect(page.locator("[data-realmkit-saving]")).to_have_text("Saved")


def test_what_stands_beside_a_field_stands_right_beside_it(books: Books):
    page = books.open("sentence", "view")
    expect(page.locator("[data-realmkit-live] .place")).to_have_text("(Elm Street, Oslo)")
    years = page.locator("[data-realmkit-live] [data-plural-field=years] .item").first
    assert years.text_content() == "1815"


def test_a_linked_card_fills_its_place_in_a_card_without_a_template(books: Books):
    page = books.open("linked", "view")
    tile = page.locator("[data-realmkit-live] dd > [data-card-id$='Book/linked']")
    # Its own template asks for the height that it has: in a strip there is room beside a picture.
    expect(tile.locator(".fit")).to_have_css("height", "72px")
    expect(tile.locator(".kind")).to_be_visible()


def test_text_that_is_not_stored_stays_while_something_else_is_saved(books: Books):
    page = books.open("kept")
    typed(page, "sold").fill("12x")
    typed(page, "name").fill("Persuasion")
    expect_saved(page)
    expect(typed(page, "sold")).to_have_value("12x")
    assert books.stored("kept")["sold"] == "12"


@pytest.mark.parametrize(("field", "keys"), [("day", ["Backspace"]), ("pages", ["End", "e"])])
def test_half_a_date_or_number_takes_nothing_away(books: Books, field: str, keys: list[str]):
    page = books.open(f"half-{field}")
    typed(page, field).focus()
    for key in keys:
        page.keyboard.press(key)
    assert typed(page, field).evaluate("input => input.validity.badInput")
    typed(page, "name").fill("Persuasion")
    expect_saved(page)
    assert typed(page, field).evaluate("input => input.validity.badInput")
    assert books.stored(f"half-{field}")[field] == ATTRIBUTES[field]


def test_a_date_that_is_taken_away_part_by_part_is_gone(books: Books):
    page = books.open("dateless")
    typed(page, "day").focus()
    for _ in range(3):
        page.keyboard.press("Backspace")
        page.keyboard.press("ArrowRight")
    assert not typed(page, "day").evaluate("input => input.validity.badInput")
    typed(page, "name").focus()
    expect_saved(page)
    assert books.stored("dateless")["day"] is None


def test_the_keyboard_keeps_its_place_in_a_list(books: Books):
    page = books.open("listed")
    years = box(page, "years")
    years.get_by_role("button", name="Add").press("Enter")
    expect(years.locator("input").nth(2)).to_be_focused()
    for _ in range(3):
        years.get_by_role("button", name="Remove").last.press("Enter")
    expect(years.get_by_role("button", name="Add")).to_be_focused()
    author = box(page, "author")
    author.get_by_role("button", name="Remove").press("Enter")
    expect(author.get_by_role("button", name="Link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("searchbox", name="Search by title")).to_be_focused()
    page.keyboard.type("bob")
    page.get_by_role("button", name="Bob Birch").press("Enter")
    expect(author.get_by_role("button", name="Change")).to_be_focused()


def test_a_long_title_takes_two_lines_of_the_form_and_one_of_the_bar(books: Books):
    page = books.open("long")
    bar = height(page.locator(".rk-bar"))
    typed(page, "name").fill("Emma " * 500)
    expect_saved(page)
    expect(page.locator(".rk-trail-step").last).to_contain_text("Emma Emma")
    assert height(page.locator(".rk-bar")) == bar
    assert height(page.locator("[data-realmkit-sheet=edit] h1")) < 80


def test_a_form_that_could_not_be_shown_is_shown_once_its_definition_is_mended(
    books: Books, book: Path
):
    page = books.open("mended")
    expect(typed(page, "name")).to_have_value("Emma")
    try:
        book.write_text(BOOK.replace("CardDef {", "CardDef {{"))
        sheet = page.locator("[data-realmkit-sheet=edit]")
        expect(sheet).to_contain_text("This card cannot be shown this way yet.")
    finally:
        book.write_text(BOOK)
    expect(typed(page, "name")).to_have_value("Emma")
    typed(page, "name").fill("Persuasion")
    expect_saved(page)


def test_what_is_typed_into_a_deleted_card_is_kept_and_saved_when_it_is_there_again(books: Books):
    page = books.open("lost")
    content = books.path("lost").read_text()
    expect(typed(page, "name")).to_have_value("Emma")
    books.path("lost").unlink()
    expect(page.locator("[data-realmkit-problem]")).to_contain_text("This card was deleted")
    typed(page, "name").fill("Persuasion")
    expect(page.locator("[data-realmkit-saving]")).to_contain_text("Could not save")
    expect(typed(page, "name")).to_have_value("Persuasion")

    books.path("lost").write_text(content)
    expect(page.locator("[data-realmkit-problem]")).to_have_count(0)
    expect_saved(page)
    assert books.stored("lost")["name"] == "Persuasion"
    books.path("lost").write_text(content)
    expect(typed(page, "name")).to_have_value("Emma")


def test_a_question_stays_in_sight_while_one_types_further_down(books: Books):
    page = books.open("scrolled")
    expect(typed(page, "name")).to_have_value("Emma")
    page.set_viewport_size({"width": 900, "height": 300})
    page.route("**/Book/scrolled", lambda route: route.abort())
    typed(page, "pages").fill("475")
    notice = page.locator("[data-realmkit-conflict] [role=alert]")
    expect(notice).to_contain_text("The server cannot be reached. It is tried again.")
    page.mouse.wheel(0, 400)
    expect(notice).to_be_in_viewport(ratio=1)
    page.unroute("**/Book/scrolled")
    typed(page, "pages").fill("476")
    expect_saved(page)
