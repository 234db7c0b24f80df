"""The pages people read, rendered from plain data.

The routes look things up; this module turns what they found into HTML that
reads without JavaScript. The script named by the host's manifest then takes the
page over through its `data-realmkit-*` hooks. Nothing here touches the index, a
realm's folder or the request.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

TILES_PER_PAGE = 48
TILES_IN_A_TASTE = 6
TYPES_SHOWN = 12
WHY_EMPTY = {
    "unmatched": "No card matches.",
    "unmatchedYet": "No card matches yet.",
    "indexing": "The first cards are being rendered.",
    "idle": "No cards yet. Save a card’s JSON file in the realm’s folder and it appears here.",
}
"""What stands where no tiles are. The script, which changes it, has the words from the page."""


@dataclass(frozen=True)
class HostFiles:
    """The URLs of the built browser files a page names."""

    script: str
    style: str
    runtime: str


@dataclass(frozen=True)
class Problem:
    """Something wrong with a card or a module, and where the author can mend it."""

    url: str
    """The URL of the card (without `.json`) or module that is in error."""
    title: str
    detail: str
    file: str | None = None
    """Realm-relative path of the file to mend, such as `country.gts`."""
    line: int | None = None
    column: int | None = None
    frame: str | None = None
    """The lines of the author's source around the place."""


@dataclass(frozen=True)
class Tile:
    """One card in a grid: its prerendered fitted HTML and what to say without it."""

    id: str
    """Absolute URL of the card; also where its link leads."""
    title: str
    type_name: str
    html: str | None
    style_ids: Sequence[str] = ()
    error: str | None = None
    """What is wrong with the card, in one line. The HTML is then the last good one."""


@dataclass(frozen=True)
class TypeCount:
    """How many cards of one concrete type a realm holds."""

    key: str
    """Type key: `<module URL>/<ExportName>`."""
    name: str
    total: int
    icon_html: str | None = None


@dataclass(frozen=True)
class FileLine:
    """A file of a realm that is no card and no module. `size` is in bytes."""

    url: str
    path: str
    """Relative to the realm."""
    kind: str
    size: int


@dataclass(frozen=True)
class Indexing:
    """What the indexer of a realm is doing. `waiting` is for the first run."""

    state: Literal["idle", "waiting", "indexing"] = "idle"
    done: int = 0
    total: int = 0
    current: str | None = None


@dataclass(frozen=True)
class RealmSummary:
    """A realm as the home page shows it."""

    name: str
    url: str
    cards: int
    types: int
    problems: int
    is_writable: bool
    indexing: Indexing = field(default_factory=Indexing)
    tiles: Sequence[Tile] = ()
    """A taste: up to `TILES_IN_A_TASTE` tiles, of different types where possible."""
    seq: int | None = None
    """The realm's log as of just before the values above were looked up."""


@dataclass(frozen=True)
class Listing:
    """One page of a realm's cards, and the question it answers."""

    tiles: Sequence[Tile]
    total: int
    """How many cards match, over all pages."""
    page_number: int = 0
    search: str = ""
    """`?q=`: words looked for in titles and in texts."""
    type_key: str = ""
    """`?type=`: only cards that adopt from this type; empty for all."""

    @property
    def next_page(self) -> int | None:
        shown = self.page_number * TILES_PER_PAGE + len(self.tiles)
        return self.page_number + 1 if shown < self.total else None


@dataclass(frozen=True)
class RealmView:
    """A realm as its own page shows it."""

    name: str
    url: str
    cards: int
    is_writable: bool
    types: Sequence[TypeCount]
    problems: Sequence[Problem] = ()
    """Those that are listed; what breaks others comes first."""
    problem_count: int = 0
    """How many there are, listed or not."""
    files: Sequence[FileLine] = ()
    """The first of them by path."""
    has_more_files: bool = False
    indexing: Indexing = field(default_factory=Indexing)
    seq: int | None = None
    """The realm's log as of just before the values above were looked up."""


@dataclass(frozen=True)
class CardView:
    """A card as its own page shows it before the script has run."""

    id: str
    realm_name: str
    realm_url: str
    title: str
    type_name: str
    type_key: str
    html: str | None
    """Prerendered isolated HTML; None when the card has never rendered."""
    head_html: str | None = None
    """Prerendered head format: `<title>`, `<meta>`, ..."""
    style_ids: Sequence[str] = ()
    preloads: Sequence[str] = ()
    """Addresses of the modules that the card's definition is made of."""
    is_writable: bool = True
    problem: Problem | None = None
    definition_path: str | None = None
    """Realm-relative path of the definition's source, such as `country.gts`."""
    seqs: Mapping[str, int] = field(default_factory=dict[str, int])
    """The realms' logs as of just before the values above were looked up: its own, and those
    of which the card may show others."""


@dataclass(frozen=True)
class Suggestion:
    """Somewhere else a reader who met an error may want to go."""

    title: str
    href: str


MOST_CHARACTERS_ASKED = 200
"""Of what people type, this much is looked for in texts."""


