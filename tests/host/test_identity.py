"""Who is kept: one object for one id while anybody holds it, and nobody else's memory."""

import json
from urllib.parse import quote

import pytest
from playwright.async_api import Page
from tests.support.comes_true import comes_true

from .cards import PERSON
from .served_realms import ServedRealms
from .store_events import heard
from .test_queries import OFFICE

pytestmark = pytest.mark.anyio

HERE = "id => store.peek(id) !== undefined"


async def collect_garbage(page: Page) -> None:
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    await session.detach()


@pytest.fixture
def town(realms: ServedRealms) -> str:
    realms.files["town/person.gts"] = PERSON
    realms.files["town/office.gts"] = OFFICE
    realms.card("town/ann", "./person", "Person", firstName="Ann", links={"boss": "./bob"})
    realms.card("town/bob", "./person", "Person", firstName="Bob")
    for name in ("one", "two"):
        realms.card(f"town/{name}", "./office", "Policy", holder="Ghent")
    return f"{realms.origin}/town/"


def hall(realms: ServedRealms, *policies: str) -> None:
    """The town hall as the server answers it: its policies named, not brought along."""
    realms.card("town/hall", "./office", "Office", town="Ghent")
    document = json.loads(realms.files["town/hall.json"])
    on = {"module": f"{realms.origin}/town/office", "name": "Policy"}
    query = quote(json.dumps({"filter": {"eq": {"holder": "Ghent"}, "on": on}}))
    realm = f"{realms.origin}/town/"
    umbrella = {
        "links": {"self": None, "search": f"{realm}_search?realms={realm}&query={query}"},
        "data": [{"type": "card", "id": f"{realm}{name}"} for name in policies],
    }
    document["data"]["relationships"] = {"policies": umbrella}
    realms.files["town/hall.json"] = json.dumps(document)


async def test_a_card_that_nobody_holds_is_collected_and_loads_again(live: Page, town: str) -> None:
    await live.evaluate("async id => { await store.load(id); }", f"{town}ann")
    await live.evaluate("async id => { globalThis.kept = await store.load(id); }", f"{town}bob")

    await collect_garbage(live)

    assert not await live.evaluate(HERE, f"{town}ann")
    assert await live.evaluate("id => store.peek(id) === kept", f"{town}bob")
    assert (
        await live.evaluate("async id => (await store.load(id)).firstName", f"{town}ann") == "Ann"
    )


async def test_a_card_on_screen_keeps_what_it_links_to(live: Page, town: str) -> None:
    await live.evaluate(
        """async id => {
          const element = document.createElement('div');
          document.body.append(element);
          engine.renderCard(await store.load(id), { format: 'isolated', element });
          await store.settled();
        }""",
        f"{town}ann",
    )

    await collect_garbage(live)

    assert await live.evaluate(HERE, f"{town}ann")
    assert await live.evaluate(HERE, f"{town}bob")


async def test_an_edit_that_is_not_saved_keeps_its_card(live: Page, town: str) -> None:
    await live.evaluate("async id => { (await store.load(id)).firstName = 'Anna'; }", f"{town}ann")

    await collect_garbage(live)
    await live.evaluate("() => store.flush()")

    assert await live.evaluate("id => store.saveState(id).status", f"{town}ann") == "saved"


@pytest.mark.parametrize("index_type", ["incremental", "full"])
async def test_an_announcement_is_answered_for_all_fields_in_one_request(
    live: Page, realms: ServedRealms, town: str, index_type: str
) -> None:
    hall(realms, "one")
    await live.evaluate(
        """async id => {
          globalThis.hall = await store.load(id);
          hall.policies;
          await store.settled();
        }""",
        f"{town}hall",
    )
    await heard(live, "connection")
    hall(realms, "two", "one")

    realms.announce("town/two", index_type=index_type)
    await heard(live, "indexed")
    shown = "async () => { hall.policies; await store.settled(); return hall.policies.map((each) => each.id); }"

    assert await live.evaluate(shown) == [f"{town}two", f"{town}one"]
    assert realms.asked_for("_search") == []
    asked = [asked.body["ids"] for asked in realms.asked_for("_cards")]
    assert asked == [[f"{town}hall"], [f"{town}one"], [f"{town}hall"], [f"{town}two"]]


async def test_an_edit_shows_in_what_other_cards_find_at_once_and_once_it_is_indexed(
    live: Page, realms: ServedRealms, town: str
) -> None:
    hall(realms, "one")
    await live.evaluate(
        """async id => {
          globalThis.hall = await store.load(id);
          globalThis.shown = async () => {
            hall.policies;
            await store.settled();
            return hall.policies.map((each) => each.holder);
          };
          globalThis.one = (await shown(), hall.policies[0]);
        }""",
        f"{town}hall",
    )
    await heard(live, "connection")
    before = len(realms.asked_for("_cards"))

    # No longer of Ghent, and the server has not heard of it.
    await live.evaluate("() => { one.holder = 'Bruges'; }")
    assert await live.evaluate("() => shown()") == []
    assert len(realms.asked_for("_cards")) == before

    await live.evaluate("() => store.flush()")
    hall(realms, "two")
    realms.announce("town/one")
    await heard(live, "indexed")
    assert await live.evaluate("() => shown()") == ["Ghent"]
    assert await live.evaluate("hall.policies.map((each) => each.id)") == [f"{town}two"]
    assert realms.asked_for("_search") == []


async def test_a_collected_card_asks_nothing_any_more(
    live: Page, realms: ServedRealms, town: str
) -> None:
    hall(realms, "one")
    await live.evaluate("realm => { store.follow(realm); }", town)
    await live.evaluate("async id => { (await store.load(id)).policies; }", f"{town}hall")
    await live.evaluate("async () => { await store.settled(); }")
    await heard(live, "connection")
    await collect_garbage(live)
    before = len(realms.asked)

    realms.announce("town/two")
    await heard(live, "indexed")

    assert len(realms.asked) == before


async def test_a_realm_whose_cards_are_gone_is_followed_no_more(
    live: Page, realms: ServedRealms, town: str
) -> None:
    hall(realms, "one")
    await live.evaluate(
        """() => {
          globalThis.streamsClosed = 0;
          const { close } = EventSource.prototype;
          EventSource.prototype.close = function () {
            streamsClosed += 1;
            return close.call(this);
          };
        }"""
    )
    await live.evaluate("async id => { (await store.load(id)).policies; }", f"{town}hall")
    await live.evaluate("async () => { await store.settled(); }")
    await heard(live, "connection")
    assert await live.evaluate("streamsClosed") == 0

    await collect_garbage(live)

    await live.evaluate(comes_true("() => streamsClosed === 1"))
