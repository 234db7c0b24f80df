"""The mistakes that people make first: each is one clear error, and no file is touched.

Mistakes on the command line are in `tests/cli`. Real files, real Node, real Chromium.
"""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from tests.support.loops import BACKEND
from tests.support.server import ANN, PERSON, Server, serving, write_people

pytestmark = pytest.mark.anyio
CARD = "application/vnd.card+json"
SOURCE = "application/vnd.card+source"
NO_TYPE = b'{"data": {"type": "card", "attributes": {"name": "Eve"}}}'
NO_SUCH_DEFINITION = ANN.replace("../person", "./nowhere")
UNCLOSED = """\
import { CardDef, Component } from '@cardstack/base/card-api';
export class Odd extends CardDef {
  static isolated = class extends Component<typeof Odd> {
    <template>
      <p><b>odd</p>
    </template>
  };
}
"""


@pytest.fixture(scope="module")
def anyio_backend() -> object:
    return BACKEND


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Server, None]:
    folder = tmp_path_factory.mktemp("bad-input")
    write_people(folder / "people")
    async with serving(folder / "people", folder / "state", watch=False) as server:
        await server.indexed()
        yield server


@pytest.mark.parametrize(
    ("method", "path", "media_type", "body", "status", "said"),
    [
        ("POST", "", CARD, b'{"data": ', 400, "not valid JSON"),
        ("PATCH", "Person/ann", CARD, b"{", 400, "not valid JSON"),
        ("POST", "", CARD, NO_TYPE, 400, "`meta.adoptsFrom` is missing"),
        ("POST", "", CARD, b'{"data": "\xff"}', 400, "UTF-8"),
        ("POST", "bad.gts", SOURCE, b"export const x = '\xff';", 422, "UTF-8"),
        ("POST", "%2e%2e/escaped.txt", SOURCE, b"x", 400, "leads out of the realm"),
        ("DELETE", "..%2fpeople/notes.txt", SOURCE, None, 400, "leads out of the realm"),
        ("POST", "big.txt", SOURCE, b"x" * 6_000_000, 413, "larger than"),
        ("PUT", "notes.txt", SOURCE, b"x", 405, "PUT"),
    ],
)
async def test_a_bad_request_is_one_error_and_touches_nothing(
    server: Server,
    method: str,
    path: str,
    media_type: str,
    body: bytes | None,
    status: int,
    said: str,
):
    before = _files(server.root.parent)
    answer = await server.client.request(
        method,
        f"/people/{path}",
        content=body,
        headers={"Accept": media_type, "Content-Type": media_type},
    )

    errors = answer.json()["errors"]
    assert (answer.status_code, [error["status"] for error in errors]) == (status, [str(status)])
    assert said in errors[0]["detail"]
    assert _files(server.root.parent) == before


@pytest.mark.parametrize(
    ("files", "said", "place"),
    [
        ({"a.json": '{"data": '}, "not valid JSON", {}),
        ({"a.json": NO_TYPE}, "`meta.adoptsFrom` is missing", {}),
        ({"a.json": b'{"data": "\xff"}'}, "not UTF-8", {}),
        ({"a.json": NO_SUCH_DEFINITION}, "nowhere was not found", {}),
        (
            {"a.gts": UNCLOSED, "a.json": ANN.replace("../person", "./a")},
            "does not compile",
            {"file": "a.gts", "line": 5},
        ),
        (
            {
                "a.gts": "import { Persn } from './person';\nexport class Person extends Persn {}",
                "a.json": ANN.replace("../person", "./a"),
            },
            "Did you mean `Person`?",
            {"file": "a.gts", "line": 1},
        ),
        (
            {
                "a.gts": PERSON.replace("return this.name", "throw new Error('out of names')"),
                "a.json": ANN.replace("../person", "./a"),
            },
            "out of names",
            {"file": "a.gts", "line": 11},
        ),
    ],
)
async def test_a_bad_file_is_one_error_with_its_place_and_without_a_trace(
    server: Server, files: dict[str, str | bytes], said: str, place: dict[str, Any]
):
    for name, content in files.items():
        raw = content.encode() if isinstance(content, str) else content
        (server.root / name).write_bytes(raw)
    before = _files(server.root)
    await server.rescanned()
    answer = await server.client.get("/people/_indexing-errors")
    found = {one["id"]: one["attributes"] for one in answer.json()["data"]}
    error = found[f"{server.realm_url}a"]
    shown = (await server.card("a"))["meta"]["error"]

    assert said in error["detail"]
    assert shown["detail"] == error["detail"]
    assert {name: error.get("meta", {}).get(name) for name in place} == place
    assert "stack" not in answer.text
    assert "chunk-" not in answer.text
    assert _files(server.root) == before
    assert f"{server.realm_url}Person/ann" not in found

    for name in files:
        (server.root / name).unlink()
    await server.rescanned()


def _files(folder: Path) -> dict[str, bytes]:
    """What lies in the folder; the state folder aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "state" not in path.relative_to(folder).parts
    }
