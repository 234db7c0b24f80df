"""Browser modules over HTTP, and the hot path in front of them."""

import asyncio
import re
import signal
from pathlib import Path

import pytest
from tests.support.server import Server, serving, write_people

from realmkit.http.negotiation import SOURCE
from realmkit.modules.files_then import FilesThen

pytestmark = pytest.mark.anyio
VALUE = "export const value: number = {};\n"
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
async def module(server: Server) -> str:
    (server.root / "value.ts").write_text(VALUE.format(1))
    return "/people/value"


async def test_a_module_is_javascript_with_or_without_its_extension(server: Server, module: str):
    for path in (module, f"{module}.ts"):
        answer = await server.client.get(path)

        assert answer.headers["content-type"].startswith("text/javascript")
        assert "const value = 1" in answer.text


async def test_the_second_answer_is_hot_and_the_same(server: Server, module: str):
    # While modules are still being found, what is hot is forgotten with each of them.
    await server.indexed()
    first = await server.client.get(module)
    second = await server.client.get(module)

    assert second.headers["x-boxel-cache"] == "hit"
    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])


async def test_a_hot_module_is_304_for_who_holds_it(server: Server, module: str):
    etag = (await server.client.get(module)).headers["etag"]

    answer = await server.client.get(module, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("held", ["{etag}", "W/{etag}", '"other", {etag}', '"a", W/{etag}', "*"])
async def test_every_way_to_name_what_one_holds_is_understood(
    server: Server, module: str, held: str
):
    etag = (await server.client.get(module)).headers["etag"]

    answer = await server.client.get(module, headers={"If-None-Match": held.format(etag=etag)})
    assert (answer.status_code, answer.headers["etag"]) == (304, etag)
    assert "content-length" not in answer.headers


@pytest.mark.parametrize(
    "path_by", [{}, {"X-Boxel-Disable-Module-Cache": "1"}], ids=["hot", "cold"]
)
async def test_what_one_holds_may_be_told_in_several_lines(
    server: Server, module: str, path_by: dict[str, str]
):
    etag = (await server.client.get(module, headers=PLAIN)).headers["etag"]
    headers = [*PLAIN.items(), *path_by.items()]
    for held in (['"other"', etag], [etag, '"other"']):
        told = [("If-None-Match", each) for each in held]

        answer = await server.client.get(module, headers=[*headers, *told])
        assert answer.status_code == 304


async def test_what_one_accepts_may_be_told_in_several_lines(server: Server, module: str):
    headers = [("Accept", "text/plain"), ("Accept", "*/*;q=0.1")]

    answer = await server.client.get(module, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript")


async def test_another_validator_gets_the_module(server: Server, module: str):
    await server.client.get(module)

    answer = await server.client.get(module, headers={"If-None-Match": '"other", W/"more"'})
    assert (answer.status_code, answer.headers["x-boxel-cache"]) == (200, "hit")


async def test_head_is_answered_like_get_hot_or_not(server: Server, module: str):
    (server.root / "value.ts").write_text(VALUE.format(99))
    heads = [await server.client.head(module) for _ in ("from the edge", "from memory")]
    found = await server.client.get(module)

    for head in heads:
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-length", "content-type", "vary", "x-boxel-canonical-path"):
            assert head.headers[name] == found.headers[name]
    assert heads[1].headers["x-boxel-cache"] == "hit"


async def test_an_answer_names_the_layer_that_had_it(tmp_path: Path):
    write_people(tmp_path / "people")
    # Nobody else sees the edit, and has the module made before it is asked for here.
    async with serving(tmp_path / "people", tmp_path / "state", watch=False) as server:
        await server.indexed()
        (server.root / "value.ts").write_text(VALUE.format(77))
        answers = [await server.client.get("/people/value") for _ in range(2)]

    layers = [
        (answer.headers["x-boxel-cache"], answer.headers["x-realmkit-cache-layer"])
        for answer in answers
    ]
    assert layers == [("miss", "transpiled"), ("hit", "l1")]
    assert "X-Realmkit-Cache-Layer" in answers[1].headers["access-control-expose-headers"]


async def test_many_requests_in_one_breath_are_answered_in_order(server: Server, module: str):
    await server.client.get(module)
    host = server.url.removeprefix("http://")
    paths = [module, "/people/nobody", module, "/_health", module]
    reader, writer = await asyncio.open_connection(*host.split(":"))
    for path in paths:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    writer.write(f"GET /_health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    statuses = re.findall(rb"HTTP/1.1 (\d+) ", await reader.read())
    writer.close()

    assert statuses == [b"200", b"404", b"200", b"200", b"200", b"200"]


async def test_a_hot_hit_is_counted_as_one_of_the_first_layer(server: Server, module: str):
    async def hits() -> int:
        text = (await server.client.get("/metrics")).text
        name = 'realmkit_module_cache_hits_total{layer="l1"} '
        return int(text.partition(name)[2].partition("\n")[0])

    # Nobody else asks any more.
    await server.rescanned()
    await server.client.get(module)
    before = await hits()
    for _ in range(3):
        await server.client.get(module)

    assert await hits() == before + 3


async def test_an_edit_on_disk_is_never_hidden_by_a_hot_module(server: Server, module: str):
    for value in range(2, 6):
        await server.client.get(module)
        (server.root / "value.ts").write_text(VALUE.format(value))

        assert f"const value = {value}" in (await server.client.get(module)).text


async def test_files_are_compared_once_for_all_who_ask_in_one_turn(
    server: Server, module: str, monkeypatch: pytest.MonkeyPatch
):
    await server.rescanned()
    await server.client.get(module, headers=PLAIN)
    scope = {
        "method": "GET",
        "raw_path": module.encode(),
        "query_string": b"",
        "headers": [(b"host", server.url.removeprefix("http://").encode())],
    }
    compared: list[object] = []

    compare = FilesThen.are_as_then

    def counting(files: FilesThen) -> bool:
        compared.append(files)
        return compare(files)

    monkeypatch.setattr(FilesThen, "are_as_then", counting)
    counts: list[int] = []
    for _ in range(2):
        assert all(server.app.hot.find(scope) for _ in range(10))
        counts.append(len(compared))
        await asyncio.sleep(0)
    assert counts == [1, 2]

    (server.root / "value.ts").write_text(VALUE.format(3))
    assert server.app.hot.find(scope) is None


async def test_a_hot_module_is_not_given_to_who_asks_for_source(server: Server, module: str):
    await server.client.get(module)

    answer = await server.client.get(f"{module}.ts", headers={"Accept": SOURCE})
    assert answer.text == VALUE.format(1)


async def test_a_hot_module_is_not_given_to_a_foreign_host(server: Server, module: str):
    await server.client.get(module)

    answer = await server.client.get(module, headers={"Host": "evil.example"})
    assert answer.status_code == 403


async def test_a_syntax_error_is_406_with_line_and_column(server: Server):
    (server.root / "broken.gts").write_text("export default ;\n")

    answer = await server.client.get("/people/broken")
    [error] = answer.json()["errors"]
    assert answer.headers["content-type"].startswith("application/vnd.api+json")
    assert (answer.status_code, error["status"]) == (406, "406")
    assert (error["meta"]["line"], error["meta"]["column"]) == (1, 15)
    assert str(server.root) not in answer.text


async def test_a_binary_file_with_a_modules_name_is_the_authors_error(server: Server):
    (server.root / "photo.gts").write_bytes(bytes(range(256)) * 40)

    answer = await server.client.get("/people/photo")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["status"]) == (406, "406")
    assert error["detail"] == "`/photo.gts` does not compile: The file is not UTF-8 text."
    assert (await server.client.get("/people/photo.gts", headers={"Accept": SOURCE})).content == (
        bytes(range(256)) * 40
    )


async def test_the_manifest_names_every_module_with_its_version(server: Server, module: str):
    answer = await server.client.get("/people/_modules")

    modules = answer.json()["data"]["attributes"]["modules"]
    href = modules[f"{server.realm_url}value"]["href"]
    assert "?v=" in href
    assert "immutable" in (await server.client.get(href)).headers["cache-control"]


async def test_a_version_that_is_no_longer_current_leads_to_the_one_that_is(
    server: Server, module: str
):
    answer = await server.client.get(f"{module}?v=0000000000")

    assert answer.status_code == 302
    assert answer.headers["cache-control"] == "no-store"


async def test_a_missing_module_is_404(server: Server):
    assert (await server.client.get("/people/nobody")).status_code == 404


async def test_an_inert_module_has_the_names_asked_for(server: Server):
    answer = await server.client.get("/_inert?names=Show,default")

    assert "Show" in answer.text
    assert (await server.client.get("/_inert?names=a-b")).status_code == 400


async def test_what_a_busy_or_dead_transpiler_cannot_say_is_503_and_no_error_of_the_module(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    pool = server.app.stations.modules.transpiler
    (server.root / "late.ts").write_text("export const late: number = 1;\n")

    with monkeypatch.context() as busy:
        busy.setattr(pool, "_waiting_bytes", 1)
        busy.setattr(pool, "_backlog_bytes", 1)
        answers = [await server.client.get(path) for path in ("/people/late", "/people/_modules")]
    with monkeypatch.context() as dead:
        dead.setattr(pool, "_idle", [])
        dead.setattr(pool, "_program", server.root / "no such program")
        await server.app.stations.mounted["people"].files.scan()
        answers.append(await server.client.get("/people/late"))
        answers.append(await server.client.get("/people/_modules"))

    assert [answer.status_code for answer in answers] == [503] * 4
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
    assert (await server.client.get("/people/late")).status_code == 200
    stations = server.app.stations
    seq = await stations.changes.last_seq(server.realm_url)
    assert await stations.index.wait_indexed(server.realm_url, seq, timeout_s=60)
    errors = (await server.client.get("/people/_indexing-errors")).json()["data"]
    assert not [error for error in errors if "late" in error["id"]]


async def test_a_module_whose_transpiler_hangs_is_406_until_it_is_edited(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    pool, late = server.app.stations.modules.transpiler, server.root / "hanging.ts"
    late.write_text(VALUE.format(1))
    await server.rescanned()
    [worker] = pool._workers
    with monkeypatch.context() as impatient:
        impatient.setattr(pool, "_deadline_s", 1)
        worker._process.send_signal(signal.SIGSTOP)
        late.write_text(VALUE.format(2))
        answer = await server.client.get("/people/hanging")

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["status"]) == (406, "406")
    assert error["detail"] == "`/hanging.ts` does not compile: It takes longer than 1 seconds."
    late.write_text(VALUE.format(3))
    assert "const value = 3" in (await server.client.get("/people/hanging")).text


async def test_a_module_of_five_megabytes_is_served_whole(server: Server):
    row = "  { name: 'Ann', age: 41 } as Row,\n"
    rows = row * (5_000_000 // len(row))
    large = server.root / "large.ts"
    large.write_text(f"type Row = {{ name: string }};\nexport const rows = [\n{rows}];\n")
    answer = await server.client.get("/people/large", headers=PLAIN)
    large.unlink()

    assert answer.headers["content-type"].startswith("text/javascript")
    assert (answer.status_code, answer.text.count("'Ann'")) == (200, rows.count("'Ann'"))
    assert "as Row" not in answer.text


async def test_a_template_of_ten_thousand_nodes_is_compiled(server: Server):
    nodes = "".join(f"<p>{{{{@model.f{number}}}}}</p>" for number in range(10_000))
    vast = server.root / "vast.gts"
    vast.write_text(f"<template>{nodes}</template>\n")
    answer = await server.client.get("/people/vast", headers=PLAIN)
    vast.unlink()

    assert (answer.status_code, "<template>" in answer.text) == (200, False)
    assert "setComponentTemplate" in answer.text
    assert "f9999" in answer.text


async def test_a_hot_module_names_no_old_version_of_what_it_imports(server: Server):
    """Whether the change was heard of or not: nobody waits for the watcher here."""
    (server.root / "part.ts").write_text(VALUE.format(1))
    for number in range(12):
        (server.root / f"between{number}.ts").write_text("export * from './part';\n")
    everything = [f"export * as a{number} from './between{number}';\n" for number in range(12)]
    (server.root / "middle.ts").write_text("".join(everything))
    (server.root / "whole.ts").write_text("export * from './middle';\n")
    await server.app.stations.mounted["people"].files.scan()
    for value in range(2, 5):
        before = [(await server.client.get("/people/whole")).text for _ in range(2)]
        (server.root / "part.ts").write_text(VALUE.format(value))

        after = (await server.client.get("/people/whole")).text
        assert before[0] == before[1] != after
        modules = (await server.client.get("/people/_modules")).json()["data"]["attributes"]
        assert modules["modules"][f"{server.realm_url}middle"]["href"] in after


@pytest.mark.parametrize("name", ["fronted.js", "fronted"])
async def test_a_file_that_comes_to_be_preferred_is_given_at_once(server: Server, name: str):
    (server.root / "fronted.ts").write_text(VALUE.format(1))
    for _ in range(2):
        assert "value = 1" in (await server.client.get("/people/fronted")).text
    (server.root / name).write_text("export const value = 'in front';\n")

    assert "in front" in (await server.client.get("/people/fronted")).text
    (server.root / name).unlink()
