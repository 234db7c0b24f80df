"""Search results take in and leave out cards edited in this page, before the server has answered."""

import asyncio

import pytest
from playwright.async_api import Page

from .served_realms import ServedRealms
from .store_events import heard
from .test_identity import hall as answered_hall
from .test_live_store import FLUSH

pytestmark = pytest.mark.anyio

OFFICE = """
import { CardDef, Component, contains, field, linksTo, linksToMany } from '@cardstack/base/card-api';
import NumberField from '@cardstack/base/number';
import StringField from '@cardstack/base/string';

export class Policy extends CardDef {
  @field holder = contains(StringField);
  @field cost = contains(NumberField);
}
export class Counted extends Policy {
  @field alike = linksToMany(() => Counted, { query: { filter: { eq: { count: 1 } } } });
  @field count = contains(NumberField, {
    computeVia: function () { return this.alike.length; },
  });
}
const HERE = { eq: { holder: '$this.town' } };
const BY_COST = [{ by: 'cost', direction: 'desc' }];
export class Office extends CardDef {
  @field town = contains(StringField);
  @field policies = linksToMany(() => Policy, { query: { filter: HERE } });
  @field dearest = linksToMany(() => Policy, {
    query: { filter: HERE, sort: BY_COST, page: { number: 0, size: 2 } },
  });
  @field top = linksTo(() => Policy, { query: { filter: HERE, sort: BY_COST } });
  @field second = linksToMany(() => Policy, {
    query: { filter: HERE, page: { number: 1, size: 2 } },
  });
  @field worded = linksToMany(() => Policy, {
    query: { filter: { any: [{ matches: 'old' }, { eq: { cost: 7 } }] } },
  });
  @field counted = linksToMany(() => Counted, { query: { filter: { eq: { count: 3 } } } });
  static isolated = class Isolated extends Component {
    <template>{{#each @model.policies as |policy|}}<i>{{policy.cost}}</i>{{/each}}</template>
  };
}
"""
OPEN = """async ([realm, ...names]) => {
  for (const name of names) globalThis[name] = await store.load(realm + name);
  globalThis.costs = (field) => [hall[field] ?? []].flat().map((each) => each.cost);
  globalThis.settled = async (field) => { void hall[field]; await store.settled(); return costs(field); };
  globalThis.totalOf = (field) => engine.queryStateOf(hall, field).total;
}"""
SHOWN = "field => settled(field)"
NOW = "field => [costs(field), totalOf(field)]"


@pytest.fixture
def town(realms: ServedRealms) -> str:
    """A realm with a hall; of its policies the server finds the first two, dearest first."""
    realms.files["town/office.gts"] = OFFICE
    realms.card("town/hall", "./office", "Office", town="Ghent")
    for name, holder, cost in (("a", "Ghent", 4), ("b", "Ghent", 2), ("c", "Bruges", 3)):
        realms.card(f"town/{name}", "./office", "Policy", holder=holder, cost=cost)
    realms.found["Policy"] = [realms.resource("town/a"), realms.resource("town/b")]
    return f"{realms.origin}/town/"


async def opened(live: Page, town: str, field: str) -> list[int]:
    """What a field of the hall shows first, with the cards `hall`, `a`, `b` and `c` at hand."""
    await live.evaluate(OPEN, [town, "hall", "a", "b", "c"])
    return await live.evaluate(SHOWN, field)


async def test_an_edited_card_that_matches_is_among_the_results_at_once(
    live: Page, realms: ServedRealms, town: str
) -> None:
    assert await opened(live, town, "policies") == [4, 2]
    before = len(realms.asked_for("_search"))

    await live.evaluate("() => { c.holder = 'Ghent'; }")

    assert await live.evaluate(NOW, "policies") == [[4, 2, 3], 3]
    assert len(realms.asked_for("_search")) == before


async def test_an_edited_card_that_does_not_match_is_gone_at_once(
    live: Page, realms: ServedRealms, town: str
) -> None:
    await opened(live, town, "policies")
    before = len(realms.asked_for("_search"))

    await live.evaluate("() => { a.holder = 'Bruges'; }")
    assert await live.evaluate(NOW, "policies") == [[2], 1]

    await live.evaluate("() => { a.holder = 'Ghent'; }")
    assert await live.evaluate(NOW, "policies") == [[4, 2], 2]
    assert len(realms.asked_for("_search")) == before


