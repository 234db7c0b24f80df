"""Modules and browser files in the content coding that a client likes best."""

import gzip
import sys

import brotli
import httpx2
import pytest
from tests.support.server import Server

from realmkit.http.content_codings import choose_coding
from realmkit.modules.codings import Codings

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

pytestmark = pytest.mark.anyio

LONG = "export const text = '" + "all the countries of the world, " * 100 + "';\n"
DECODERS = {"zstd": zstd.decompress, "br": brotli.decompress, "gzip": gzip.decompress}


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZip;Q=0.5", "gzip"),
        ("deflate", "identity"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("zstd;q=0, *", "br"),
        ("*", "zstd"),
        ("*;q=0", None),
        ("identity;q=0", None),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("*;q=0, identity", "identity"),
        ("gzip;q=0.2, identity;q=0.9", "identity"),
        ("gzip;q=1, identity;q=1", "gzip"),
        ("gzip;q=nonsense", "identity"),
        ("gzip;q=7", "identity"),
    ],
)
def test_the_coding_a_client_likes_best(accept_encoding: str | None, coding: str | None):
    assert choose_coding(accept_encoding, is_worth_it=True) == coding


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [("gzip, br", "identity"), ("identity;q=0, gzip", "gzip"), ("*;q=0", None)],
)
def test_what_is_small_is_compressed_only_for_who_insists(accept_encoding: str, coding: str | None):
    assert choose_coding(accept_encoding, is_worth_it=False) == coding


async def test_a_body_is_compressed_once_and_grows_by_what_was_made():
    codings, grown = Codings(LONG.encode()), list[int]()
    codings.on_growth = lambda: grown.append(codings.size)

    first = await codings.get("br")

    assert await codings.get("br") is first
    assert grown == [len(LONG) + len(first)]


@pytest.fixture
async def module(server: Server) -> str:
    (server.root / "long.ts").write_text(LONG)
    return "/people/long"


async def raw(
    server: Server, path: str, coding: str, **headers: str
) -> tuple[httpx2.Response, bytes]:
    """The answer to a client that accepts one coding, and its body as it travelled."""
    headers = {"Accept-Encoding": coding, **headers}
    async with server.client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


@pytest.mark.parametrize("coding", list(DECODERS))
async def test_a_module_is_the_same_in_every_coding(server: Server, module: str, coding: str):
    plain = await server.client.get(module, headers={"Accept-Encoding": "identity"})

    for _ in ("from the edge", "from memory"):
        answer, body = await raw(server, module, coding)

        assert answer.headers["content-encoding"] == coding
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
        assert answer.headers["content-length"] == str(len(body))
        assert DECODERS[coding](body) == plain.content
    assert "content-encoding" not in plain.headers


async def test_each_coding_has_a_validator_of_its_own(server: Server, module: str):
    etags = {coding: (await raw(server, module, coding))[0].headers["etag"] for coding in DECODERS}
    etags["identity"] = (await raw(server, module, "identity"))[0].headers["etag"]
    assert len(set(etags.values())) == 4

    held = {"If-None-Match": etags["br"]}
    assert (await raw(server, module, "br", **held))[0].status_code == 304
    assert (await raw(server, module, "gzip", **held))[0].status_code == 200


async def test_a_small_module_travels_as_it_is(server: Server):
    (server.root / "small.ts").write_text("export const a = 1;")

    for _ in ("from the edge", "from memory"):
        answer, body = await raw(server, "/people/small", "zstd, br, gzip")
        assert "content-encoding" not in answer.headers
        assert b"const a = 1" in body


async def test_who_refuses_every_coding_is_told_what_there_is(server: Server, module: str):
    answer = await server.client.get(module, headers={"Accept-Encoding": "identity;q=0, deflate"})

    assert answer.status_code == 406
    assert "zstd, br, gzip and identity" in answer.json()["errors"][0]["detail"]


async def test_browser_files_are_compressed_too(server: Server):
    page = (await server.client.get("/_host/prerender")).text
    script = page.partition('src="')[2].partition('"')[0]
    plain = (await server.client.get(script, headers={"Accept-Encoding": "identity"})).content

    for coding, decompress in DECODERS.items():
        answer, body = await raw(server, script, coding)
        assert answer.headers["content-encoding"] == coding
        assert decompress(body) == plain
