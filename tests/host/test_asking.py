"""Who asks: the headers of what a page asks of a realm, by the one flag."""

import pytest
from playwright.async_api import Page, Request
from starlette.responses import Response

from ..support.other_server import other_server
from .cards import PERSON
from .conftest import Visit
from .served_realms import Asked, ServedRealms

pytestmark = pytest.mark.anyio

SEARCH = """async (globals) => {
  Object.assign(globalThis, globals);
  await fetch('/town/_search', { method: 'QUERY', body: '{}' });
}"""


def stamped(asked: Asked) -> dict[str, str]:
    """The headers that say who asks, without their prefix."""
    return {
        name.removeprefix("x-boxel-"): value
        for name, value in asked.headers.items()
        if name.startswith("x-boxel-")
    }


@pytest.fixture(autouse=True)
def ann(realms: ServedRealms) -> str:
    realms.files["town/person.gts"] = PERSON
    realms.card("town/ann", "./person", "Person", firstName="Ann")
    return f"{realms.origin}/town/ann"


async def test_a_search_says_which_job_asks_and_for_which_realm(
    page: Page, realms: ServedRealms
) -> None:
    globals = {
        "__boxelConsumingRealm": f"{realms.origin}/town/",
        "__boxelJobId": "7.1",
        "__boxelJobPriority": 3,
    }
    await page.evaluate(SEARCH, globals)
    await page.evaluate(SEARCH, {"__boxelConsumingRealm": f"{realms.origin}/other/"})

    first, second = (stamped(asked) for asked in realms.asked_for("_search"))
    ids = [each.pop("logging-correlation-id") for each in (first, second)]
    assert ids[0] != ids[1]
    assert first == {
        "during-prerender": "1",
        "consuming-realm": f"{realms.origin}/town/",
        "job-id": "7.1",
        "job-priority": "3",
    }
    assert second["consuming-realm"] == f"{realms.origin}/other/"


@pytest.mark.parametrize("flag", ["true", 1, None])
async def test_nothing_but_true_is_the_flag(page: Page, realms: ServedRealms, flag: object) -> None:
    await page.evaluate(SEARCH, {"__boxelRenderContext": flag})

    [asked] = realms.asked_for("_search")
    assert stamped(asked) == {"job-priority": "10"}


@pytest.mark.parametrize(
    ("is_rendering", "given", "priority"),
    [
        (True, None, "0"),
        (True, 4, "4"),
        (True, -1, "0"),
        (True, 1.5, "0"),
        (True, "9", "0"),
        (False, None, "10"),
        (False, 0, "0"),
        (False, 2.5, "10"),
    ],
)
async def test_a_priority_is_a_whole_number_or_what_the_page_deserves(
    page: Page, realms: ServedRealms, is_rendering: bool, given: object, priority: str
) -> None:
    globals = {"__boxelRenderContext": is_rendering, "__boxelJobPriority": given}
    await page.evaluate(SEARCH, globals)

    [asked] = realms.asked_for("_search")
    assert stamped(asked)["job-priority"] == priority


async def test_cards_modules_and_manifests_are_told_nothing(
    visit: Visit, page: Page, realms: ServedRealms, ann: str
) -> None:
    await visit("town/ann", jobId="7.1")
    await page.evaluate("async (id) => { await fetch(id); }", ann)

    assert len(realms.asked) > 3
    assert [asked.path for asked in realms.asked if stamped(asked)] == []


async def test_other_servers_icons_and_sources_are_told_nothing(
    visit: Visit, page: Page, realms: ServedRealms, ann: str
) -> None:
    told: list[str] = []

    def note(request: Request) -> None:
        if any(name.startswith("x-boxel") for name in request.headers):
            told.append(request.url)

    page.on("request", note)
    icon = "import Pin from '@cardstack/boxel-icons/map-pin';\n"
    named = "displayName = 'Person';"
    assert named in PERSON
    pinned = PERSON.replace(named, f"{named}\n  static icon = Pin;", 1)
    realms.files["town/person.gts"] = icon + pinned
    [made] = await visit("town/ann", jobId="7.1")
    source = (
        "async id => { await fetch(id, { headers: { Accept: 'application/vnd.card+source' } }); }"
    )
    await page.evaluate(source, ann)
    async with other_server() as far:
        for path in ("/far/_search", "/far/_cards"):
            far.answers[path] = Response("{}")
            ask = "(url) => fetch(url).catch(() => undefined).then(() => null)"
            await page.evaluate(ask, far.url + path)

    assert "<svg" in made["iconHTML"]
    assert told == []
    # Asked without a preflight, as a header of ours would need one.
    assert far.asked == [("GET", "/far/_search"), ("GET", "/far/_cards")]
    assert not any(name.startswith("x-boxel") for each in far.headers for name in each)


async def test_rendered_html_is_asked_for_like_a_search(
    page: Page, realms: ServedRealms, ann: str
) -> None:
    ask = "async (id) => { await fetch(id, { headers: { Accept: 'application/vnd.card+html' } }); }"
    await page.evaluate(ask, ann)

    assert stamped(realms.asked_for("town/ann")[0])["during-prerender"] == "1"


async def test_a_live_page_asks_with_the_priority_of_people(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate("async (id) => { await store.load(id); }", ann)

    [asked] = realms.asked_for("_cards")
    assert stamped(asked) == {"job-priority": "10"}


async def test_nothing_of_a_job_is_left_in_the_next_visit(
    visit: Visit, page: Page, realms: ServedRealms
) -> None:
    look = "() => [__boxelConsumingRealm, __boxelJobId, __boxelJobPriority]"
    realms.files["other/empty.gts"] = "export const nothing = 0;"
    module = {"modules": [f"{realms.origin}/other/empty"], "epoch": realms.epoch}

    await visit("town/ann", jobId="7.1", jobPriority=10)
    assert await page.evaluate(look) == [f"{realms.origin}/town/", "7.1", 10]
    await page.evaluate("(request) => __realmkit.describe(request)", module)
    assert await page.evaluate(look) == [f"{realms.origin}/other/", None, None]


async def test_the_flag_outlives_the_visits_of_a_pooled_page(
    visit: Visit, page: Page, realms: ServedRealms
) -> None:
    look = """() => {
      const { prerenderVisit, prerenderStatus } = document.documentElement.dataset;
      return [prerenderVisit, prerenderStatus, globalThis.__boxelRenderContext];
    }"""
    for _ in range(2):
        await visit("town/ann")
        assert await page.evaluate(look) == ["render", "ready", True]
    # A page that lost it, as a page booted by hand may, has it again from its next visit on.
    await page.evaluate("() => { delete globalThis.__boxelRenderContext; }")
    module = {"modules": [f"{realms.origin}/town/nowhere"], "epoch": realms.epoch}
    await page.evaluate("(request) => __realmkit.describe(request)", module)
    assert await page.evaluate(look) == ["module", "error", True]
