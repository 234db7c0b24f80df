"""Finding cards: the home page, a realm's tiles, search, types, paging, keyboard, phone."""

from __future__ import annotations

import re
import urllib.request
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Page, Route, expect
from tests.page.conftest import serving

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import OpenPage, People

PHONE = {"viewport": {"width": 390, "height": 844}}


def titles(page: Page) -> list[str]:
    return page.locator("[data-realmkit-tile] .rk-tile-link").all_inner_texts()


def read(url: str) -> str:
    request = urllib.request.Request(url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request) as response:
        return response.read().decode()


def test_the_home_page_leads_to_a_realm(people: People, open_page: OpenPage):
    page = open_page(people.home)
    expect(page.locator("[data-realmkit-realm] [data-realmkit-tile]").first).to_be_visible()
    page.get_by_role("link", name="people", exact=True).click()
    expect(page).to_have_url(people.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_tiles_are_in_the_first_response_with_their_styles(people: People, open_page: OpenPage):
    open_page(people.url)
    html = read(f"{people.url}?q=Ann+Arbour")
    assert re.search(r"fitted-name[^>]*>Ann Arbour", html)
    assert "/_styles/" in read(f"{people.url}Person/ann")


def test_searching_as_one_types_narrows_the_tiles_and_the_address(
    people: People, open_page: OpenPage
):
    page = open_page(people.url)
    page.get_by_role("searchbox").press_sequentially("birch")
    expect(page.locator("[data-realmkit-tile]")).to_have_count(1)
    expect(page.locator("[data-realmkit-count]")).to_contain_text("1 card with “birch”")
    expect(page).to_have_url(f"{people.url}?q=birch")
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("birch")
    expect(page.locator("[data-realmkit-tile]")).to_have_count(1)


def test_an_answer_that_comes_late_is_never_shown(people: People, open_page: OpenPage):
    page = open_page(people.url)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/_search", hold_the_first)
    box = page.get_by_role("searchbox")
    with page.expect_request("**/_search"):
        box.fill("quay")
    box.fill("birch")
    expect(page.locator("[data-realmkit-tile]")).to_have_count(1)
    held[0].abort()
    expect(page.locator("[data-realmkit-count]")).to_contain_text("birch")


def test_a_search_without_results_says_so(people: People, open_page: OpenPage):
    page = open_page(people.url)
    page.get_by_role("searchbox").fill("zzzz")
    expect(page.get_by_text("No card matches.")).to_be_visible()


def test_a_search_that_failed_is_no_search_without_results(people: People, open_page: OpenPage):
    page = open_page(people.url)
    page.get_by_role("searchbox").fill("nobody is called so")
    expect(page.get_by_text("No card matches.")).to_be_visible()
    page.route("**/_search", lambda route: route.abort())
    page.get_by_role("searchbox").fill("Bob")
    expect(page.locator("[data-realmkit-count]")).to_have_text("The search for “Bob” failed.")
    expect(page.get_by_text("No card matches.")).to_be_hidden()

    page.unroute("**/_search")
    page.keyboard.press("Enter")
    expect(page.locator("[data-realmkit-count]")).to_have_text("1 card with “Bob”")


def test_what_is_not_indexed_yet_is_not_said_to_match_nothing(browser: Browser, tmp_path: Path):
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "slow.gts").write_text("await new Promise(() => {});\nexport const none = 0;\n")
    with serving(folder, tmp_path / "state") as home:
        page = browser.new_page()
        page.goto(f"{home}slow/?q=bob")
        expect(page.get_by_text("No card matches yet.")).to_be_visible()
        page.get_by_role("searchbox").fill("")
        expect(page.get_by_text("The first cards are being rendered.")).to_be_visible()
        page.get_by_role("searchbox").fill("ann")
        expect(page.get_by_text("No card matches yet.")).to_be_visible()
        page.close()