async def test_what_is_on_screen_follows(live: Page, town: str) -> None:
    await opened(live, town, "policies")
    shown = """async (edit) => {
      globalThis.element ??= document.createElement('div');
      if (!element.isConnected) {
        document.body.append(element);
        engine.renderCard(hall, { format: 'isolated', element });
      }
      new Function(edit)();
      await new Promise((done) => requestAnimationFrame(done));
      await store.settled();
      return [...element.querySelectorAll('i')].map((each) => Number(each.textContent));
    }"""

    assert await live.evaluate(shown, "") == [4, 2]
    assert await live.evaluate(shown, "c.holder = 'Ghent'") == [4, 2, 3]
    assert await live.evaluate(shown, "c.cost = 1") == [4, 2, 1]
    assert await live.evaluate(shown, "c.holder = 'Bruges'; a.holder = 'Bruges'") == [2]


async def test_a_card_that_the_server_has_just_made_is_added_with_its_first_edit(
    live: Page, realms: ServedRealms, town: str
) -> None:
    await opened(live, town, "policies")
    realms.card("town/new", "./office", "Policy", cost=9)
    await live.evaluate(OPEN, [town, "new"])

    await live.evaluate("() => { globalThis['new'].holder = 'Ghent'; }")

    assert await live.evaluate(NOW, "policies") == [[4, 2, 9], 3]


async def test_an_answer_to_come_is_not_anticipated(
    live: Page, realms: ServedRealms, town: str
) -> None:
    await live.evaluate(OPEN, [town, "hall", "a", "b", "c"])
    await live.evaluate("() => { c.holder = 'Ghent'; }")
    gate = asyncio.Event()
    realms.gates.append(gate)

    assert await live.evaluate("() => costs('policies')") == []
    gate.set()
    assert await live.evaluate(SHOWN, "policies") == [4, 2, 3]


async def test_what_only_the_server_can_say_stays_as_it_said(live: Page, town: str) -> None:
    assert await opened(live, town, "worded") == [4, 2]

    await live.evaluate("() => { a.cost = 5; c.cost = 6; }")
    assert await live.evaluate(NOW, "worded") == [[5, 2], 2]

    await live.evaluate("() => { c.cost = 7; }")
    assert await live.evaluate(NOW, "worded") == [[5, 2, 7], 3]


async def test_an_edited_card_goes_where_the_sort_has_it(live: Page, town: str) -> None:
    await opened(live, town, "dearest")

    await live.evaluate("() => { b.cost = 8; }")
    assert await live.evaluate(NOW, "dearest") == [[8, 4], 2]

    await live.evaluate("() => { b.cost = null; }")
    assert await live.evaluate(NOW, "dearest") == [[4, None], 2]


async def test_a_page_stays_as_long_as_it_is(live: Page, town: str) -> None:
    await opened(live, town, "dearest")

    await live.evaluate("() => { c.holder = 'Ghent'; }")
    assert await live.evaluate(NOW, "dearest") == [[4, 3], 3]

    await live.evaluate("() => { a.holder = 'Bruges'; }")
    assert await live.evaluate(NOW, "dearest") == [[3, 2], 2]


async def test_a_page_of_more_is_the_servers(live: Page, realms: ServedRealms, town: str) -> None:
    realms.total = 5
    assert await opened(live, town, "dearest") == [4, 2]

    await live.evaluate("() => { c.holder = 'Ghent'; a.holder = 'Bruges'; }")

    assert await live.evaluate(NOW, "dearest") == [[4, 2], 5]


async def test_a_later_page_is_the_servers(live: Page, realms: ServedRealms, town: str) -> None:
    realms.found["Policy"] = []
    assert await opened(live, town, "second") == []

    await live.evaluate("() => { c.holder = 'Ghent'; }")

    assert await live.evaluate(NOW, "second") == [[], 0]


async def test_a_link_leads_to_the_best_of_what_is_known(
    live: Page, realms: ServedRealms, town: str
) -> None:
    realms.found["Policy"] = [realms.resource("town/b")]
    assert await opened(live, town, "top") == [2]

    await live.evaluate("() => { c.holder = 'Ghent'; }")
    assert await live.evaluate(NOW, "top") == [[3], 2]

    await live.evaluate("() => { b.holder = c.holder = 'Bruges'; }")
    assert await live.evaluate(NOW, "top") == [[], 0]


async def test_cards_of_realms_that_are_not_asked_are_not_added(
    live: Page, realms: ServedRealms, town: str
) -> None:
    await opened(live, town, "policies")
    realms.card("city/far", f"{town}office", "Policy", cost=9)
    await live.evaluate(OPEN, [town.replace("/town/", "/city/"), "far"])

    await live.evaluate("() => { far.holder = 'Ghent'; }")

    assert await live.evaluate(NOW, "policies") == [[4, 2], 2]


