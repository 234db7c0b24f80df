"""Prerendered HTML for a page of results: one statement, whatever the page's size."""

import re
from collections.abc import Sequence

import orjson

from realmkit.db import Dialect
from realmkit.query.dialects import DIALECTS
from realmkit.query.nodes import HTMLRequest
from realmkit.search.found import Found
from realmkit.search.known import GENERATION
from realmkit.search.one_state import IndexState
from realmkit.search.served import Resource

KEYED_FORMATS = ("embedded", "fitted")
"""Formats that are rendered once for each type of a card's chain."""

_SCOPED_STYLE = re.compile(r"data-scopedcss-([0-9a-z]+-[0-9a-z]+)")

# $1 is a JSON array of [realm URL, URL] pairs.
_HTML = """\
SELECT wanted.value ->> 0, wanted.value ->> 1, h.html, {generation} FROM {listed} wanted
LEFT JOIN prerendered_html h ON h.realm_url = wanted.value ->> 0 AND h.url = wanted.value ->> 1
AND h.type = 'instance' AND h.format = $2 AND h.type_key = """

# A card whose own type has no rendering of its own shows its nearest ancestor's.
_NATIVE = """(
  SELECT t.type_key FROM index_types t
  JOIN prerendered_html own ON own.url = t.url AND own.realm_url = t.realm_url
    AND own.type = t.type AND own.format = $2 AND own.type_key = t.type_key
  WHERE t.realm_url = wanted.value ->> 0 AND t.url = wanted.value ->> 1 AND t.type = 'instance'
  ORDER BY t.position LIMIT 1
)"""


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
    html = _HTML.format(listed=DIALECTS[dialect].listed("$1"), generation=GENERATION)
    wanted = [(entry.realm_url, entry.url) for entry in entries]
    params: list[object] = [orjson.dumps(wanted).decode(), asked.format]
    if asked.format not in KEYED_FORMATS:
        sql = f"{html}''"
    elif asked.render_type is None:
        sql = html + _NATIVE
    else:
        sql = f"{html}$3"
        params.append(asked.render_type.type_key)
    rows = await state.read(sql, params, least=len(wanted))
    return {(realm_url, url): html for realm_url, url, html in rows}
