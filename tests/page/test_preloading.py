"""A card's page names the modules of its definition, so that they come all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, Route

if TYPE_CHECKING:
    from conftest import People

LIVE = "[data-realmkit-live]"


def modules_asked_for(page: Page, url: str) -> list[str]:
    """The modules a page fetches until its card is alive, each as often as it is fetched."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.locator(LIVE).wait_for()
    return [each for each in asked if "?v=" in each or "/_host/m/" in each]


@pytest.fixture
def page(browser: Browser, indexed: None) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_each_module_is_fetched_once_and_early(people: People, page: Page):
    asked = modules_asked_for(page, f"{people.url}Person/ann")
    preloads = preloads_of(page)

    assert sorted(asked) == sorted(set(asked))
    assert any("/people/person?v=" in each for each in preloads)
    assert any("/base/string?v=" in each for each in preloads)
    assert set(preloads) <= set(asked)


def test_no_module_is_preloaded_for_nothing(people: People, page: Page, browser: Browser):
    url = f"{people.url}Person/ann"
    modules_asked_for(page, url)
    preloads = preloads_of(page)

    def without_preloads(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("modulepreload", "nothing"))

    # In a context of its own, whose cache is empty.
    context = browser.new_context()
    bare = context.new_page()
    bare.route(url, without_preloads)
    imported = modules_asked_for(bare, url)
    assert preloads_of(bare) == []
    context.close()

    assert set(preloads) <= set(imported)


def preloads_of(page: Page) -> list[str]:
    return page.eval_on_selector_all("link[rel=modulepreload]", "links => links.map(l => l.href)")