async def test_a_document_of_the_server_is_an_answer_too(
    live: Page, realms: ServedRealms, town: str
) -> None:
    realms.files["town/office.gts"] = OFFICE
    answered_hall(realms, "a", "b")
    assert await opened(live, town, "policies") == [4, 2]

    await live.evaluate("() => { a.holder = 'Bruges'; c.holder = 'Ghent'; }")

    assert await live.evaluate(NOW, "policies") == [[2, 3], 2]
    assert realms.asked_for("_search") == []


async def test_an_edit_counts_until_an_answer_knows_of_it(
    live: Page, realms: ServedRealms, town: str
) -> None:
    await opened(live, town, "policies")
    await heard(live, "connection")
    await live.evaluate("() => { c.holder = 'Ghent'; }")
    await live.evaluate(FLUSH)
    assert await live.evaluate(NOW, "policies") == [[4, 2, 3], 3]

    # Whatever the server says now, it says it of what was saved.
    realms.found["Policy"] = [realms.resource("town/b")]
    realms.announce("town/c")
    await heard(live, "indexed")
    assert await live.evaluate(SHOWN, "policies") == [2]


async def test_an_edit_that_an_answer_on_its_way_cannot_know_counts(
    live: Page, realms: ServedRealms, town: str
) -> None:
    await live.evaluate(OPEN, [town, "hall", "a", "b", "c"])
    await live.evaluate("() => { globalThis.held = hold('QUERY', '_search'); void hall.policies; }")
    await live.evaluate("() => held.reached")
    await live.evaluate("() => { c.holder = 'Ghent'; }")
    await live.evaluate(FLUSH)

    await live.evaluate("() => held.release()")

    assert await live.evaluate(SHOWN, "policies") == [4, 2, 3]


async def test_an_edit_that_is_taken_back_counts_no_more(
    live: Page, realms: ServedRealms, town: str
) -> None:
    realms.forbidden.add("town/c")
    await opened(live, town, "policies")
    edited = "() => { c.holder = 'Ghent'; return costs('policies'); }"
    assert await live.evaluate(edited) == [4, 2, 3]

    await live.evaluate(FLUSH)

    assert await live.evaluate(NOW, "policies") == [[4, 2], 2]


async def test_a_card_that_is_gone_is_not_added(
    live: Page, realms: ServedRealms, town: str
) -> None:
    await opened(live, town, "policies")
    await heard(live, "connection")
    await live.evaluate("() => { c.holder = 'Ghent'; }")
    await live.evaluate(FLUSH)
    del realms.files["town/c.json"]

    realms.announce("town/c")
    await heard(live, "removed")

    assert await live.evaluate(SHOWN, "policies") == [4, 2]


async def test_results_that_a_card_is_computed_from_do_not_decide_about_it(
    live: Page, realms: ServedRealms, town: str
) -> None:
    for name, cost in (("a", 4), ("b", 2)):
        realms.card(f"town/{name}", "./office", "Counted", holder="Ghent", cost=cost)
    realms.found = {"Counted": [realms.resource("town/a"), realms.resource("town/b")]}
    assert await opened(live, town, "counted") == [4, 2]

    # Whether `a` has three alike rests on what is alike, and so on `a` itself.
    await live.evaluate("async () => { void a.count; await store.settled(); a.cost = 6; }")

    assert await live.evaluate(NOW, "counted") == [[6, 2], 2]


async def test_a_page_that_renders_for_the_index_shows_what_the_server_says(
    live: Page, town: str
) -> None:
    await opened(live, town, "policies")
    await live.evaluate("() => { globalThis.__boxelRenderContext = true; c.holder = 'Ghent'; }")

    assert await live.evaluate(NOW, "policies") == [[4, 2], 2]


async def test_an_edit_does_not_keep_its_card_for_ever(
    live: Page, realms: ServedRealms, town: str
) -> None:
    await opened(live, town, "policies")
    await heard(live, "connection")
    await live.evaluate("() => { c.holder = 'Ghent'; }")
    await live.evaluate(FLUSH)
    for times in (1, 2):
        realms.announce("town/c")
        await heard(live, "indexed", times=times)

    await live.evaluate("async () => { await settled('policies'); globalThis.c = undefined; }")
    session = await live.context.new_cdp_session(live)
    await session.send("HeapProfiler.collectGarbage")

    assert not await live.evaluate("id => store.peek(id) !== undefined", f"{town}c")
