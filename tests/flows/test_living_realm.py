"""A realm that is edited while it is served: what changes with what, and what heals.

Real files, real Node, real Chromium, one process. Edits are made in the folder.
"""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.support.server import ANN, PERSON, Server, serving, write_people

pytestmark = pytest.mark.anyio
GREETING = """
  static isolated = class extends Component<typeof this> {
    <template><p>Hello {{@model.name}}, {{@model.friend.name}}</p></template>
  };
}
"""
GREETED = (
    PERSON.replace("CardDef, field", "CardDef, Component, field").rstrip().rstrip("}") + GREETING
)
LOOPING = PERSON.replace("return this.name;", "for (;;) {}")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    root = tmp_path / "people"
    write_people(root)
    async with serving(root, tmp_path / "state", watch=False, render_timeout_s=5) as server:
        await server.indexed()
        yield server


async def test_an_edited_card_and_whoever_shows_it_are_rendered_again(server: Server):
    (server.root / "person.gts").write_text(GREETED)
    await server.rescanned()
    bob = server.root / "Person" / "bob.json"
    bob.write_text(bob.read_text().replace("Bob", "Rob"))
    await server.rescanned()

    assert "Hello Ann, Rob" in await server.html("Person/ann")


async def test_an_edited_definition_renders_its_cards_again(server: Server):
    (server.root / "person.gts").write_text(GREETED)
    await server.rescanned()

    assert "Hello Ann, Bob" in await server.html("Person/ann")


async def test_a_broken_definition_keeps_the_last_good_cards_and_says_why(server: Server):
    good = await server.html("Person/ann")
    (server.root / "person.gts").write_text(PERSON + "}")
    await server.rescanned()

    data = await server.card("Person/ann")
    assert "person.gts" in str(data["meta"]["error"])
    assert data["attributes"]["cardTitle"] == "Ann"
    assert await server.html("Person/ann") == good

    (server.root / "person.gts").write_text(PERSON)
    await server.rescanned()
    assert "error" not in (await server.card("Person/ann"))["meta"]


async def test_a_card_heals_when_the_module_it_misses_appears(server: Server):
    (server.root / "dan.json").write_text(ANN.replace("../person", "./dog").replace("Ann", "Dan"))
    await server.rescanned()
    assert "dog" in str((await server.card("dan"))["meta"]["error"])

    (server.root / "dog.gts").write_text(PERSON)
    await server.rescanned()
    assert (await server.card("dan"))["attributes"]["cardTitle"] == "Dan"


WORD, BROKEN = "export const word = 'well';\n", "export const word = ;\n"
THROWING = WORD + "throw new Error('not today');\n"
INNER = "export { word } from './word';\n"
MIDDLE = "export { word as said } from './inner';\n"
OUTER = "import { said } from './middle';\n" + PERSON.replace("this.name", "said")


@pytest.mark.parametrize("source", [BROKEN, THROWING], ids=["broken", "throwing"])
@pytest.mark.parametrize(
    ("mended", "file"), [(WORD, "word.ts"), ("export const said = 'well';\n", "middle.ts")]
)
async def test_a_card_heals_with_what_is_far_below_its_definition(
    server: Server, source: str, mended: str, file: str
):
    (server.root / "word.ts").write_text(source)
    (server.root / "inner.ts").write_text(INNER)
    (server.root / "middle.ts").write_text(MIDDLE)
    (server.root / "outer.gts").write_text(OUTER)
    (server.root / "eve.json").write_text(ANN.replace("../person", "./outer"))
    await server.rescanned()
    assert "error" in (await server.card("eve"))["meta"]

    (server.root / file).write_text(mended)
    await server.rescanned()
    assert (await server.card("eve"))["attributes"]["cardTitle"] == "well"


async def test_a_missing_name_names_module_importer_and_a_near_miss(server: Server):
    (server.root / "dog.gts").write_text(PERSON.replace("linksTo", "linkTo"))
    (server.root / "rex.json").write_text(ANN.replace("../person", "./dog"))
    await server.rescanned()

    error = (await server.card("rex"))["meta"]["error"]
    assert (
        "`linkTo` is not exported by `@cardstack/base/card-api`, imported by `/dog.gts`. "
        "Did you mean `linksTo`?"
    ) in error["detail"]


async def test_a_card_that_loops_is_named_and_the_others_are_indexed(server: Server):
    (server.root / "loop.gts").write_text(LOOPING)
    (server.root / "eve.json").write_text(ANN.replace("../person", "./loop").replace("Ann", "Eve"))
    (server.root / "Person" / "fay.json").write_text(ANN.replace("Ann", "Fay"))
    await server.rescanned()

    assert (await server.card("Person/fay"))["attributes"]["cardTitle"] == "Fay"
    assert "error" in (await server.card("eve"))["meta"]


async def test_a_removed_card_leaves_a_broken_link_and_no_error(server: Server):
    (server.root / "Person" / "bob.json").unlink()
    await server.rescanned()

    data = await server.card("Person/ann")
    assert data["relationships"]["friend"]["links"]["self"] == "./bob"
    assert [link["field"] for link in data["meta"]["brokenLinks"]] == ["friend"]


async def test_what_changed_while_the_server_was_away_is_found_at_its_start(tmp_path: Path):
    root = tmp_path / "people"
    write_people(root)
    async with serving(root, tmp_path / "state") as first:
        await first.indexed()
        port = int(first.url.rpartition(":")[2])
    bob = root / "Person" / "bob.json"
    bob.write_text(bob.read_text().replace("Bob", "Rob"))

    async with serving(root, tmp_path / "state", port=port) as second:
        await second.indexed()
        assert (await second.card("Person/bob"))["attributes"]["cardTitle"] == "Rob"


async def test_artefacts_of_another_renderer_are_made_again(tmp_path: Path):
    root, state = tmp_path / "people", tmp_path / "state"
    write_people(root)
    async with serving(root, state) as first:
        await first.indexed()
        before = (await first.card("Person/ann"))["meta"]["generation"]
        port = int(first.url.rpartition(":")[2])
    (state / "rendered-with").write_text("an older one")

    async with serving(root, state, port=port) as second:
        await second.app.renewed()
        assert (await second.card("Person/ann"))["meta"]["generation"] > before
