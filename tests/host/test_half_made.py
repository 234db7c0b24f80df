"""Cards that are known while something of them is still on its way."""

import pytest

from .conftest import Visit
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio

STOP = """
import { CardDef, Component, FieldDef, contains, field, linksTo } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Sign extends FieldDef {}
export class Stop extends CardDef {
  @field label = contains(StringField);
  @field sign = contains(Sign);
  @field next = linksTo(() => Stop);
  @field hub = linksTo(() => Stop);
  @field loud = contains(StringField, { computeVia: function () { return this.label.toUpperCase(); } });
  static isolated = class Isolated extends Component {
    <template>{{@model.next.label}} {{@model.next.next.loud}} {{@model.hub.loud}}</template>
  };
}
"""
NEON = "import { Sign } from './stop'; export class Neon extends Sign {}"


async def test_a_card_is_shown_when_all_of_it_is_here(visit: Visit, realms: ServedRealms) -> None:
    realms.files["town/stop.gts"] = STOP
    realms.files["town/neon.gts"] = NEON
    links = {"next": "./pier", "hub": "./hub"}
    realms.card("town/home", "./stop", "Stop", label="home", links=links)
    realms.card("town/pier", "./stop", "Stop", label="pier", links={"next": "./hub"})
    # Its sign is of a class whose module has to be fetched, when the pier is long made.
    signs = {"sign": {"adoptsFrom": {"module": "./neon", "name": "Neon"}}}
    realms.card("town/hub", "./stop", "Stop", label="hub", sign={}, fields=signs)

    [home] = await visit("town/home", formats=["isolated"])

    assert home["error"] is None
    assert "pier HUB HUB" in home["html"]["isolated"]
