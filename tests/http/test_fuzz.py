"""Nothing a client can send is our bug: whatever the request, the answer is no 500.

An answer that refuses is an error document, and names no path of the machine.
"""

import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.server import Server

from realmkit.http.negotiation import API, BYTES, CARD, EVENTS, FILE_META, HTML, JSON, SOURCE

pytestmark = pytest.mark.anyio
FUZZ = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# The events stream answers for ever, so it is left to its own tests.
NAMES = [
    "",
    "_info",
    "_types",
    "_mtimes",
    "_dependencies",
    "_indexing-errors",
    "_search",
    "_cards",
    "_modules",
    "person",
    "person.gts",
    "person.gts.map",
    "Person/ann",
    "Person/ann.json",
    "Person/",
    "notes.txt",
    "nobody",
    ".git/config",
    "..",
    "a" * 300,
]
text = st.text(max_size=20)
paths = st.one_of(
    st.sampled_from(NAMES).map(lambda name: f"/people/{name}"),
    text.map(lambda tail: f"/people/{quote(tail, safe='/')}"),
    text.map(lambda tail: f"/base/{quote(tail, safe='')}"),
    text.map(lambda tail: f"/{quote(tail, safe='/')}"),
    st.sampled_from(["/_host/", "/_icons/", "/_styles/", "/_inert", "/_federated-search"]),
    text.map(lambda tail: f"/_host/{quote(tail, safe='/')}"),
    text.map(lambda tail: f"/_icons/{quote(tail, safe='/')}"),
)
methods = st.sampled_from(
    ["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "QUERY", "OPTIONS", "TRACE"]
)
media_types = st.sampled_from([CARD, SOURCE, API, JSON, HTML, BYTES, FILE_META, EVENTS, "*/*", "?"])
header_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(
    str.strip
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Accept": st.one_of(media_types, header_text),
        "Content-Type": st.one_of(media_types, header_text),
        "If-Match": header_text,
        "If-None-Match": header_text,
        "If-Range": header_text,
        "Range": st.one_of(header_text, st.just("bytes=2-")),
        "X-Realmkit-Seq": header_text,
        "X-Boxel-Client-Request-Id": header_text,
        "X-Boxel-During-Prerender": header_text,
    },
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "data type id lid attributes relationships meta adoptsFrom links self module name "
                "included filter eq on sort page size number any every not range ids realms".split()
            )
            | text,
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
bodies = st.one_of(
    st.just(b""),
    st.binary(max_size=50),
    json_values.map(lambda value: json.dumps(value).encode()),
    json_values.map(lambda value: json.dumps({"data": {"type": "card", "meta": value}}).encode()),
)


def check(server: Server, answer: httpx2.Response) -> None:
    assert answer.status_code < 500, f"{answer.request} -> {answer.status_code} {answer.text}"
    assert str(server.root.parent) not in answer.text
    is_error = answer.status_code >= 400 and answer.request.method != "HEAD"
    if is_error and answer.headers.get("content-type") == API:
        errors = json.loads(answer.content)["errors"]
        assert errors[0]["status"] == str(answer.status_code)
        assert errors[0]["title"] and errors[0]["detail"]
    elif is_error and answer.status_code != 416:
        assert HTML in answer.headers["content-type"]


@FUZZ
@given(method=methods, path=paths, headers=headers, body=bodies)
async def test_no_request_is_our_bug(
    server: Server, method: str, path: str, headers: dict[str, str], body: bytes
):
    answer = await server.client.request(method, path, headers=headers, content=body)

    check(server, answer)


@FUZZ
@given(query=json_values)
async def test_no_query_is_our_bug(server: Server, query: Any):
    body = json.dumps({"filter": query} if not isinstance(query, dict) else query)
    answer = await server.client.request("QUERY", "/people/_search", content=body)

    check(server, answer)


@FUZZ
@given(attributes=json_values, relationships=json_values, meta=json_values)
async def test_no_patch_is_our_bug(server: Server, attributes: Any, relationships: Any, meta: Any):
    data = {
        "type": "card",
        "attributes": attributes,
        "relationships": relationships,
        "meta": meta,
    }
    answer = await server.client.patch(
        "/people/Person/nobody",
        content=json.dumps({"data": data}),
        headers={"Content-Type": CARD},
    )
    check(server, answer)