def test_a_type_filters_the_tiles_and_back_undoes_it(people: People, open_page: OpenPage):
    page = open_page(people.url)
    page.locator("[data-realmkit-type]", has_text="Place").click()
    expect(page.locator("[data-realmkit-count]")).to_contain_text("61 cards")
    expect(page.locator("[data-realmkit-type][aria-current]")).to_contain_text("Place")
    page.go_back()
    expect(page.locator("[data-realmkit-type][aria-current]")).to_contain_text("All")


def test_more_tiles_come_as_one_scrolls(people: People, open_page: OpenPage):
    page = open_page(f"{people.url}?q=quay")
    expect(page.locator("[data-realmkit-tile]")).to_have_count(48)
    page.mouse.wheel(0, 100_000)
    expect(page.locator("[data-realmkit-tile]")).to_have_count(60)
    assert len(set(titles(page))) == 60


def test_slash_searches_escape_clears_and_arrows_walk_the_tiles(
    people: People, open_page: OpenPage
):
    page = open_page(people.url)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("quay")
    expect(page.locator("[data-realmkit-count]")).to_contain_text("quay")
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator("[data-realmkit-count]")).to_be_empty()
    links = page.locator(".rk-tile-link")
    links.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(links.nth(0)).to_be_focused()


def test_nothing_is_wider_than_a_phone(people: People, open_page: OpenPage):
    for url in (people.home, people.url, f"{people.url}Person/ann", f"{people.url}nowhere"):
        page = open_page(url, **PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, url


def test_searching_and_paging_work_without_javascript(people: People, open_page: OpenPage):
    page = open_page(people.url, java_script_enabled=False)
    page.get_by_role("searchbox").fill("quay")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("[data-realmkit-tile]")).to_have_count(48)
    page.get_by_role("link", name="More cards").click()
    expect(page.locator("[data-realmkit-tile]")).to_have_count(12)


def test_a_tile_follows_its_file(people: People, open_page: OpenPage):
    page = open_page(f"{people.url}?q=Tilda")
    people.card("tilda", name="Tilda", town="Tromsø")
    tile = page.locator("[data-realmkit-tile]")
    expect(tile).to_contain_text("Tromsø")
    people.card("tilda", name="Tilda", town="Trondheim")
    expect(tile).to_contain_text("Trondheim")
    (people.folder / "Person/tilda.json").unlink()
    expect(tile).to_have_count(0)


def test_what_happens_before_the_stream_opens_is_not_missed(people: People, open_page: OpenPage):
    held: list[Route] = []
    late = open_page("about:blank", is_ours=False)
    late.route("**/_events*", lambda route: held.append(route))
    with late.expect_request("**/_events*"):
        late.goto(f"{people.url}?q=Early")
    people.card("early", name="Early", town="Elverum")
    expect(open_page(f"{people.url}?q=Early").locator("[data-realmkit-tile]")).to_have_count(1)
    held[0].continue_()
    expect(late.locator("[data-realmkit-tile]")).to_have_count(1)


def test_a_title_cannot_become_markup(people: People, open_page: OpenPage):
    title = "</script><script>document.title='hacked'</script><img src=x onerror=alert(1)>"
    id = people.card("mallory", name=title, town="Nowhere")
    page = open_page(f"{people.url}?q=hacked")
    expect(page.locator("[data-realmkit-tile]")).to_have_count(1)
    card = open_page(id)
    expect(card.locator("h1.name:visible")).to_have_text(title)
    assert "hacked" not in (page.title(), card.title())


def test_an_address_without_a_card_helps_onwards(people: People, open_page: OpenPage):
    page = open_page(f"{people.url}Person/an")
    expect(page.get_by_text("404", exact=True)).to_be_visible()
    page.get_by_role("link", name="Ann Arbour").click()
    expect(page).to_have_url(f"{people.url}Person/ann")


def test_a_realm_goes_by_the_name_it_gives_itself(people: People, open_page: OpenPage):
    (people.folder / "realm.json").write_text('{"name": "People of Norway"}')
    page = open_page(people.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("People of Norway")
    (people.folder / "realm.json").unlink()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("people")
