"""`links.search`: the search behind a query-backed field, as a URL that can be read back.

`<first realm>_search?realms=<comma list>&query=<JSON, members sorted>`. It names a
QUERY request: the query is the body, the realms are its `realms`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit

import orjson

from realmkit.cards.json_text import read_json
from realmkit.errors import BadRequest


def search_link(realm_urls: Sequence[str], query: Mapping[str, Any]) -> str:
    """Return the link for `query` over `realm_urls`, of which there is at least one."""
    text = orjson.dumps(query, option=orjson.OPT_SORT_KEYS).decode()
    realms = ",".join(quote(url, safe=":/") for url in realm_urls)
    return f"{realm_urls[0]}_search?realms={realms}&query={quote(text, safe='')}"


def parse_search_link(link: str) -> tuple[list[str], dict[str, Any]]:
    """Return the realms and the query of a `links.search`. Raises `BadRequest`."""
    parts = urlsplit(link)
    if not parts.path.rstrip("/").endswith("/_search"):
        raise BadRequest(f"`{link}` is not the link of a search.")
    members: dict[str, str] = {}
    for member in parts.query.split("&"):
        name, _, value = member.partition("=")
        members[name] = value
    # Split before decoding: a comma inside a URL is encoded, one between two is not.
    realms = [unquote(url) for url in members.get("realms", "").split(",") if url]
    text = unquote(members.get("query", ""))
    query = read_json(text.encode(), what="The query of a search link")
    if not realms or not isinstance(query, dict):
        raise BadRequest(f"`{link}` names no realms, or its query is not an object.")
    return realms, cast("dict[str, Any]", query)
