"""Query-backed fields in a visit: what is asked, and what is said about it."""

import asyncio

import pytest
from playwright.async_api import Page

from .cards import PERSON
from .conftest import Visit
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio

OFFICE = """
import { CardDef, Component, contains, field, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Policy extends CardDef {
  @field holder = contains(StringField);
}
export class Office extends CardDef {
  @field town = contains(StringField);
  @field policies = linksToMany(() => Policy, { query: { filter: { eq: { holder: '$this.town' } } } });
  @field others = linksToMany(() => Policy, { query: { filter: { eq: { holder: '$this.town' } } } });
  static isolated = class Isolated extends Component {
    <template>
      {{#each @model.policies as |policy|}}<i>{{policy.holder}}</i>{{/each}}
      {{#each @model.others as |policy|}}<b>{{policy.id}}</b>{{/each}}
    </template>
  };
}
"""


@pytest.fixture(autouse=True)
def office(realms: ServedRealms) -> None:
    realms.files["town/office.gts"] = OFFICE
    realms.card("town/one", "./office", "Policy", holder="Ghent")
    realms.card("town/hall", "./office", "Office", town="Ghent")
    realms.found["holder"] = [realms.resource("town/one")]


async def test_results_are_shown_and_reported(visit: Visit, realms: ServedRealms) -> None:
    [hall] = await visit("town/hall")

    assert "<i>Ghent</i>" in hall["html"]["isolated"]
    assert hall["queries"][0]["ids"] == [f"{realms.origin}/town/one"]
    assert hall["queries"][0]["realms"] == [f"{realms.origin}/town/"]


