"""Answers that arrive after the announcement of a change say nothing that is old."""

import asyncio

import pytest
from playwright.async_api import Page

from .cards import PERSON
from .served_realms import ServedRealms
from .store_events import LIMIT_S, heard
from .test_live_store import FOLLOW, OPEN
from .test_queries import OFFICE

pytestmark = pytest.mark.anyio

BEGIN = "async ([live, seqs]) => (await import(`/_host/${live}`)).beginAt(seqs)"
LEFT = "async ([live, url, seq]) => (await import(`/_host/${live}`)).follow(url, () => {}, seq)()"
NEXT_INDEXED = """async ([live, url, seq]) => {
  const { follow } = await import(`/_host/${live}`);
  return new Promise((heard) => {
    follow(url, (event) => event.kind === "indexed" && heard(event.invalidations), seq);
  });
}"""
HELD = "ending => { globalThis.held = hold('QUERY', ending); }"


@pytest.fixture
async def ann(live: Page, realms: ServedRealms) -> str:
    """A card of a realm that the page follows."""
    realms.files["town/person.gts"] = PERSON
    realms.card("town/ann", "./person", "Person", firstName="Ann")
    await live.evaluate(FOLLOW, f"{realms.origin}/town/")
    await heard(live, "connection")
    return f"{realms.origin}/town/ann"


async def test_a_card_that_was_on_its_way_is_asked_for_again(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(HELD, "_cards")
    await live.evaluate("id => { globalThis.loading = store.load(id); return held.reached; }", ann)
    realms.edit("town/ann", firstName="Anna")
    realms.announce("town/ann")
    await heard(live, "indexed")

    name = await live.evaluate("async () => { held.release(); return (await loading).firstName; }")
    assert name == "Anna"


async def test_a_newer_question_is_not_answered_by_an_older_answer(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    asked = "id => { globalThis.first = store.documents.get(id); return held.reached; }"
    await live.evaluate(HELD, "_cards")
    await live.evaluate(asked, ann)
    realms.edit("town/ann", firstName="Anna")

    # reader: asks, and the answer `Ann` is on its way
    # store: hears of a change, forgets the card, is asked for it again
    # reader: gets what the second question is answered with
    again = """async (id) => {
      held.release();
      store.documents.forget(id);
      const answers = await Promise.all([first, store.documents.get(id)]);
      return answers.map((each) => each.attributes.firstName);
    }"""
    assert await live.evaluate(again, ann) == ["Anna", "Anna"]


async def test_cards_that_an_older_search_found_are_asked_for_again(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    realms.files["town/office.gts"] = OFFICE
    realms.card("town/one", "./office", "Policy", holder="Ghent")
    realms.card("town/hall", "./office", "Office", town="Ghent")
    realms.found["holder"] = [realms.resource("town/one")]
    await live.evaluate(
        "async (id) => { globalThis.hall = await store.load(id); }", f"{ann[:-3]}hall"
    )
    await live.evaluate(HELD, "_search")
    await live.evaluate("() => { void hall.policies; return held.reached; }")
    realms.edit("town/one", holder="Bruges")
    realms.announce("town/one")
    await heard(live, "indexed")

    await live.evaluate("async () => { held.release(); await store.settled(); }")
    assert await live.evaluate("hall.policies.map((each) => each.holder)") == ["Bruges"]


async def test_what_happens_in_another_realm_before_its_stream_opens_is_not_missed(
    live: Page, realms: ServedRealms
) -> None:
    town, city = (f"{realms.origin}/{name}/" for name in ("town", "city"))
    there = f"{{ realms: ['{city}'], filter: {{"
    realms.files["town/office.gts"] = OFFICE.replace("{ filter: {", there)
    realms.card("town/hall", "./office", "Office", town="Ghent")
    for name in ("one", "two"):
        realms.card(f"city/{name}", f"{town}office", "Policy", holder="Ghent")
    realms.found["holder"] = [realms.resource("city/one")]
    await live.evaluate(BEGIN, [realms.host["live"], {city: len(realms.announced)}])
    realms.stream_gate = asyncio.Event()

    # page: is answered, and asks for the realm's events from now on
    # realm: has another card
    # page: its stream opens
    found = "async () => { void hall.policies; await store.settled(); return hall.policies.map((each) => each.id); }"
    await live.evaluate("async (id) => { globalThis.hall = await store.load(id); }", f"{town}hall")
    assert await live.evaluate(found) == [f"{city}one"]
    realms.found["holder"].append(realms.resource("city/two"))
    realms.announce("city/two")
    realms.stream_gate.set()

    await heard(live, "indexed")
    assert await live.evaluate(found) == [f"{city}one", f"{city}two"]


async def test_a_stream_that_opens_late_begins_where_the_first_page_did(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    city = f"{realms.origin}/city/"
    before = len(realms.announced)
    await live.evaluate(BEGIN, [realms.host["live"], {city: before}])
    realms.announce("city/one")
    await heard(live, "indexed")
    await live.evaluate(BEGIN, [realms.host["live"], {city: before + 1}])

    await live.evaluate(FOLLOW, city)

    await heard(live, "indexed", times=2)


async def test_a_stream_that_a_later_page_opens_again_goes_on_where_it_left_off(
    live: Page, realms: ServedRealms
) -> None:
    city = f"{realms.origin}/city/"
    before = len(realms.announced)
    await live.evaluate(LEFT, [realms.host["live"], city, before])
    realms.announce("city/one")

    # A card of the page before may be shown by this one.
    async with asyncio.timeout(LIMIT_S):
        heard = await live.evaluate(NEXT_INDEXED, [realms.host["live"], city, before + 1])
    assert heard == [f"{city}one"]


async def test_what_happened_while_nobody_looked_is_not_missed(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    looked = """isHidden => {
      Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    await live.evaluate(OPEN, ann)
    await live.clock.install()
    await live.evaluate(looked, True)
    await live.clock.fast_forward(31_000)
    realms.edit("town/ann", firstName="Anna")
    realms.announce("town/ann")

    await live.evaluate(looked, False)
    await heard(live, "reloaded")
    assert await live.evaluate("card.firstName") == "Anna"
