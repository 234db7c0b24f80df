"""Cards that fail: each is one error result, and the others go on."""

import pytest
from playwright.async_api import Page

from .cards import PERSON
from .conftest import Visit
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio

CARD = """
import {{ CardDef, Component, contains, field }} from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class {name} extends CardDef {{
  static displayName = '{name}';
  @field title = contains(StringField);
  {members}
  static isolated = class Isolated extends Component {{
    {body}
    <template>{template}</template>
  }};
}}
"""


def definition(name: str, *, members: str = "", body: str = "", template: str = "fine") -> str:
    return CARD.format(name=name, members=members, body=body, template=template)


@pytest.fixture(autouse=True)
def people(realms: ServedRealms) -> None:
    realms.files["town/person.gts"] = PERSON
    realms.card("town/ann", "./person", "Person", firstName="Ann", lastName="Lee")


async def test_a_template_that_throws_names_the_format_and_the_reason(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["town/bad.gts"] = definition(
        "Bad", body="get boom() { throw new Error('no such luck'); }", template="{{this.boom}}"
    )
    realms.card("town/bad-one", "./bad", "Bad")

    [bad] = await visit("town/bad-one")

    assert bad["status"] == "error"
    assert bad["error"]["message"] == "Rendering the isolated format failed: no such luck"
    assert f"{realms.origin}/town/bad" in bad["error"]["dependencies"]


async def test_the_page_goes_on_after_a_render_that_throws(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["town/bad.gts"] = definition(
        "Bad", body="get boom() { throw new Error('no such luck'); }", template="{{this.boom}}"
    )
    for number in range(3):
        realms.card(f"town/bad-{number}", "./bad", "Bad")

    results = await visit("town/bad-0", "town/ann", "town/bad-1", "town/bad-2", "town/ann")

    assert [result["status"] for result in results] == ["error", "ready", "error", "error", "ready"]
    assert results[4]["html"] == results[1]["html"]


async def test_an_error_while_rendering_again_is_the_cards_own(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["town/late.gts"] = """
import { CardDef, Component, field, linksTo } from '@cardstack/base/card-api';
import { Person } from './person';
export class Late extends CardDef {
  @field person = linksTo(Person);
  static isolated = class Isolated extends Component {
    get boom() { if (this.args.model.person) throw new Error('too late'); return ''; }
    <template>{{this.boom}}</template>
  };
}
"""
    realms.card("town/far", "./person", "Person")
    realms.card("town/late-one", "./late", "Late", links={"person": "./far"})

    late, ann = await visit("town/late-one", "town/ann")

    assert late["error"]["message"] == "Rendering the isolated format failed: too late"
    assert ann["status"] == "ready"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "data.meta.adoptsFrom"),
        ('{"data": {"type": "card", "meta": {}}}', "data.meta.adoptsFrom"),
    ],
)
async def test_a_file_that_is_no_card_document_says_so(
    visit: Visit, realms: ServedRealms, source: str, message: str
) -> None:
    realms.files["town/odd.json"] = source

    odd, ann = await visit("town/odd", "town/ann")

    assert odd["error"]["status"] == 422
    assert message in odd["error"]["message"]
    assert ann["status"] == "ready"