async def test_a_search_that_is_refused_is_reported_without_an_answer(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.refusals["town/_search"] = [400] * 9
    [hall] = await visit("town/hall")

    assert hall["status"] == "ready"
    assert [query["ids"] for query in hall["queries"]] == [None, None]


async def test_results_are_no_dependencies(visit: Visit, realms: ServedRealms) -> None:
    [hall] = await visit("town/hall")

    assert hall["dependencies"]["instances"] == []
    assert hall["dependencies"]["queryOnly"]["instances"] == [f"{realms.origin}/town/one.json"]


async def test_a_module_that_only_a_search_led_to_is_no_dependency(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["town/special.gts"] = """
import { Policy } from './office';
export class Special extends Policy {}
"""
    realms.card("town/one", "./special", "Special", holder="Ghent")
    realms.found["holder"] = [realms.resource("town/one")]

    [hall] = await visit("town/hall")

    special = f"{realms.origin}/town/special"
    assert special not in hall["dependencies"]["modules"]
    assert hall["dependencies"]["queryOnly"]["modules"] == [special]


@pytest.mark.parametrize(
    "read",
    ["{{@model.first.holder}}", "{{#if @model.policies.length}}{{@model.first.holder}}{{/if}}"],
    ids=["by the link", "when the search has brought it"],
)
async def test_what_a_link_leads_to_as_well_is_a_dependency(
    visit: Visit, realms: ServedRealms, read: str
) -> None:
    realms.files["town/office.gts"] = (
        OFFICE.replace("linksToMany }", "linksTo, linksToMany }")
        .replace("@field town", "@field first = linksTo(() => Policy);\n  @field town", 1)
        .replace("<template>", f"<template>{read}", 1)
    )
    realms.files["town/special.gts"] = """
import { Policy } from './office';
export class Special extends Policy {}
"""
    realms.card("town/one", "./special", "Special", holder="Ghent")
    realms.card("town/hall", "./office", "Office", town="Ghent", links={"first": "./one"})
    realms.found["holder"] = [realms.resource("town/one")]

    [hall] = await visit("town/hall")

    assert hall["dependencies"]["instances"] == [f"{realms.origin}/town/one.json"]
    assert f"{realms.origin}/town/special" in hall["dependencies"]["modules"]
    assert hall["dependencies"]["queryOnly"] == {"modules": [], "instances": [], "files": []}


async def test_a_module_whose_repair_would_show_a_result_is_a_dependency(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.card("town/one", "./gone", "Gone", holder="Ghent")
    realms.found["holder"] = [realms.resource("town/one")]

    [hall] = await visit("town/hall")

    assert hall["status"] == "ready"
    assert f"{realms.origin}/town/gone" in hall["dependencies"]["modules"]


async def test_equal_searches_of_a_batch_are_asked_once(visit: Visit, realms: ServedRealms) -> None:
    realms.card("town/annex", "./office", "Office", town="Ghent")

    await visit("town/hall", "town/annex")

    assert len(realms.asked_for("_search")) == 1


async def test_an_answer_is_kept_for_its_batch_and_its_realm_alone(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["city/office.gts"] = OFFICE
    realms.card("city/hall", "./office", "Office", town="Ghent")

    await visit("town/hall", "city/hall", jobId="7.1")
    await visit("town/hall", jobId="7.1")
    await visit("town/hall", jobId="8.1")

    asked = [(each.path, each.headers["x-boxel-job-id"]) for each in realms.asked_for("_search")]
    assert asked == [
        ("/town/_search", "7.1"),
        ("/city/_search", "7.1"),
        ("/town/_search", "7.1"),
        ("/town/_search", "8.1"),
    ]


async def test_a_late_answer_to_what_was_forgotten_answers_nobody_else(
    live: Page, realms: ServedRealms
) -> None:
    early, late = realms.gates[:] = [asyncio.Event(), asyncio.Event()]
    await live.evaluate(
        """async (realm) => {
          const query = { filter: { eq: { holder: 'Ghent' } } };
          const ask = () => store.searches.run([realm], query).then(({ data }) => data.length);
          globalThis.first = ask();
          await new Promise((sent) => setTimeout(sent));
          store.searches.forget();
          globalThis.second = ask();
          globalThis.ask = ask;
        }""",
        f"{realms.origin}/town/",
    )
    realms.found["holder"] = []
    early.set()
    assert await live.evaluate("() => first") == 0
    realms.found["holder"] = [realms.resource("town/one")]
    await live.evaluate("() => { globalThis.third = ask(); }")
    late.set()

    assert await live.evaluate("() => Promise.all([second, third])") == [1, 1]
    assert len(realms.asked_for("_search")) == 2


async def test_what_several_searches_found_travels_once(visit: Visit, realms: ServedRealms) -> None:
    realms.files["town/office.gts"] = OFFICE.replace(
        "'$this.town' } } } });", "'Ghent' } } } });", 1
    )

    await visit("town/hall")

    [asked] = realms.asked_for("_cards")
    assert asked.body == {"ids": [f"{realms.origin}/town/one"]}
    assert [search.body["fields"] for search in realms.asked_for("_search")] == [{"card": []}]


async def test_what_is_found_together_is_shown_together(
    visit: Visit, realms: ServedRealms, page: Page
) -> None:
    counting = """
    get counts() {
      const { policies, others } = this.args.model;
      (globalThis.shown ??= []).push(`${policies.length} ${others.length}`);
      return '';
    }
    <template>{{this.counts}}"""
    # A card that is made in more steps than the other.
    wordy = """
export class Clause extends FieldDef {
  @field clauses = containsMany(() => Clause);
}
export class Wordy extends Policy {
  @field clauses = containsMany(Clause);
}
"""
    realms.files["town/office.gts"] = (
        OFFICE.replace("'$this.town'", "'Bruges'", 1)
        .replace("contains,", "FieldDef, contains, containsMany,", 1)
        .replace("<template>", counting)
        + wordy
    )
    clauses: list[object] = []
    for _ in range(5):
        clauses = [{"clauses": clauses}]
    realms.card("town/two", "./office", "Wordy", holder="Bruges", clauses=clauses)
    realms.found = {"Ghent": [realms.resource("town/one")], "Bruges": [realms.resource("town/two")]}

    await visit("town/hall", formats=["isolated"])

    assert await page.evaluate("shown") == ["0 0", "1 1"]


async def test_a_computed_value_that_is_undefined_is_not_written_and_asks_nothing(
    visit: Visit, realms: ServedRealms
) -> None:
    computed = "@field town = contains(StringField, { computeVia: function () { return %s; } });"
    for name, value in (("none", "undefined"), ("null", "null")):
        realms.files[f"town/{name}.gts"] = OFFICE.replace(
            "@field town = contains(StringField);", computed % value
        )
        realms.card(f"town/{name}-hall", f"./{name}", "Office")

    none, null = await visit("town/none-hall", "town/null-hall")

    assert "town" not in none["resource"]["attributes"]
    assert none["queries"] == []
    assert null["resource"]["attributes"]["town"] is None
    assert null["queries"][0]["query"]["filter"]["eq"] == {"holder": None}


FAR = "https://far.test/deep/pets/"
ELSEWHERE = [{"realm": FAR, "type": "network", "message": "it is down"}]


@pytest.mark.parametrize("with_ours", [True, False])
async def test_realms_of_other_servers_are_our_servers_to_ask(
    visit: Visit, page: Page, realms: ServedRealms, with_ours: bool
) -> None:
    ours = f"{realms.origin}/town/"
    named = [ours, FAR] if with_ours else [FAR]
    query = "{ filter: { eq: { holder: '$this.town' } }, realms: REALMS }"
    realms.files["town/office.gts"] = OFFICE.replace(
        "{ filter: { eq: { holder: '$this.town' } } }",
        query.replace("REALMS", str([each.removesuffix("/") for each in named])),
    )
    realms.search_errors += ELSEWHERE
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))

    [hall] = await visit("town/hall")

    assert [asked.body["realms"] for asked in realms.asked_for("_federated-search")] == [named]
    assert [each for each in addresses if not each.startswith(realms.origin)] == []
    assert "<i>Ghent</i>" in hall["html"]["isolated"]
    assert hall["queries"][0]["realms"] == named


async def test_realms_that_could_not_be_asked_are_named(live: Page, realms: ServedRealms) -> None:
    realms.files["town/office.gts"] = OFFICE.replace(
        "{ filter: {", f"{{ realms: ['$REALM', '{FAR}'], filter: {{"
    )
    realms.search_errors += ELSEWHERE
    await live.evaluate(
        """async (id) => {
          globalThis.hall = await store.load(id);
          void hall.policies;
          await store.settled();
        }""",
        f"{realms.origin}/town/hall",
    )

    assert await live.evaluate("hall.policies.map((each) => each.holder)") == ["Ghent"]
    state = await live.evaluate("engine.queryStateOf(hall, 'policies')")
    assert state["realmErrors"] == ELSEWHERE
    assert state["realms"] == [f"{realms.origin}/town/", FAR]


async def test_links_to_other_servers_are_our_servers_to_follow(
    visit: Visit, page: Page, realms: ServedRealms
) -> None:
    realms.files["town/person.gts"] = PERSON
    far = {"boss": f"{FAR}Person/ann"}
    realms.card("town/ann", "./person", "Person", firstName="Ann", links=far)
    near = {"boss": "http://10.0.0.1/far/bob"}
    realms.card("town/bob", "./person", "Person", firstName="Bob", links=near)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))

    await visit("town/ann", "town/bob")

    [asked] = realms.asked_for("base/_cards")
    assert asked.body == {"ids": [far["boss"], near["boss"]]}
    assert [each for each in addresses if not each.startswith(realms.origin)] == []


async def test_files_that_a_search_found_are_touched_by_it_alone(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["town/office.gts"] = OFFICE.replace("() => Policy,", "() => FileDef,").replace(
        "CardDef,", "CardDef, FileDef,", 1
    )
    url = f"{realms.origin}/town/plan.pdf"
    file_def = {"module": "@cardstack/base/card-api", "name": "FileDef"}
    attributes = {"name": "plan.pdf", "url": url}
    plan = {
        "type": "file-meta",
        "id": url,
        "attributes": attributes,
        "meta": {"adoptsFrom": file_def},
    }
    realms.found["holder"] = [plan]
    realms.resources[url] = plan

    [hall] = await visit("town/hall")

    assert [search.body["scope"] for search in realms.asked_for("_search")] == ["files"]
    assert hall["dependencies"]["files"] == []
    query_only = hall["dependencies"]["queryOnly"]
    assert (query_only["instances"], query_only["files"]) == ([], [url])
