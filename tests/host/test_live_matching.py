"""Filters asked of live cards of an open page: the table that the databases are asked of."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from .cards import PERSON
from .conftest import Visit
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio

TABLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "query/cases.json").read_text())
HERE = "http://h"
"""The origin of the table's cards."""

DEFINITIONS = """
import { CardDef, FieldDef, contains, containsMany, field, linksTo, linksToMany } from '@cardstack/base/card-api';
import BigIntegerField from '@cardstack/base/big-integer';
import BooleanField from '@cardstack/base/boolean';
import CodeRefField from '@cardstack/base/code-ref';
import DateField from '@cardstack/base/date';
import DatetimeField from '@cardstack/base/datetime';
import EmailField from '@cardstack/base/email';
import NumberField from '@cardstack/base/number';
import PhoneNumberField from '@cardstack/base/phone-number';
import StringField from '@cardstack/base/string';

export class Address extends FieldDef {
  @field city = contains(StringField);
}
export class Visit extends FieldDef {
  @field place = contains(StringField);
  @field cost = contains(NumberField);
}
export class Person extends CardDef {
  @field name = contains(StringField);
  @field age = contains(NumberField);
  @field isGood = contains(BooleanField);
  @field born = contains(DateField);
  @field met = contains(DatetimeField);
  @field mail = contains(EmailField);
  @field phone = contains(PhoneNumberField);
  @field bio = contains(StringField);
  @field account = contains(BigIntegerField);
  @field kind = contains(CodeRefField);
  @field tags = containsMany(StringField);
  @field scores = containsMany(NumberField);
  @field address = contains(Address);
  @field visits = containsMany(Visit);
  @field owner = linksTo(() => Person, { searchable: true });
  @field friends = linksToMany(() => Person, { searchable: true });
}
export class Employee extends Person {
  @field salary = contains(NumberField);
}
"""
PLANET = """
import { CardDef, contains, field } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
export class Planet extends CardDef {
  @field name = contains(StringField);
}
"""
ABSENT = ("isGood", "address")
"""What a document that does not say it reads as a value: these say null."""

ASK = """async ([ids, filters]) => {
  const { matches } = await import(RUNTIME_COMMON);
  globalThis.matches = matches;
  const cards = await Promise.all(ids.map((id) => store.load(id)));
  for (const card of cards) matches(card, {});
  await store.settled();
  return filters.map((filter) => cards.map((card) => matches(card, filter) ?? null));
}"""


async def ask(
    live: Page, realms: ServedRealms, ids: list[str], filters: list[Any]
) -> list[list[bool | None]]:
    """What each filter says of each card, as JSON has it: null for undefined."""
    file = f"/_host/{realms.host['modules']['@cardstack/runtime-common']['file']}"
    return await live.evaluate(ASK.replace("RUNTIME_COMMON", json.dumps(file)), [ids, filters])


def serve(realms: ServedRealms, doc: dict[str, Any], type_key: str) -> None:
    """Serve the card that a search doc is of, and the cards it links to."""
    path = doc["id"].removeprefix(f"{realms.origin}/")
    members: dict[str, Any] = {
        name: doc.get(name) for name in (*ABSENT, *doc) if name[0] != "_" and name != "id"
    }
    members["cardInfo"] = {"name": doc.get("_title")}
    links: dict[str, str] = {}
    for name in ("owner", "friends"):
        linked = members.pop(name, None)
        for at, each in enumerate(linked if isinstance(linked, list) else []):
            links[f"{name}.{at}"] = each["id"]
            serve(realms, each, f"{realms.origin}/people/person/Person")
        if isinstance(linked, dict):
            links[name] = linked["id"]
            serve(realms, linked, f"{realms.origin}/people/person/Person")
    if members.get("met"):
        members["met"] += ":00.000Z"
    if members.get("account"):
        members["account"] = str(members["account"])
    if kind := members.get("kind"):
        members["kind"] = dict(zip(("module", "name"), kind.rsplit("/", 1), strict=True))
    module, _, name = type_key.rpartition("/")
    realms.card(path, module, name, links=links, **members)


async def test_live_cards_are_found_as_the_table_says(live: Page, realms: ServedRealms) -> None:
    realms.files["people/person.gts"] = DEFINITIONS
    realms.files["people/planet.gts"] = PLANET
    table = json.loads(json.dumps(TABLE).replace(HERE, realms.origin))
    # No definition makes the values that the odd one has.
    cards = [card for card in table["cards"] if card["name"] != "odd"]
    names = [card["name"] for card in cards]
    for card in cards:
        serve(realms, card["doc"], card["types"][0])
    # Only files have the flag.
    cases = [case for case in table["cases"] if "_isCardInstanceFile" not in json.dumps(case)]

    asked = [*(case["filter"] for case in cases), *table["refused"]]
    answers = await ask(live, realms, [card["doc"]["id"] for card in cards], asked)

    for case, verdicts in zip(cases, answers[: len(cases)], strict=True):
        # Here every linked card is loaded, so that nothing but words is the server's to look for.
        unknown = case["unresolvable"] if '"matches"' in json.dumps(case) else []
        expected = {name: None if name in unknown else name in case["finds"] for name in names}
        assert dict(zip(names, verdicts, strict=True)) == expected, case["filter"]
    for filter, verdicts in zip(table["refused"], answers[len(cases) :], strict=True):
        assert True not in verdicts, filter


