"""Files as source and as bytes: reading, ranges, writing, deleting."""

import os
from typing import Any

import pytest
from tests.support.server import PERSON, Server

from realmkit.files import FileStore, FileWrite, StoredFile, WriteResult, disk
from realmkit.http.negotiation import BYTES, FILE_META, SOURCE

pytestmark = pytest.mark.anyio
AS_SOURCE = {"Accept": SOURCE}


async def test_source_is_the_authors_bytes(server: Server):
    answer = await server.client.get("/people/person.gts", headers=AS_SOURCE)

    assert answer.text == PERSON
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "location"),
    [("person", "person.gts"), ("Person/ann", "Person/ann.json")],
)
async def test_a_name_without_extension_leads_to_the_file(server: Server, path: str, location: str):
    for method in ("GET", "HEAD"):
        answer = await server.client.request(method, f"/people/{path}", headers=AS_SOURCE)

        assert answer.status_code == 302
        assert answer.headers["location"] == server.realm_url + location


async def test_a_held_etag_is_304_and_beats_a_range(server: Server):
    etag = (await server.client.get("/people/notes.txt")).headers["etag"]

    answer = await server.client.get(
        "/people/notes.txt", headers={"If-None-Match": etag, "Range": "bytes=0-1"}
    )
    assert (answer.status_code, answer.content) == (304, b"")


async def test_one_range_is_206(server: Server):
    answer = await server.client.get("/people/notes.txt", headers={"Range": "bytes=2-4"})

    assert (answer.status_code, answer.text) == (206, "234")
    assert answer.headers["content-range"] == "bytes 2-4/10"


async def test_a_range_past_the_end_is_416(server: Server):
    answer = await server.client.get("/people/notes.txt", headers={"Range": "bytes=10-"})

    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")


async def test_source_and_module_of_one_file_have_different_etags(server: Server):
    source = await server.client.get("/people/person.gts", headers=AS_SOURCE)
    module = await server.client.get("/people/person.gts")

    assert source.headers["etag"] != module.headers["etag"]


async def test_a_file_that_is_asked_for_again_is_not_read_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    file = server.root / "still.txt"
    file.write_text("one")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    read, reads = FileStore.read, list[str]()

    async def counted(files: FileStore, path: str) -> StoredFile:
        reads.append(path)
        return await read(files, path)

    monkeypatch.setattr(FileStore, "read", counted)
    first = await server.client.get("/people/still.txt")
    held = {"If-None-Match": first.headers["etag"]}
    again = await server.client.get("/people/still.txt", headers=held)
    source = await server.client.get("/people/still.txt", headers=AS_SOURCE)
    assert (first.text, again.status_code, source.text) == ("one", 304, "one")
    assert reads == ["still.txt"]

    await server.client.post("/people/still.txt", content="two", headers=AS_SOURCE)
    assert (await server.client.get("/people/still.txt", headers=held)).text == "two"


async def test_a_write_that_must_create_does_not_replace(server: Server):
    only = {**AS_SOURCE, "If-None-Match": "*"}
    first = await server.client.post("/people/only.txt", content="one", headers=only)
    again = await server.client.post("/people/only.txt", content="two", headers=only)
    held = {**AS_SOURCE, "If-None-Match": first.headers["etag"]}
    other = await server.client.post("/people/only.txt", content="two", headers=held)

    assert [each.status_code for each in (first, again, other)] == [204, 412, 412]
    assert again.json()["errors"][0]["detail"] == "`only.txt` is there already."
    assert (server.root / "only.txt").read_text() == "one"


@pytest.mark.parametrize("others", [b"two", None], ids=["replaced", "removed"])
async def test_a_write_answers_for_what_it_wrote_and_not_for_who_wrote_next(
    server: Server, monkeypatch: pytest.MonkeyPatch, others: bytes | None
):
    wanted = (
        await server.client.post("/people/mine.txt", content="one", headers=AS_SOURCE)
    ).headers
    write_many = FileStore.write_many

    async def write_and_be_followed(files: FileStore, writes: Any, *more: Any) -> WriteResult:
        result = await write_many(files, writes, *more)
        if not followed:
            followed.append(True)
            await write_many(files, [FileWrite("mine.txt", others)])
        return result

    await server.client.post("/people/mine.txt", content="none", headers=AS_SOURCE)
    followed: list[bool] = []
    monkeypatch.setattr(FileStore, "write_many", write_and_be_followed)
    answer = await server.client.post("/people/mine.txt", content="one", headers=AS_SOURCE)

    assert (answer.status_code, answer.headers["etag"]) == (204, wanted["etag"])
    assert "last-modified" not in answer.headers


