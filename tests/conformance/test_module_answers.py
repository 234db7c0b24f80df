"""What a module GET answers, scenario by scenario: see docs/conformance.md.

The scenarios that other folders test under another name are listed there.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tests.support.server import ANN, Server

from realmkit.http.negotiation import SOURCE

pytestmark = pytest.mark.anyio


@dataclass
class Asked:
    """Asks for modules, and remembers how the last answer was come by."""

    server: Server

    def put(self, path: str, text: str) -> Path:
        file = self.server.root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    async def write(self, path: str, text: str) -> None:
        answer = await self.server.client.post(
            f"/people/{path}", content=text, headers={"Accept": SOURCE}
        )
        assert answer.status_code < 300, answer.text

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.server.client.get(f"/people/{path}", headers=headers)

    async def cache(self, path: str) -> str:
        return (await self.get(path)).headers["x-boxel-cache"]


@pytest.fixture
def ask(server: Server) -> Asked:
    return Asked(server)


async def test_a_nested_module_asked_for_without_extension_names_its_file(ask: Asked):
    """2. The canonical path is the full address, with extension."""
    ask.put("deep/nested.gts", "export const a = 1;")

    answer = await ask.get("deep/nested")

    path = answer.headers["x-boxel-canonical-path"]
    assert path == f"{ask.server.realm_url}deep/nested.gts"


async def test_a_module_may_be_kept_and_has_to_be_revalidated(ask: Asked):
    """3. Our ETags are quoted."""
    ask.put("kept.ts", "export const a = 1;")

    answer = await ask.get("kept")

    assert answer.headers["cache-control"] == "public, max-age=0"
    assert answer.headers["etag"][0] == answer.headers["etag"][-1] == '"'


async def test_a_write_makes_a_warm_module_cold_once(ask: Asked):
    """4. Miss, hit, write, miss with the new body, hit."""
    await ask.write("warm.ts", "export const a = 1;")
    assert [await ask.cache("warm") for _ in range(2)] == ["miss", "hit"]

    await ask.write("warm.ts", "export const a = 2;")

    answer = await ask.get("warm")
    assert (answer.headers["x-boxel-cache"], "a = 2" in answer.text) == ("miss", True)
    assert await ask.cache("warm") == "hit"


async def test_who_holds_a_warm_module_is_told_so_from_memory(ask: Asked):
    """5. 304, `hit`, the etag again, no body."""
    ask.put("held.ts", "export const a = 1;")
    etag = (await ask.get("held")).headers["etag"]
    await ask.get("held")

    answer = await ask.get("held", **{"If-None-Match": etag})

    assert (answer.status_code, answer.content) == (304, b"")
    assert (answer.headers["x-boxel-cache"], answer.headers["etag"]) == ("hit", etag)


async def test_who_holds_a_cold_module_is_told_so_as_well(ask: Asked):
    """6. 304, `miss`."""
    ask.put("cold.ts", "export const a = 1;")
    etag = (await ask.get("cold")).headers["etag"]
    ask.put("cold.ts", "export const a = 'another';")
    await ask.get("cold")
    ask.put("cold.ts", "export const a = 1;")

    answer = await ask.get("cold", **{"If-None-Match": etag})

    assert (answer.status_code, answer.headers["x-boxel-cache"]) == (304, "miss")


async def test_a_sources_validator_is_no_validator_of_the_module(ask: Asked):
    """7. 200, and the etags differ."""
    ask.put("two.ts", "export const a = 1;")
    source = (await ask.get("two.ts", Accept=SOURCE)).headers["etag"]

    answer = await ask.get("two.ts", **{"If-None-Match": source})

    assert answer.status_code == 200
    assert answer.headers["etag"] != source


@pytest.mark.parametrize("accept", [SOURCE, "*/*"], ids=["source", "module"])
async def test_bodies_that_differ_are_told_apart_in_the_same_second(ask: Asked, accept: str):
    """8 and 9. Two bodies of one length and one modification time."""
    file = ask.put("second.ts", "export const a = 1;")
    times = file.stat()
    old = (await ask.get("second.ts", Accept=accept)).headers["etag"]
    # Replaced, as editors do it; the clock of the file is set back.
    beside = ask.put("second.new", "export const a = 2;")
    os.utime(beside, ns=(times.st_atime_ns, times.st_mtime_ns))
    beside.replace(file)

    answer = await ask.get("second.ts", Accept=accept, **{"If-None-Match": old})

    assert (answer.status_code, "a = 2" in answer.text) == (200, True)


async def test_a_write_of_what_is_imported_makes_its_importer_cold_once(ask: Asked):
    """11. The importer's text changes with it: it names the new version."""
    await ask.write("imported.ts", "export const a = 1;")
    await ask.write("importer.ts", "export { a } from './imported';")
    before = (await ask.get("importer")).text
    assert await ask.cache("importer") == "hit"

    await ask.write("imported.ts", "export const a = 2;")

    after = await ask.get("importer")
    assert (after.headers["x-boxel-cache"], after.text == before) == ("miss", False)
    # Nothing of the importer itself was made again.
    assert after.headers["x-realmkit-cache-layer"] == "l1"
    assert await ask.cache("importer") == "hit"


