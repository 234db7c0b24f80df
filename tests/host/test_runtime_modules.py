"""What card code may import besides the card API, used in real cards."""

import pytest

from .conftest import Visit
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio

CARD = """
import {{ CardDef, Component, contains, field }} from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
{imports}
export class Sample extends CardDef {{
  @field title = contains(StringField);
  static isolated = class Isolated extends Component {{
    {body}
    <template>{template}</template>
  }};
}}
"""

SAMPLES = {
    "tracked state of a component": (
        "import { tracked } from '@glimmer/tracking';",
        "@tracked count = 40; get next() { return this.count + 2; }",
        "{{this.next}}",
        "42",
    ),
    "a nested component": (
        "import GlimmerComponent from '@glimmer/component';\n"
        "class Badge extends GlimmerComponent { <template><b ...attributes>{{@label}}</b></template> }",
        "",
        "<Badge @label='new' class='badge' />",
        '<b class="badge">new</b>',
    ),
    "actions and modifiers": (
        "import { action } from '@ember/object'; import { on } from '@ember/modifier';\n"
        "import { fn, concat } from '@ember/helper';",
        "@action press() {}",
        "<button {{on 'click' (fn this.press 1)}}>{{concat 'a' 'b'}}</button>",
        "<button>ab</button>",
    ),
    "a modifier of one's own": (
        "import { modifier } from 'ember-modifier';\n"
        "const mark = modifier((element) => { element.dataset.marked = 'yes'; });",
        "",
        "<i {{mark}}></i>",
        '<i data-marked="yes"></i>',
    ),
    "tracked collections": (
        "import { TrackedMap, TrackedArray } from 'tracked-built-ins';",
        "map = new TrackedMap([['a', 1]]); list = new TrackedArray([1, 2]);\n"
        "get sum() { return this.map.get('a') + this.list.length; }",
        "{{this.sum}}",
        "3",
    ),
    "tasks": (
        "import { task, restartableTask } from 'ember-concurrency';",
        "load = restartableTask(async () => { await Promise.resolve(); });\n"
        "get state() { return this.load.isRunning ? 'running' : 'idle'; }",
        "{{this.state}}",
        "idle",
    ),
    "safe strings": (
        "import { htmlSafe } from '@ember/template';",
        "html = htmlSafe('<em>safe</em>');",
        "{{this.html}}",
        "<em>safe</em>",
    ),
    "helpers": (
        "import { cn, eq, not, or, formatCurrency, formatDateTime, currencyFormat, substring }\n"
        "  from '@cardstack/boxel-ui/helpers';",
        "",
        "<p class={{cn 'a' b=true c=false}}>{{if (not (eq 1 2)) (or '' 'x')}} {{formatCurrency 1234.5}}"
        " {{formatDateTime '2024-02-03' kind='date'}} {{substring 'abcdef' 1 3}}</p>",
        '<p class="a b">x $1,234.50 Feb 3, 2024 bc</p>',
    ),
    "components": (
        "import { Pill, Button, FieldContainer, BoxelInput } from '@cardstack/boxel-ui/components';",
        "",
        "<Pill @variant='primary'>paid</Pill><Button @kind='primary'>Go</Button>"
        "<FieldContainer @label='Name'><BoxelInput @value='Ann' /></FieldContainer>",
        "paid",
    ),
    "icons": (
        "import { IconPlus } from '@cardstack/boxel-ui/icons';",
        "",
        "<IconPlus @width='20' class='plus' />",
        'width="20"',
    ),
    "names of runtime-common": (
        "import { Command, realmURL, codeRef } from '@cardstack/runtime-common';\n"
        "class Send extends Command {}",
        "get realm() { return this.args.model[realmURL].pathname; }",
        "{{this.realm}}",
        "/town/",
    ),
}


@pytest.mark.parametrize("what", SAMPLES)
async def test_card_code_may_use(visit: Visit, realms: ServedRealms, what: str) -> None:
    imports, body, template, shown = SAMPLES[what]
    realms.files["town/sample.gts"] = CARD.format(imports=imports, body=body, template=template)
    realms.card("town/one", "./sample", "Sample")

    [one] = await visit("town/one", formats=["isolated"])

    assert one["error"] is None
    assert shown in one["html"]["isolated"]
