"""A card's page: reading, following links, editing, conflicts, live updates, errors.

For a moment a card that is rendered anew is there twice, the new one not to be seen yet:
hence `:visible`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

if TYPE_CHECKING:
    from conftest import OpenPage, People

LIVE = "[data-realmkit-live]"

FRAGILE = """
import { CardDef, Component, contains, field } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
export class Fragile extends CardDef {
  static displayName = 'Fragile';
  @field name = contains(StringField);
  static isolated = class Isolated extends Component<typeof Fragile> {
    <template><h1 class='fragile'>{{@model.name}}</h1></template>
  };
}
"""

CLUB = """
import { CardDef, field, linksToMany } from '@cardstack/base/card-api';
import { Person } from './person';
export class Club extends CardDef {
  static displayName = 'Club';
  @field members = linksToMany(() => Person);
}
"""


@pytest.fixture
def open_card(open_page: OpenPage) -> OpenPage:
    """Open a card and wait until it is alive."""

    def open_one(url: str) -> Page:
        page = open_page(url)
        page.locator(LIVE).wait_for()
        return page

    return open_one


def edit(page: Page, field: str, value: str) -> None:
    page.locator("[data-realmkit-mode=edit]").click()
    page.get_by_role("textbox", name=field).first.fill(value)


def test_a_card_reads_and_leads_on_without_javascript(people: People, open_page: OpenPage):
    page = open_page(f"{people.url}Person/ann", java_script_enabled=False)
    expect(page.locator("h1.name:visible")).to_have_text("Ann Arbour")
    expect(page.locator("h1.name:visible")).to_have_css("color", "rgb(1, 2, 3)")
    page.locator(".friend a[href]").first.click()
    expect(page.locator("h1.name:visible")).to_have_text("Bob Birch")


def test_a_card_comes_alive_without_a_change_to_be_seen(people: People, open_page: OpenPage):
    still = open_page(f"{people.url}Person/ann", java_script_enabled=False)
    page = open_page(f"{people.url}Person/ann")
    page.locator(LIVE).wait_for()
    expect(page.locator("h1.name")).to_have_count(1)
    before = still.locator("h1.name").bounding_box()
    assert page.locator("h1.name").bounding_box() == before


def test_links_are_followed_in_place_and_back_returns(people: People, open_card: OpenPage):
    page = open_card(f"{people.url}Person/ann")
    page.evaluate("window.sameDocument = true")
    page.locator(".friend a[href]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bob Birch")
    expect(page).to_have_url(f"{people.url}Person/bob")
    expect(page).to_have_title(re.compile("Bob Birch"))
    expect(page.get_by_role("main")).to_be_focused()
    # Told to who cannot see it, and not shown.
    announcer = page.locator("[data-realmkit-announcer]")
    expect(announcer).to_have_text(re.compile("Bob Birch"))
    expect(announcer).to_have_css("clip-path", "inset(50%)")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann Arbour")
    assert page.evaluate("window.sameDocument") is True


def test_a_page_that_cannot_be_had_leaves_the_address_as_it_is(people: People, open_card: OpenPage):
    page = open_card(f"{people.url}Person/ann")
    page.route("**/Person/bob", lambda route: route.abort())
    page.locator(f"{LIVE} .friend a[href$=bob]").click()
    told = "/people/Person/bob could not be opened: The server cannot be reached."
    expect(page.locator("[data-realmkit-announcer]")).to_have_text(told)
    expect(page).to_have_url(f"{people.url}Person/ann")
    expect(page.locator(f"{LIVE} h1.name")).to_have_text("Ann Arbour")

    page.unroute("**/Person/bob")
    page.locator(f"{LIVE} .friend a[href$=bob]").click()
    expect(page.locator("h1.name")).to_have_text("Bob Birch")


def test_typing_saves_into_the_file_and_the_view_follows(people: People, open_card: OpenPage):
    id = people.card("eve", name="Eve", town="Elverum")
    page = open_card(id)
    edit(page, "Town", "Eidsvoll")
    expect(page.locator("[data-realmkit-saving]")).to_have_text("Saved")
    assert people.attributes("eve")["town"] == "Eidsvoll"
    page.keyboard.press("Escape")
    expect(page.locator("p.town:visible")).to_have_text("Lives in Eidsvoll")


def test_a_list_of_links_fits_a_phone(people: People, open_page: OpenPage):
    club = people.folder / "club.gts"
    club.write_text(CLUB)
    path = people.folder / "Club" / "row.json"
    path.parent.mkdir()
    path.write_text(
        json.dumps(
            {
                "data": {
                    "type": "card",
                    "relationships": {"members.0": {"links": {"self": "../Person/ann"}}},
                    "meta": {"adoptsFrom": {"module": "../club", "name": "Club"}},
                }
            }
        )
    )
    page = open_page(f"{people.url}Club/row", viewport={"width": 390, "height": 800})
    page.locator(LIVE).wait_for()
    page.locator("[data-realmkit-mode=edit]").click()
    remove = page.get_by_role("button", name="Remove").bounding_box()
    sheet = page.locator("[data-realmkit-card]").bounding_box()
    assert remove
    assert sheet
    assert remove["x"] + remove["width"] <= sheet["x"] + sheet["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def conflicted(people: People, open_card: OpenPage, name: str) -> Page:
    """A page whose edit of the town meets another edit of the town."""
    page = open_card(people.card(name, name=name, town="Here"))
    page.route("**/Person/*", lambda route: route.abort() if is_write(route) else route.continue_())
    edit(page, "Town", "Mine")
    expect(page.locator("[data-realmkit-saving]")).to_contain_text("Could not save")
    people.card(name, name=name, town="Theirs")
    page.unroute("**/Person/*")
    page.get_by_role("textbox", name="Town").first.fill("Still mine")
    expect(page.get_by_text("Someone else changed this card")).to_be_visible()
    return page


def is_write(route: Route) -> bool:
    return route.request.method == "PATCH"


def test_a_conflict_can_be_settled_for_mine(people: People, open_card: OpenPage):
    page = conflicted(people, open_card, "kim")
    page.get_by_role("button", name="Keep mine").click()
    expect(page.locator("[data-realmkit-saving]")).to_have_text("Saved")
    assert people.attributes("kim")["town"] == "Still mine"


def test_a_conflict_can_be_settled_for_theirs(people: People, open_card: OpenPage):
    page = conflicted(people, open_card, "tom")
    page.get_by_role("button", name="Take theirs").click()
    expect(page.get_by_role("textbox", name="Town").first).to_have_value("Theirs")
    assert people.attributes("tom")["town"] == "Theirs"


def test_an_open_card_follows_its_file(people: People, open_card: OpenPage):
    id = people.card("liv", name="Liv", town="Larvik")
    page = open_card(id)
    page.evaluate("window.sameDocument = true")
    people.card("liv", name="Liv", town="Lillehammer")
    expect(page.locator("p.town:visible")).to_have_text("Lives in Lillehammer")
    assert page.evaluate("window.sameDocument") is True


def test_an_open_card_follows_its_definition(people: People, open_card: OpenPage):
    ship = FRAGILE.replace("Fragile", "Ship")
    (people.folder / "ship.gts").write_text(ship)
    people.write("Ship", "fram", {"name": "Fram"})
    page = open_card(f"{people.url}Ship/fram")
    page.evaluate("window.sameDocument = true")
    (people.folder / "ship.gts").write_text(ship.replace("{{@model", "Polar ship {{@model"))
    expect(page.locator("h1.fragile:visible")).to_have_text("Polar ship Fram")
    page.locator(LIVE).wait_for()
    assert page.evaluate("window.sameDocument") is True


def test_a_broken_definition_is_told_and_mended_in_place(people: People, open_card: OpenPage):
    fragile = people.folder / "fragile.gts"
    fragile.write_text(FRAGILE)
    people.write("Fragile", "vase", {"name": "Vase"})
    page = open_card(f"{people.url}Fragile/vase")
    realm = page.context.new_page()
    realm.goto(people.url)

    fragile.write_text(FRAGILE.replace("{{@model.name}}", "{{#if}"))
    notice = page.locator("[data-realmkit-problem]")
    expect(notice).to_contain_text("fragile.gts")
    expect(page.locator("h1.fragile:visible")).to_have_text("Vase")
    expect(realm.locator(".rk-problems")).to_contain_text("Fragile/vase")

    fragile.write_text(FRAGILE.replace("{{@model", "Whole {{@model"))
    expect(page.locator("h1.fragile:visible")).to_have_text("Whole Vase")
    expect(notice).to_have_count(0)
    expect(realm.locator(".rk-problems")).to_have_count(0)
    page.locator(LIVE).wait_for()


def test_a_cards_source_and_definition_can_be_read(people: People, open_card: OpenPage):
    page = open_card(f"{people.url}Person/ann")
    page.locator("[data-realmkit-mode=source]").click()
    expect(page.locator(".rk-code")).to_contain_text('"name": "Ann Arbour"')
    page.get_by_role("tab", name="person.gts").click()
    expect(page.locator(".rk-code")).to_contain_text("export class Person extends CardDef")
    expect(page.locator(".rk-code [data-token=keyword]").first).to_have_text("import")


def test_a_cards_other_formats_can_be_seen(people: People, open_card: OpenPage):
    page = open_card(f"{people.url}Person/bob")
    page.locator("[data-realmkit-mode=formats]").click()
    expect(page.locator(".rk-fit b.fitted-name")).to_have_count(4)


def test_a_card_is_made_filled_in_and_deleted(people: People, open_page: OpenPage):
    page = open_page(people.url)
    page.get_by_role("button", name="New card").click()
    page.get_by_role("dialog").get_by_role("button", name="Person").click()
    page.get_by_role("textbox", name="Name").first.fill("Nina New")
    expect(page.locator("[data-realmkit-saving]")).to_have_text("Saved")
    page.get_by_role("button", name="Delete this card").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(people.url)
    page.get_by_role("searchbox").fill("Nina New")
    expect(page.get_by_text("No card matches.")).to_be_visible()


def test_a_deleted_card_says_so_where_it_is_open(people: People, open_card: OpenPage):
    id = people.card("gus", name="Gus", town="Gol")
    page = open_card(id)
    (people.folder / "Person/gus.json").unlink()
    expect(page.locator("[data-realmkit-problem]")).to_contain_text("This card was deleted")