async def test_a_missing_module_is_named_with_its_asker_and_a_near_miss(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.card("town/odd", "./persn", "Person")

    odd, ann = await visit("town/odd", "town/ann")

    error = odd["error"]
    assert f"{realms.origin}/town/persn was not found" in error["message"]
    assert f"adopted by {realms.origin}/town/odd" in error["message"]
    assert f'Did you mean "{realms.origin}/town/person"?' in error["message"]
    assert f"{realms.origin}/town/persn" in error["dependencies"]
    assert ann["status"] == "ready"


async def test_a_missing_definition_is_named_with_a_near_miss(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.card("town/odd", "./person", "Persn")

    [odd] = await visit("town/odd")

    assert 'does not export a class "Persn"' in odd["error"]["message"]
    assert 'Did you mean "Person"?' in odd["error"]["message"]


async def test_a_module_the_server_knows_to_be_broken_is_not_imported(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["town/broken.gts"] = definition("Broken")
    realms.errors["town/broken"] = {
        "title": "Module not found",
        "detail": "`./helprs` was not found, imported by `/town/broken.gts`.",
        "module": f"{realms.origin}/town/helprs",
        "line": 3,
        "column": 0,
    }
    realms.card("town/odd", "./broken", "Broken")

    [odd] = await visit("town/odd")

    assert odd["error"]["message"].startswith("`./helprs` was not found")
    assert f"{realms.origin}/town/helprs" in odd["error"]["dependencies"]
    assert realms.asked_for("town/broken") == []


async def test_a_module_that_throws_when_evaluated_is_named(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["town/early.ts"] = "throw new Error('too early'); export class Early {}"
    realms.card("town/odd", "./early", "Early")

    [odd] = await visit("town/odd")

    assert "town/early failed while it was evaluated: too early" in odd["error"]["message"]


async def test_timers_of_card_code_never_fire(
    visit: Visit, realms: ServedRealms, page: Page
) -> None:
    body = "constructor(owner, args) { super(owner, args); setTimeout(() => (globalThis.fired = true), 0); }"
    realms.files["town/timed.gts"] = definition("Timed", body=body)
    realms.card("town/timed-one", "./timed", "Timed")

    [timed] = await visit("town/timed-one")

    assert timed["status"] == "ready"
    assert await page.evaluate("globalThis.fired") is None


async def test_timers_are_listed_beside_an_error(visit: Visit, realms: ServedRealms) -> None:
    body = """constructor(owner, args) {
      super(owner, args);
      setTimeout(() => {}, 0);
      setInterval(() => {}, 5);
    }
    get boom() { throw new Error('it waited for a timer'); }"""
    realms.files["town/timed.gts"] = definition("Timed", body=body, template="{{this.boom}}")
    realms.card("town/timed-one", "./timed", "Timed")

    timed, ann = await visit("town/timed-one", "town/ann")

    assert timed["error"]["additional"] == [
        "2 timers were started; timers do not run while indexing"
    ]
    assert ann["error"] is None


async def test_a_page_whose_renderer_does_not_recover_is_unusable(
    page: Page, realms: ServedRealms
) -> None:
    # A card that takes the page's document apart leaves nothing that could render.
    body = """get boom() {
      Element.prototype.insertBefore = Node.prototype.insertBefore = () => {
        throw new Error('the document is broken');
      };
      throw new Error('and so am I');
    }"""
    realms.files["town/bad.gts"] = definition("Bad", body=body, template="{{this.boom}}")
    realms.card("town/bad-one", "./bad", "Bad")
    cards = [
        {"url": f"{realms.origin}/{path}", "source": realms.files[path]}
        for path in ("town/ann.json", "town/bad-one.json", "town/ann.json")
    ]

    answer = await page.evaluate(
        "(request) => __realmkit.visit(request)", {"cards": cards, "epoch": realms.epoch}
    )

    assert [each["status"] for each in answer["results"]] == ["ready", "error"]
    assert answer["results"][1]["error"]["message"].endswith("and so am I")
    assert "nothing renders any more since" in answer["unusable"]
    status = "() => document.documentElement.dataset.prerenderStatus"
    assert await page.evaluate(status) == "unusable"


@pytest.mark.parametrize(
    "write",
    [
        "fetch(id, { method: 'PATCH', body: '{}' })",
        "fetch(new Request(id, { method: 'DELETE' }))",
        "fetch(id, { method: 'DELETE', headers: { 'X-HTTP-Method-Override': 'QUERY' } })",
        "fetch(id, { method: 'POST', body: 'x', headers: { 'X-HTTP-Method-Override': 'GET' } })",
        "navigator.sendBeacon(id, 'x')",
        "Object.assign(new XMLHttpRequest(), { go() { this.open('DELETE', id); this.send(); } }).go()",
        "(args.model.title = 'another')",
    ],
    ids=["fetch", "request", "as a query", "as a read", "beacon", "xhr", "the model"],
)
async def test_rendering_writes_nothing(
    visit: Visit, page: Page, realms: ServedRealms, write: str
) -> None:
    body = f"""constructor(owner, args) {{
      super(owner, args);
      const id = '{realms.origin}/town/ann';
      try {{ Promise.resolve({write}).catch(() => undefined); }} catch {{}}
    }}"""
    realms.files["town/writer.gts"] = definition("Writer", body=body)
    realms.card("town/writer-one", "./writer", "Writer")

    [writer] = await visit("town/writer-one")
    # What was sent before this has arrived.
    await page.evaluate("async (id) => { await fetch(id); }", f"{realms.origin}/town/ann")

    assert writer["status"] == "ready"
    assert {asked.method for asked in realms.asked} <= {"GET", "HEAD", "QUERY"}


async def test_questions_to_a_realm_say_which_job_asks(visit: Visit, realms: ServedRealms) -> None:
    realms.card("town/far", "./person", "Person")
    realms.card("town/clerk", "./person", "Person", links={"boss": "./far"})

    await visit("town/clerk", jobId="7.1", jobPriority=9)

    [asked] = realms.asked_for("_cards")
    stamped = {name: value for name, value in asked.headers.items() if name.startswith("x-boxel")}
    assert stamped.pop("x-boxel-logging-correlation-id")
    assert stamped == {
        "x-boxel-during-prerender": "1",
        "x-boxel-consuming-realm": f"{realms.origin}/town/",
        "x-boxel-job-id": "7.1",
        "x-boxel-job-priority": "9",
    }
    assert not any("x-boxel-job-id" in each.headers for each in realms.asked_for("_modules"))


async def test_a_linked_card_that_cannot_be_made_is_a_broken_link(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.card("town/far", "./persn", "Person")
    realms.card("town/clerk", "./person", "Person", links={"boss": "./far"})

    [clerk] = await visit("town/clerk")

    assert clerk["status"] == "ready"
    assert "town/persn was not found" in clerk["brokenLinks"][0]["reason"]
    assert f"{realms.origin}/town/persn" in clerk["dependencies"]["modules"]


async def test_a_repaired_module_is_seen_with_the_next_epoch(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["town/note.gts"] = definition("Note", template="before")
    realms.card("town/memo", "./note", "Note")
    await visit("town/memo")
    realms.files["town/note.gts"] = definition("Note", template="after")

    [memo] = await visit("town/memo")

    assert "after" in memo["html"]["isolated"]
