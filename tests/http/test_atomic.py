"""`_atomic`: batches that are written as a whole or not at all."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.support.realms import contents
from tests.support.server import Server

pytestmark = pytest.mark.anyio

ADOPTS = {"module": "../person", "name": "Person"}


def card(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "card", "attributes": {"name": name}, "meta": {"adoptsFrom": ADOPTS}, **more}


def source(text: str) -> dict[str, Any]:
    return {"type": "source", "attributes": {"content": text}}


async def send(server: Server, *operations: Any, query: str = "") -> Any:
    return await server.client.post(
        f"/people/_atomic{query}", content=orjson.dumps({"atomic:operations": operations})
    )


async def test_a_batch_is_answered_when_the_log_has_it_and_before_the_index(server: Server):
    await server.indexed()
    index, changes = server.app.stations.index, server.app.stations.changes
    # Who holds this lock indexes the realm; nobody else does meanwhile.
    async with index.indexing(server.realm_url):
        answer = await send(
            server, {"op": "add", "href": "Person/soon", "data": card("Soon", lid="soon")}
        )
        seq = int(answer.headers["x-realmkit-seq"])
        [change] = await changes.since(server.realm_url, seq - 1)
        assert (answer.status_code, change.path) == (201, "Person/soon.json")
        assert await index.indexed_seq(server.realm_url) < seq

    assert await index.wait_indexed(server.realm_url, seq, timeout_s=30)


async def test_a_module_and_the_cards_that_need_it_are_added_together(server: Server):
    pet = "export { Person as Pet } from './person';\n"
    adopts = {"module": "../pet", "name": "Pet"}
    answer = await send(
        server,
        {
            "op": "add",
            "href": "Pet/tom",
            "data": card(
                "Tom",
                lid="tom",
                meta={"adoptsFrom": adopts},
                relationships={"friend": {"data": {"type": "card", "lid": "jerry"}}},
            ),
        },
        {
            "op": "add",
            "href": f"{server.realm_url}Pet/jerry.json",
            "data": card(
                "Jerry",
                lid="jerry",
                meta={"adoptsFrom": adopts},
                relationships={"friend": {"data": {"type": "card", "lid": "tom"}}},
            ),
        },
        {"op": "add", "href": "./pet.gts", "data": source(pet)},
        query="?waitForIndex=true",
    )

    assert answer.status_code == 201, answer.text
    results = answer.json()["atomic:results"]
    assert [one["data"]["id"] for one in results] == [
        f"{server.realm_url}{path}" for path in ("Pet/tom", "Pet/jerry", "pet.gts")
    ]
    assert all(one["meta"]["created"] > 1_700_000_000 for one in results)
    tom = await server.card("Pet/tom")
    assert tom["relationships"]["friend"]["data"]["id"] == f"{server.realm_url}Pet/jerry"
    assert "error" not in tom["meta"]


async def test_an_update_merges_and_an_unchanged_one_writes_nothing(server: Server):
    await send(server, {"op": "add", "href": "Person/quo", "data": card("Quo", lid="quo")})
    file = server.root / "Person" / "quo.json"
    before = file.stat().st_mtime_ns
    same = {"op": "update", "href": "Person/quo", "data": card("Quo")}

    assert (await send(server, same)).status_code == 201
    assert file.stat().st_mtime_ns == before
    await send(
        server,
        {
            "op": "update",
            "href": "Person/quo.json",
            "data": {"type": "card", "attributes": {"age": 3}},
        },
    )
    assert orjson.loads(file.read_bytes())["data"]["attributes"] == {"name": "Quo", "age": 3}


async def test_a_file_is_removed_with_the_rest(server: Server):
    await send(server, {"op": "add", "href": "old.txt", "data": source("old")})
    answer = await send(
        server,
        {"op": "remove", "href": "old.txt"},
        {"op": "add", "href": "new.txt", "data": source("new")},
    )

    assert answer.json()["atomic:results"][0] == {"data": None}
    assert not (server.root / "old.txt").exists()
    assert (server.root / "new.txt").read_text() == "new"


@pytest.mark.parametrize(
    ("last", "status", "pointer"),
    [
        ({"op": "add", "href": "Person/ann", "data": card("X")}, 409, "/1/href"),
        ({"op": "update", "href": "Person/none", "data": card("X")}, 404, "/1/href"),
        ({"op": "remove", "href": "nothing.txt"}, 404, "/1/href"),
        ({"op": "replace", "href": "a.txt", "data": source("")}, 400, "/1/op"),
        ({"op": "add", "data": source("")}, 400, "/1/href"),
        ({"op": "add", "href": "a.txt"}, 400, "/1/data"),
        ({"op": "add", "href": "a.txt", "data": {"type": "dog"}}, 400, "/1/data/type"),
        ({"op": "add", "href": "a.txt", "data": {"type": "source"}}, 400, "/1/data/attributes"),
        ({"op": "add", "href": "a", "data": {"type": "card"}}, 400, "/1/data"),
        ({"op": "add", "href": "first.txt", "data": source("")}, 400, "/1/href"),
        ({"op": "add", "href": "../escaped.txt", "data": source("")}, 400, "/1/href"),
        ({"op": "add", "href": "http://x/y.txt", "data": source("")}, 400, "/1/href"),
        ({"op": "add", "href": "%2e%2e/x.txt", "data": source("")}, 400, None),
        ({"op": "add", "href": "a.txt", "data": source("x" * 5_300_000)}, 413, None),
        ({"op": "update", "href": "Person/bob", "data": card("X", id="ann")}, 409, "/1/data/id"),
        (5, 400, "/1"),
    ],
)
async def test_one_bad_operation_leaves_the_folder_as_it_was(
    server: Server, last: Any, status: int, pointer: str | None
):
    before = contents(server.root)
    answer = await send(server, {"op": "add", "href": "first.txt", "data": source("1")}, last)

    assert answer.status_code == status, answer.text
    [error] = answer.json()["errors"]
    if pointer is not None:
        assert error["source"]["pointer"].startswith(f"/atomic:operations{pointer}")
    assert contents(server.root) == before


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"atomic:operations": {}}', b"{", b""])
async def test_what_is_no_batch_is_400(server: Server, body: bytes):
    assert (await server.client.post("/people/_atomic", content=body)).status_code == 400


async def test_a_disk_that_fails_between_two_files_undoes_the_first(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    before = contents(server.root)
    replace = Path.replace

    def full_at_the_second(self: Path, target: Path) -> Path:
        if target.name == "second.txt":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full_at_the_second)
    answer = await send(
        server,
        {"op": "add", "href": "deep/first.txt", "data": source("1")},
        {"op": "add", "href": "deep/second.txt", "data": source("2")},
    )

    assert answer.status_code == 503
    assert "disk is full" in answer.json()["errors"][0]["detail"]
    assert contents(server.root) == before