def listing_query(search: str, type_key: str, page_number: int) -> dict[str, Any]:
    """Return the `_search` body behind a listing. The script asks the same question."""
    conditions: list[dict[str, Any]] = []
    if type_key:
        module, _, name = type_key.rpartition("/")
        conditions.append({"type": {"module": module, "name": name}})
    if search:
        # Whoever types has not finished the last word.
        words = f"{search[:MOST_CHARACTERS_ASKED]}*"
        conditions.append({"any": [{"contains": {"_title": search}}, {"matches": words}]})
    body: dict[str, Any] = {
        "sort": [{"by": "_title"}],
        "page": {"number": page_number, "size": TILES_PER_PAGE},
        "html": {"format": "fitted"},
    }
    if conditions:
        body["filter"] = conditions[0] if len(conditions) == 1 else {"every": conditions}
    return body


def home(host: HostFiles, realms: Sequence[RealmSummary]) -> str:
    """`/`: every realm with its counts, state and a taste of its cards."""
    return _render(
        "home.html",
        host,
        style_ids=[style for realm in realms for tile in realm.tiles for style in tile.style_ids],
        data={"kind": "home", "realms": [{"url": realm.url, "seq": realm.seq} for realm in realms]},
        realms=realms,
        why_empty=WHY_EMPTY,
        cards=sum(realm.cards for realm in realms),
    )


def realm(host: HostFiles, view: RealmView, listing: Listing) -> str:
    """`/<realm>/`: tiles, type filter, search, index state and errors.

    The same URL with `?q=`, `?type=` and `?page=` answers the listing asked for,
    so searching and paging work without JavaScript too.
    """
    return _render(
        "realm.html",
        host,
        style_ids=[style for tile in listing.tiles for style in tile.style_ids],
        data={
            "kind": "realm",
            "realmURL": view.url,
            "seq": view.seq,
            "isWritable": view.is_writable,
            "search": listing.search,
            "typeKey": listing.type_key,
            "query": listing_query("", "", 0),
            "total": listing.total,
            "whyEmpty": WHY_EMPTY,
        },
        why_empty=_why_empty(view, listing),
        view=view,
        listing=listing,
        **_types_by_size(view.types),
    )


def _why_empty(view: RealmView, listing: Listing) -> str:
    is_idle = view.indexing.state == "idle"
    if listing.search or listing.type_key:
        return WHY_EMPTY["unmatched" if is_idle else "unmatchedYet"]
    return WHY_EMPTY["idle" if is_idle else "indexing"]


def _types_by_size(types: Sequence[TypeCount]) -> dict[str, Sequence[TypeCount]]:
    """The types shown at once and the rest: of many types, those with the most cards."""
    if len(types) <= TYPES_SHOWN:
        return {"types": types, "more_types": ()}
    largest = {one.key for one in sorted(types, key=lambda one: -one.total)[:TYPES_SHOWN]}
    return {
        "types": [one for one in types if one.key in largest],
        "more_types": [one for one in types if one.key not in largest],
    }


def card(host: HostFiles, view: CardView) -> str:
    """`/<realm>/<Card>`: the card's isolated HTML with its styles and head."""
    return _render(
        "card.html",
        host,
        style_ids=view.style_ids,
        data={
            "kind": "card",
            "id": view.id,
            "realmURL": view.realm_url,
            "seqs": view.seqs,
            "title": view.title,
            "typeKey": view.type_key,
            "isWritable": view.is_writable,
            "definitionPath": view.definition_path,
            "problem": view.problem and view.problem.url,
        },
        view=view,
        # The head format usually brings its own title, and a page has only one.
        has_title="<title" in (view.head_html or "").lower(),
    )


def error(
    host: HostFiles,
    status: int,
    title: str,
    detail: str,
    *,
    realm: tuple[str, str] | None = None,
    suggestions: Sequence[Suggestion] = (),
) -> str:
    """Any refusal a person meets: what happened, and where to go from here.

    `realm` is the (name, URL) of the realm the address lies in, if it lies in one.
    """
    return _render(
        "error.html",
        host,
        data={"kind": "error", "realmURL": realm[1] if realm else None},
        status=status,
        title=title,
        detail=detail,
        realm=realm,
        suggestions=suggestions,
    )


def _render(
    template: str,
    host: HostFiles,
    *,
    data: dict[str, Any],
    style_ids: Sequence[str] = (),
    **names: object,
) -> str:
    return (
        _templates()
        .get_template(template)
        .render(
            host=host,
            data=_json_for_script(data),
            style_ids=list(dict.fromkeys(style_ids)),
            nonce=secrets.token_urlsafe(16),
            **names,
        )
    )


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("realmkit.http"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = _count
    environment.filters["plural"] = _plural  # pyright: ignore[reportArgumentType]
    environment.filters["path"] = _path
    environment.filters["size"] = _size
    environment.filters["marked"] = _marked
    return environment


def _json_for_script(data: dict[str, Any]) -> Markup:
    """Return JSON that no card title can break out of: `<`, `>` and `&` are escaped."""
    text = orjson.dumps(data).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _count(number: int) -> str:
    return f"{number:,}"


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _size(number: int) -> str:
    """Return a number of bytes as people read it: `1.2 KB`."""
    if number < 1000:
        return _plural(number, "byte")
    size, unit = number / 1000, "KB"
    for larger in ("MB", "GB"):
        if size >= 1000:
            size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if size >= 100 else f"{size:.1f} {unit}"


def _marked(words: str) -> Markup:
    """Return a message with what stands between backticks as code."""
    pieces = words.split("`")
    if len(pieces) % 2 == 0:
        return escape(words)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def _path(url: str) -> str:
    """Return the path of an absolute URL: what a link within this server needs."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