COMPUTED = "return `${this.firstName} ${this.lastName}`;"


async def test_what_rests_on_a_link_is_unknown_until_its_card_is_here(
    live: Page, realms: ServedRealms
) -> None:
    realms.files["town/person.gts"] = PERSON.replace(COMPUTED, "return this.boss?.firstName;")
    realms.card("town/bob", "./person", "Person", firstName="Bob")
    realms.card("town/ann", "./person", "Person", firstName="Ann", links={"boss": "./bob"})
    person = {"module": f"{realms.origin}/town/person", "name": "Person"}
    filters = [
        {"on": person, "eq": {"firstName": "Ann"}},
        {"on": person, "eq": {"boss.firstName": "Bob"}},
        {"on": person, "eq": {"fullName": "Bob"}},
        {"on": person, "not": {"eq": {"fullName": "Bob"}}},
        {"on": person, "eq": {"boss.id": f"{realms.origin}/town/bob"}},
    ]
    first = """async ([id, filters, file]) => {
      const [{ matches }, card] = [await import(file), await store.load(id)];
      return filters.map((filter) => matches(card, filter) ?? null);
    }"""
    ann = f"{realms.origin}/town/ann"
    file = f"/_host/{realms.host['live']}"

    assert await live.evaluate(first, [ann, filters, file]) == [True, None, None, None, True]
    await live.evaluate("() => store.settled()")
    assert await live.evaluate(first, [ann, filters, file]) == [True, True, True, False, True]


async def test_an_edit_that_is_not_saved_is_asked_about(live: Page, realms: ServedRealms) -> None:
    realms.files["town/person.gts"] = PERSON
    realms.card("town/ann", "./person", "Employee", firstName="Ann", lastName="Lee")
    module = f"{realms.origin}/town/person.gts"
    filters = [
        {"on": {"module": module, "name": "Person"}, "eq": {"fullName": "Anna Lee"}},
        {"type": {"module": module, "name": "Employee"}},
        {"not": {"type": {"module": "@cardstack/base/card-api", "name": "FileDef"}}},
    ]
    ann = f"{realms.origin}/town/ann"

    assert await ask(live, realms, [ann], filters) == [[False], [True], [True]]
    edited = """async ([id, filter]) => {
      (await store.load(id)).firstName = 'Anna';
      return matches(await store.load(id), filter);
    }"""
    assert await live.evaluate(edited, [ann, filters[0]]) is True


async def test_a_type_of_a_module_that_is_not_here_is_for_the_server_to_say(
    live: Page, realms: ServedRealms
) -> None:
    realms.files["town/person.gts"] = PERSON
    realms.files["town/index.gts"] = "export { Person as Citizen } from './person';"
    realms.files["town/all.gts"] = "export * from './index';"
    realms.card("town/ann", "./person", "Employee", firstName="Ann")
    realms.card("town/bob", "./index", "Citizen", firstName="Bob")
    ann, bob = f"{realms.origin}/town/ann", f"{realms.origin}/town/bob"
    refs = [
        {"module": f"{realms.origin}/town/{module}", "name": name}
        for module, name in [("index", "Citizen"), ("all", "Citizen"), ("person", "Employee")]
    ]
    filters = [{"on": ref, "eq": {"firstName": "Ann"}} for ref in refs]

    assert await ask(live, realms, [ann], filters) == [[None], [None], [True]]
    # With Bob comes the module that passes his definition on.
    assert await ask(live, realms, [ann, bob], filters) == [
        [True, False],
        [None, None],
        [True, False],
    ]


async def test_what_a_card_shows_of_an_answer_follows_its_links(
    visit: Visit, realms: ServedRealms
) -> None:
    ref = f"{{ module: '{realms.origin}/town/person', name: 'Person' }}"
    realms.files["town/person.gts"] = (
        "import { matches } from '@cardstack/runtime-common';"
        f"const BY_BOB = {{ on: {ref}, eq: {{ 'boss.firstName': 'Bob' }} }};"
    ) + PERSON.replace(
        '<div class="boss"><@fields.boss /></div>', "<i>{{this.isByBob}}</i>"
    ).replace(
        "class Isolated extends Component {",
        "class Isolated extends Component {"
        " get isByBob() { return String(matches(this.args.model, BY_BOB)); }",
    )
    realms.card("town/bob", "./person", "Person", firstName="Bob")
    realms.card("town/ann", "./person", "Person", firstName="Ann", links={"boss": "./bob"})

    ann, bob = await visit("town/ann", "town/bob")

    assert ann["error"] is None
    assert ">true</i>" in ann["html"]["isolated"]
    assert ">false</i>" in bob["html"]["isolated"]
