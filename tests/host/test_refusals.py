"""What a page does when a server does not answer as it should: waits, or says so at once."""

from typing import Any

import pytest
from playwright.async_api import Page

from .cards import PERSON
from .conftest import Visit
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def people(realms: ServedRealms) -> None:
    realms.files["town/name.ts"] = "export const name = 'Ann';"
    realms.files["town/clerk.ts"] = "export { name } from './name';"
    realms.imports["town/clerk"] = [f"{realms.origin}/town/name"]
    realms.files["town/person.gts"] = PERSON
    realms.card("town/ann", "./person", "Person", firstName="Ann", links={"boss": "./bob"})
    realms.card("town/bob", "./person", "Person", firstName="Bob")


async def describe(page: Page, realms: ServedRealms, module: str) -> Any:
    request = {"modules": [f"{realms.origin}/{module}"], "epoch": realms.epoch}
    [described] = await page.evaluate("(request) => __realmkit.describe(request)", request)
    return described


def times_asked(realms: ServedRealms, module: str) -> int:
    return len(realms.asked_for(f"/{module}")) + len(realms.asked_for(f"/{module}.ts"))


@pytest.mark.parametrize("busy", ["town/clerk", "town/name"])
async def test_a_module_is_asked_for_again_while_the_server_is_busy(
    page: Page, realms: ServedRealms, busy: str
) -> None:
    # Each try asks twice: the import, and whoever looks why it failed.
    realms.refusals[busy] = [503, 503, 502]

    described = await describe(page, realms, "town/clerk")

    assert (described["error"], described["exports"]) == (None, ["name"])
    assert times_asked(realms, busy) == 5


async def test_a_module_that_fails_is_said_to_at_once(page: Page, realms: ServedRealms) -> None:
    realms.refusals["town/name"] = [500] * 9

    described = await describe(page, realms, "town/clerk")

    assert described["error"]["message"] == (
        f"The module {realms.origin}/town/clerk, or one it imports, could not be fetched: "
        f"{realms.origin}/town/name answered 500."
    )
    assert times_asked(realms, "town/name") == 2
    # The failure was that try's: what is mended is fetched.
    realms.refusals.clear()
    assert (await describe(page, realms, "town/clerk"))["error"] is None


async def test_a_module_that_is_not_there_spoils_no_other_spelling(
    page: Page, realms: ServedRealms
) -> None:
    errors = [
        (await describe(page, realms, f"town/{spelling}"))["error"]
        for spelling in ("Name", "name.gts/", "name", "name.ts", "./name")
    ]

    assert [error and error["status"] for error in errors] == [404, 404, None, None, None]


async def test_a_page_that_renders_does_not_try_to_authenticate(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.refusals["town/_cards"] = [401] * 9
    [ann] = await visit("town/ann")
    paths = {asked.path.partition("/")[2] for asked in realms.asked}

    assert ann["status"] == "ready"
    [broken] = ann["brokenLinks"]
    assert broken["field"] == "boss"
    assert len(realms.asked_for("_cards")) == 1
    assert {path for path in paths if not path.startswith("base/")} == {
        "town/_modules",
        "town/_cards",
        "town/person.gts",
    }
