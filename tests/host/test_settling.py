"""When a page is at rest: after what its loads loaded, and not never."""

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
