"""Prerendered HTML for a page of results: one statement, whatever the page's size."""

import re
from collections.abc import Sequence

import orjson

from realmkit.db import Dialect
from realmkit.query.nodes import HTMLRequest
from realmkit.search.found import SQL, Found
from realmkit.search.one_state import IndexState
from realmkit.search.served import Resource

KEYED_FORMATS = ("embedded", "fitted")
"""Formats that are rendered once for each type of a card's chain."""

_SCOPED_STYLE = re.compile(r"data-scopedcss-([0-9a-z]+-[0-9a-z]+)")


async def add_tiles(
    state: IndexState,
    dialect: Dialect,
    asked: HTMLRequest,
    results: Sequence[tuple[Found, Resource]],
) -> None:
    """Write `html`, `styles`, `displayName` and `iconHTML` into the `meta` of every result."""
    html = await _html_by_entry(state, dialect, asked, [entry for entry, _ in results])
    for entry, resource in results:
        text = html.get((entry.realm_url, entry.url))
        resource["meta"] |= {
            "html": text,
            "styles": style_ids(text or ""),
            "displayName": entry.display_names[0] if entry.display_names else None,
            "iconHTML": entry.icon_html,
        }


def style_ids(html: str) -> list[str]:
    """The scoped stylesheets that HTML refers to, in order of appearance."""
    return list(dict.fromkeys(_SCOPED_STYLE.findall(html)))


async def _html_by_entry(
    state: IndexState, dialect: Dialect, asked: HTMLRequest, entries: Sequence[Found]
) -> dict[tuple[str, str], str | None]:
    if not entries:
        return {}
    wanted = [(entry.realm_url, entry.url) for entry in entries]
    params: list[object] = [orjson.dumps(wanted).decode(), asked.format]
    if asked.format not in KEYED_FORMATS:
        name = "html"
    elif asked.render_type is None:
        name = "html_as_own"
    else:
        name = "html_as"
        params.append(asked.render_type.type_key)
    rows = await state.read(SQL[dialect][name], params, least=len(wanted))
    return {(realm_url, url): html for realm_url, url, html in rows}