async def test_a_dotted_name_is_no_extension(ask: Asked):
    """12 and 13."""
    ask.put("hello.test.gts", "export const a = 1;")

    found, missing = await ask.get("hello.test"), await ask.get("hello.test.js")

    path = found.headers["x-boxel-canonical-path"]
    assert path == f"{ask.server.realm_url}hello.test.gts"
    assert (missing.status_code, missing.json()["errors"][0]["status"]) == (404, "404")


async def test_a_module_comes_before_the_card_of_its_name(ask: Asked):
    """20, but for publishing."""
    ask.put("both.ts", "export const a = 1;")
    await ask.write("both.json", ANN.replace("../person", "./person"))

    answer = await ask.get("both", Accept="*/*")

    assert answer.headers["content-type"] == "text/javascript"
    assert (await ask.server.card("both"))["attributes"]["name"] == "Ann"


async def test_a_write_of_something_else_has_nothing_made_again(ask: Asked):
    """24. *Departs*: the answer is put together anew, so the header may say miss."""
    await ask.write("left.ts", "export const a = 1;")
    await ask.write("right.ts", "export const b = 1;")
    for path in ("left", "right"):
        await ask.get(path)

    await ask.write("right.ts", "export const b = 2;")

    assert (await ask.get("left")).headers["x-realmkit-cache-layer"] == "l1"


@pytest.mark.parametrize(("first", "second"), [("", ".ts"), (".ts", "")])
async def test_a_write_makes_every_spelling_old(ask: Asked, first: str, second: str):
    """25. The first to ask misses; the other may find what that one made."""
    spellings = [f"spelled{first}", f"spelled{second}"]
    await ask.write("spelled.ts", "export const a = 1;")
    for spelling in spellings:
        await ask.get(spelling)

    await ask.write("spelled.ts", "export const a = 2;")

    answers = [await ask.get(spelling) for spelling in spellings]
    assert answers[0].headers["x-boxel-cache"] == "miss"
    assert all("a = 2" in answer.text for answer in answers)


async def test_declarations_are_plain_files(ask: Asked):
    """15. And a blank module is an empty one."""
    ask.put("shape.d.ts", "export type Shape = string;\n")
    ask.put("blank.gts", " \n")

    assert (await ask.get("shape.d.ts")).text == "export type Shape = string;\n"
    blank = await ask.get("blank")
    assert (blank.status_code, blank.content) == (200, b"")


async def test_a_write_of_the_same_bytes_leaves_the_module_warm(ask: Asked):
    """17."""
    await ask.write("same.ts", "export const a = 1;")
    await ask.get("same")

    await ask.write("same.ts", "export const a = 1;")

    assert await ask.cache("same") == "hit"


async def test_head_says_whose_module_it_is_and_who_may_read_it(ask: Asked):
    """18. Ours does look whether it is there: HEAD of something missing is 404."""
    ask.put("whose.ts", "export const a = 1;")

    answer = await ask.server.client.head("/people/whose")

    assert answer.headers["x-boxel-realm-url"] == ask.server.realm_url
    assert answer.headers["x-boxel-realm-public-readable"] == "true"
    assert (await ask.server.client.head("/people/nobody")).status_code == 404


async def test_without_the_first_layer_nothing_is_transpiled_again(ask: Asked):
    """35. The header passes by the ready answers, here and in the peer."""
    ask.put("bypassed.ts", "export const a = 1;")
    await ask.get("bypassed")
    stats = ask.server.app.stations.modules.transpiler.stats
    # What else was written is indexed by now, and asks for nothing more.
    await ask.server.rescanned()
    await ask.get("bypassed")
    before = stats.transpiles

    answer = await ask.get("bypassed", **{"X-Boxel-Disable-Module-Cache": "true"})

    assert (answer.status_code, answer.headers["x-boxel-cache"]) == (200, "miss")
    assert stats.transpiles == before
