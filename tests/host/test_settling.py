"""When a page is at rest: after what its loads loaded, and not never."""

import re

import pytest

from .conftest import Visit
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio

LINK = """
import { CardDef, Component, contains, field, linksTo } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Link extends CardDef {
  @field label = contains(StringField);
  @field next = linksTo(() => Link);
  static embedded = class Embedded extends Component {
    <template><i>{{@model.label}}</i>{{#if @model.next}}<@fields.next @format="embedded" />{{/if}}</template>
  };
  static isolated = Link.embedded;
}
"""


def chain(realms: ServedRealms, length: int) -> None:
    realms.files["town/link.gts"] = LINK
    for number in range(length):
        links = {"next": f"./l{number + 1}"}
        realms.card(f"town/l{number}", "./link", "Link", label=str(number), links=links)


async def test_a_page_is_at_rest_when_what_it_loaded_has_loaded_the_rest(
    visit: Visit, realms: ServedRealms
) -> None:
    chain(realms, 6)

    [first] = await visit("town/l0", formats=["isolated"])

    assert [f"<i>{number}</i>" in first["html"]["isolated"] for number in range(6)] == [True] * 6


async def test_a_chain_that_never_ends_is_left_after_twenty_passes(
    visit: Visit, realms: ServedRealms
) -> None:
    chain(realms, 40)

    [first] = await visit("town/l0", formats=["isolated"])

    assert first["status"] == "ready"
    assert 15 < first["html"]["isolated"].count("<i>") < 25


STOP = """
import { CardDef, Component, contains, field, linksTo } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Stop extends CardDef {
  @field label = contains(StringField);
  @field next = linksTo(() => Stop);
  @field ferry = linksTo(() => Stop);
  @field train = linksTo(() => Stop);
  static isolated = class Isolated extends Component {
    <template>
      {{@model.ferry.next.train.label}}
      {{@model.train.label}}
      {{#if @model.ferry.next}}{{@model.train.next.ferry.label}}{{/if}}
    </template>
  };
}
"""


async def test_a_link_to_a_card_that_is_here_is_followed_at_once(
    visit: Visit, realms: ServedRealms
) -> None:
    realms.files["town/stop.gts"] = STOP

    def stop(name: str, **links: str) -> None:
        realms.card(f"town/{name}", "./stop", "Stop", label=name, links=links)

    stop("home", ferry="./pier", train="./station")
    stop("pier", next="./hub")
    stop("station", next="./hub")
    stop("hub", train="./east", ferry="./west")
    stop("east")
    stop("west")

    [home] = await visit("town/home", formats=["isolated"])

    assert re.findall(r"\b(?:east|station|west)\b", home["html"]["isolated"]) == [
        "east",
        "station",
        "west",
    ]
    asked = [
        [id.rsplit("/", 1)[1] for id in each.body["ids"]] for each in realms.asked_for("_cards")
    ]
    assert asked == [["pier", "station"], ["hub"], ["east", "west"]]