async def test_a_file_too_large_to_be_read_is_announced_and_removed_like_any_other(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    await server.client.post("/people/large.txt", content="1234", headers=AS_SOURCE)
    monkeypatch.setattr(disk, "READ_LIMIT", 3)
    files = server.app.stations.mounted["people"].files

    announced = await files.announce(["large.txt"])
    etag = {"If-Match": f'"{disk.hash_of(b"1234")}:source"'}
    answer = await server.client.delete("/people/large.txt", headers={**AS_SOURCE, **etag})

    told = [(each.path, each.operation, each.content_hash) for each in announced.changes]
    assert told == [("large.txt", "updated", disk.hash_of(b"1234"))]
    assert answer.status_code == 204
    assert not (server.root / "large.txt").exists()


async def test_a_write_creates_and_then_replaces(server: Server):
    for content in ("one", "two"):
        answer = await server.client.post("/people/new/a.txt", content=content, headers=AS_SOURCE)

        assert answer.status_code == 204
        assert int(answer.headers["x-realmkit-seq"]) > 0
        assert (server.root / "new/a.txt").read_text() == content


async def test_bytes_come_back_as_they_were_sent(server: Server):
    body = bytes(range(256))
    await server.client.post("/people/x.bin", content=body, headers={"Content-Type": BYTES})

    assert (await server.client.get("/people/x.bin")).content == body


async def test_a_file_is_emptied_only_when_that_is_said(server: Server):
    path = "/people/full.txt"
    await server.client.post(path, headers=AS_SOURCE, content="full")

    bare = await server.client.post(path)
    kept = await server.client.get(path)
    meant = await server.client.post(path, headers=AS_SOURCE)
    emptied = await server.client.get(path)

    assert (bare.status_code, kept.text) == (400, "full")
    assert SOURCE in bare.json()["errors"][0]["detail"]
    assert (meant.status_code, emptied.content) == (204, b"")


async def test_text_that_is_not_utf_8_is_refused(server: Server):
    answer = await server.client.post("/people/bad.gts", content=b"\xff", headers=AS_SOURCE)

    assert answer.status_code == 422
    assert not (server.root / "bad.gts").exists()


async def test_a_body_that_announces_too_much_is_413(server: Server):
    body = b"x" * (5 * 1024 * 1024 + 1)
    answer = await server.client.post("/people/big.txt", content=body, headers=AS_SOURCE)

    assert answer.status_code == 413
    assert not (server.root / "big.txt").exists()


async def test_a_body_that_only_streams_too_much_is_413(server: Server):
    async def stream():
        for _ in range(6):
            yield b"x" * 1024 * 1024

    answer = await server.client.post("/people/big.txt", content=stream(), headers=AS_SOURCE)

    assert answer.status_code == 413


async def test_a_stale_if_match_is_412_and_writes_nothing(server: Server):
    first = await server.client.post("/people/m.txt", content="one", headers=AS_SOURCE)
    await server.client.post("/people/m.txt", content="two", headers=AS_SOURCE)

    answer = await server.client.post(
        "/people/m.txt", content="three", headers={**AS_SOURCE, "If-Match": first.headers["etag"]}
    )
    assert answer.status_code == 412
    assert (server.root / "m.txt").read_text() == "two"


async def test_a_deleted_file_is_gone(server: Server):
    await server.client.post("/people/gone.txt", content="x", headers=AS_SOURCE)

    assert (await server.client.delete("/people/gone.txt")).status_code == 204
    assert (await server.client.get("/people/gone.txt")).status_code == 404
    assert (await server.client.delete("/people/gone.txt")).status_code == 404


async def test_file_meta_has_hash_and_size(server: Server):
    answer = await server.client.get("/people/notes.txt", headers={"Accept": FILE_META})

    attributes = answer.json()["data"]["attributes"]
    assert (attributes["name"], attributes["contentSize"]) == ("notes.txt", 10)
    assert len(attributes["contentHash"]) == 64


async def test_a_folder_lists_what_is_directly_in_it(server: Server):
    answer = await server.client.get("/people/", headers={"Accept": "application/vnd.api+json"})

    data = answer.json()["data"]
    assert data["id"] == server.realm_url
    assert {"Person/", "person.gts"} <= set(data["relationships"])
    assert data["relationships"]["Person/"]["meta"] == {"kind": "directory"}
    assert list(data["relationships"]) == sorted(data["relationships"])
