"""The live store: edits are saved, conflicts are noticed, announcements are followed."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, Request, Route

from .cards import PERSON
from .served_realms import ServedRealms
from .store_events import heard

pytestmark = pytest.mark.anyio

ROOM = """
import { CardDef, FieldDef, contains, containsMany, field } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Size extends FieldDef {
  @field width = contains(StringField);
  @field said = contains(StringField, { computeVia: function () { return `${this.width} m`; } });
}
export class Room extends CardDef {
  @field size = contains(Size);
  @field doors = containsMany(Size);
}
"""
OPEN = "async (id) => { globalThis.card = await store.load(id); return card.firstName; }"
FOLLOW = "realm => { store.follow(realm); }"
FLUSH = "() => store.flush()"
STATE = "id => store.saveState(id).status"
LOSE = """ending => {
  globalThis.lost = hold('PATCH', ending);
  const held = globalThis.fetch;
  globalThis.fetch = async (url, options) => {
    const answer = await held(url, options);
    if (options?.method === 'PATCH') throw new TypeError('The network is gone.');
    return answer;
  };
}"""


@pytest.fixture
def ann(realms: ServedRealms) -> str:
    realms.files["town/person.gts"] = PERSON
    realms.card("town/ann", "./person", "Person", firstName="Ann", lastName="Lee")
    return f"{realms.origin}/town/ann"


def attributes(realms: ServedRealms, path: str) -> dict[str, Any]:
    return json.loads(realms.files[f"{path}.json"])["data"]["attributes"]


async def test_waiting_for_what_is_never_said_ends_with_what_was_said(live: Page, ann: str) -> None:
    await live.evaluate(OPEN, ann)
    await live.evaluate("card.firstName = 'Anna'")

    with pytest.raises(
        pytest.fail.Exception, match=r"not said `removed` 1 times .* said \['unsaved"
    ):
        await heard(live, "removed", limit_s=0)


async def test_an_edit_is_saved_by_itself(live: Page, realms: ServedRealms, ann: str) -> None:
    await live.evaluate(OPEN, ann)

    await live.evaluate("card.firstName = 'Anna'")
    assert await live.evaluate(STATE, ann) == "unsaved"
    await heard(live, "save-state", status="saved")

    assert attributes(realms, "town/ann") == {"firstName": "Anna", "lastName": "Lee"}


async def test_only_what_was_touched_is_sent(live: Page, realms: ServedRealms, ann: str) -> None:
    await live.evaluate(OPEN, ann)

    await live.evaluate("card.firstName = 'Anna'")
    await live.evaluate(FLUSH)

    [patch] = [asked for asked in realms.asked if asked.method == "PATCH"]
    assert patch.body["data"]["attributes"] == {"firstName": "Anna"}
    assert patch.headers["x-boxel-client-request-id"]


async def test_a_change_to_another_field_is_no_conflict(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    await live.evaluate("card.firstName = 'Anna'")
    await live.evaluate(FLUSH)
    realms.edit("town/ann", lastName="Day")

    await live.evaluate("card.firstName = 'Annie'")
    await live.evaluate(FLUSH)

    assert attributes(realms, "town/ann") == {"firstName": "Annie", "lastName": "Day"}
    assert await live.evaluate("card.lastName") == "Day"


async def test_what_another_wrote_while_a_save_was_indexed_is_shown(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    realms.meanwhile["town/ann"] = {"lastName": "Day"}

    await live.evaluate("card.firstName = 'Anna'")
    await live.evaluate(FLUSH)

    assert await live.evaluate("[card.firstName, card.lastName]") == ["Anna", "Day"]
    assert await live.evaluate(STATE, ann) == "saved"


async def test_an_edit_of_what_another_wrote_while_a_save_was_indexed_waits_for_a_decision(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    realms.meanwhile["town/ann"] = {"lastName": "Day"}
    await live.evaluate("globalThis.held = hold('PATCH', 'town/ann'); card.firstName = 'Anna'")
    await live.evaluate("() => { globalThis.saving = store.flush(); return held.reached; }")

    await live.evaluate("() => { card.lastName = 'Mine'; held.release(); return saving; }")
    await live.evaluate(FLUSH)

    assert await live.evaluate(STATE, ann) == "conflict"
    assert await live.evaluate("card.lastName") == "Mine"
    assert attributes(realms, "town/ann") == {"firstName": "Anna", "lastName": "Day"}


async def test_the_same_field_written_by_another_while_a_save_was_indexed_is_shown(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    realms.meanwhile["town/ann"] = {"firstName": "Theirs"}

    await live.evaluate("card.firstName = 'Mine'")
    await live.evaluate(FLUSH)

    assert await live.evaluate("card.firstName") == "Theirs"
    assert await live.evaluate(STATE, ann) == "saved"


async def test_typing_on_over_what_another_wrote_while_a_save_was_indexed_waits_for_a_decision(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    realms.meanwhile["town/ann"] = {"firstName": "Theirs", "lastName": "Day"}
    await live.evaluate("globalThis.held = hold('PATCH', 'town/ann'); card.firstName = 'Mine'")
    await live.evaluate("() => { globalThis.saving = store.flush(); return held.reached; }")

    await live.evaluate("() => { card.firstName = 'Mine too'; held.release(); return saving; }")
    await live.evaluate(FLUSH)

    assert await live.evaluate(STATE, ann) == "conflict"
    assert await live.evaluate("[card.firstName, card.lastName]") == ["Mine too", "Day"]
    assert attributes(realms, "town/ann")["firstName"] == "Theirs"
    await live.evaluate("id => store.keepMine(id)", ann)
    assert attributes(realms, "town/ann")["firstName"] == "Mine too"


async def test_typing_on_while_the_answer_to_a_save_is_lost_is_no_conflict(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    await live.evaluate(LOSE, "town/ann")
    await live.evaluate("card.firstName = 'Mine'")
    await live.evaluate("() => { globalThis.saving = store.flush(); return lost.reached; }")

    await live.evaluate("() => { card.firstName = 'Mine too'; lost.release(); return saving; }")
    assert await live.evaluate(STATE, ann) == "failed"
    await live.evaluate(FLUSH)

    assert await live.evaluate(STATE, ann) == "saved"
    assert attributes(realms, "town/ann")["firstName"] == "Mine too"


async def test_a_change_to_the_same_field_waits_for_a_decision(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    realms.edit("town/ann", firstName="Theirs")
    await live.evaluate("card.firstName = 'Mine'")
    await live.evaluate(FLUSH)

    assert await live.evaluate(STATE, ann) == "conflict"
    assert attributes(realms, "town/ann")["firstName"] == "Theirs"


async def test_what_a_value_computes_is_nobodys_change(live: Page, realms: ServedRealms) -> None:
    realms.files["town/room.gts"] = ROOM
    realms.card("town/hall", "./room", "Room", size={"width": "3"}, doors=[{"width": "1"}])
    hall = f"{realms.origin}/town/hall"
    # It is shown as it was before the index had run its code.
    await live.evaluate(OPEN, hall)
    realms.edit(
        "town/hall", size={"width": "3", "said": "3 metres"}, doors=[{"width": "1", "said": "1 m"}]
    )

    await live.evaluate("card.size.width = '4'; card.doors[0].width = '2'")
    await live.evaluate(FLUSH)

    assert await live.evaluate(STATE, hall) == "saved"
    [patch] = [asked for asked in realms.asked if asked.method == "PATCH"]
    assert patch.body["data"]["attributes"] == {"size": {"width": "4"}, "doors": [{"width": "2"}]}


@pytest.mark.parametrize(("decision", "kept"), [("keepMine", "Mine"), ("takeTheirs", "Theirs")])
async def test_a_conflict_is_settled_either_way(
    live: Page, realms: ServedRealms, ann: str, decision: str, kept: str
) -> None:
    await live.evaluate(OPEN, ann)
    realms.edit("town/ann", firstName="Theirs")
    await live.evaluate("card.firstName = 'Mine'")
    await live.evaluate(FLUSH)

    await live.evaluate("([decision, id]) => store[decision](id)", [decision, ann])

    assert await live.evaluate("card.firstName") == kept
    assert attributes(realms, "town/ann")["firstName"] == kept
    assert await live.evaluate(STATE, ann) == "saved"


async def test_an_announced_card_is_refilled_in_place(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    await live.evaluate(FOLLOW, f"{realms.origin}/town/")
    await heard(live, "connection")
    realms.edit("town/ann", firstName="Anna")

    realms.announce("town/ann")
    await heard(live, "reloaded")

    assert await live.evaluate("card.firstName") == "Anna"
    assert await live.evaluate("id => store.peek(id) === card", ann)


async def test_a_card_that_is_being_edited_is_left_alone(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    await live.evaluate(FOLLOW, f"{realms.origin}/town/")
    await heard(live, "connection")
    realms.edit("town/ann", firstName="Theirs")
    await live.evaluate("card.firstName = 'Mine'")

    realms.announce("town/ann")
    await heard(live, "indexed")

    assert await live.evaluate("card.firstName") == "Mine"


async def test_a_card_that_is_gone_is_announced(live: Page, realms: ServedRealms, ann: str) -> None:
    await live.evaluate(OPEN, ann)
    await live.evaluate(FOLLOW, f"{realms.origin}/town/")
    await heard(live, "connection")
    del realms.files["town/ann.json"]

    realms.announce("town/ann")
    await heard(live, "removed")

    assert await live.evaluate("id => store.peek(id) === undefined", ann)


async def test_a_changed_definition_makes_every_instance_out_of_date(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    await live.evaluate(OPEN, ann)
    await live.evaluate(FOLLOW, f"{realms.origin}/town/")
    await heard(live, "connection")
    realms.files["town/person.gts"] = PERSON.replace("`${this.firstName}", "`Dr ${this.firstName}")

    realms.announce("town/person.gts", "town/ann")
    await heard(live, "definitions-changed")

    again = "async id => { const again = await store.load(id); return [again === card, again.fullName]; }"
    assert await live.evaluate(again, ann) == [False, "Dr Ann Lee"]


async def test_concurrent_loads_of_one_card_are_one_request(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    load = "async id => { const [a, b] = await Promise.all([store.load(id), store.load(id)]); return a === b; }"
    assert await live.evaluate(load, ann)
    assert len(realms.asked_for("_cards")) == 1


async def test_a_failed_load_can_be_tried_again(live: Page, realms: ServedRealms, ann: str) -> None:
    late = f"{realms.origin}/town/late"
    refusal = await live.evaluate("id => store.load(id).catch((error) => error.status)", late)
    realms.card("town/late", "./person", "Person", firstName="Late")

    assert refusal == 404
    assert await live.evaluate("async id => (await store.load(id)).firstName", late) == "Late"


async def test_saving_linked_cards_in_turn_is_never_refused(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    realms.card("town/bob", "./person", "Person", firstName="Bob", links={"boss": "./ann"})
    await live.evaluate(OPEN, ann)
    await live.evaluate("async id => { globalThis.bob = await store.load(id); }", ann[:-3] + "bob")

    for turn in range(3):
        await live.evaluate(
            "turn => { bob.firstName = `Bob ${turn}`; card.firstName = `Ann ${turn}`; }", turn
        )
        await live.evaluate(FLUSH)

    assert attributes(realms, "town/bob")["firstName"] == "Bob 2"
    assert attributes(realms, "town/ann")["firstName"] == "Ann 2"
    # A save that is refused is tried again, so it would count twice.
    assert len([asked for asked in realms.asked if asked.method == "PATCH"]) == 6


async def test_an_edit_that_no_typing_could_save_is_taken_back(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    realms.forbidden.add("town/ann")
    await live.evaluate(OPEN, ann)

    await live.evaluate("card.firstName = 'Anna'")
    assert await live.evaluate("card.firstName") == "Anna"
    await live.evaluate(FLUSH)

    assert await live.evaluate("card.firstName") == "Ann"
    state = await live.evaluate("id => store.saveState(id)", ann)
    assert (state["status"], state["isTakenBack"]) == ("failed", True)
    assert state["message"] == "You may not write."


async def test_a_save_that_is_refused_for_a_new_version_each_time_ends(
    live: Page, realms: ServedRealms, ann: str
) -> None:
    async def always_changed(route: Route) -> None:
        if route.request.method == "PATCH":
            refusals.append(route.request)
            await route.fulfill(status=412, json={"errors": [{"detail": "It changed."}]})
        else:
            await route.continue_()

    refusals: list[Request] = []
    await live.route("**/town/ann", always_changed)
    await live.evaluate(OPEN, ann)
    await live.evaluate("card.firstName = 'Anna'")
    await live.evaluate(FLUSH)

    assert await live.evaluate(STATE, ann) == "failed"
    assert await live.evaluate("card.firstName") == "Anna"
    assert len(refusals) == 4
