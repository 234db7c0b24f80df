"""The pages people read: looking up what they show.

`pages.py` makes HTML of plain values; this file finds the values in the index. A
page is never kept by a cache, because it shows the present.
"""

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from realmkit.cards.addresses import card_id, instance_url
from realmkit.cards.code_refs import CodeRef
from realmkit.errors import BadRequest, RealmkitError, TryLater
from realmkit.http import answers, negotiation, origins, pages
from realmkit.http.negotiation import HTML
from realmkit.http.realm_titles import title_of
from realmkit.http.static import HostStatic
from realmkit.http.stations import MountedRealm, Stations
from realmkit.index import Entry, IndexingError

_MOST_PROBLEMS = 100
_MOST_FILES = 100
_MOST_PAGES = 100_000
_MOST_SUGGESTIONS = 3
# Comparing takes long: so many names of a folder, and none with an address that nobody typed.
_MOST_COMPARED = 2_000
_LONGEST_COMPARED = 300


class HTMLPages:
    """Home, realm, card and error pages."""

    def __init__(self, stations: Stations, host: HostStatic) -> None:
        self._stations = stations
        self._host = host

    async def home(self, request: Request) -> Response:
        """Every realm but the built-in one, with a taste of its cards."""
        if elsewhere := self._at_public_address(request):
            return elsewhere
        summaries = await asyncio.gather(*(self._summary(mounted) for mounted in self._own()))
        return _page(pages.home(self._host.host_files(), summaries))

    async def realm_list(self, request: Request) -> Response:
        """`/_realms`: the home page's numbers as JSON."""
        summaries = await asyncio.gather(
            *(self._summary(mounted, tiles=0) for mounted in self._own())
        )
        data = [
            {
                "type": "realm",
                "id": summary.url,
                "attributes": {
                    "name": summary.name,
                    "cards": summary.cards,
                    "types": summary.types,
                    "problems": summary.problems,
                    "isWritable": summary.is_writable,
                    "indexing": self._stations.progress.get(summary.url).to_json(),
                },
            }
            for summary in summaries
        ]
        return answers.document({"data": data})

    async def folder(self, request: Request, mounted: MountedRealm, path: str) -> Response:
        """The realm's page at its root. A folder below it has no page of its own."""
        if elsewhere := self._at_public_address(request):
            return elsewhere
        if path:
            return answers.redirect(mounted.realm.url)
        asked = request.query_params
        number = asked.get("page", "0")
        # Taken before what is shown, so the page hears of anything that is newer than it.
        seq = await self._stations.announcements.last_seq(mounted.realm.url)
        view, listing = await asyncio.gather(
            self._view(mounted, seq),
            self._listing(
                mounted,
                search=asked.get("q", "").strip()[:500],
                type_key=asked.get("type", "").strip()[:2000],
                number=min(int(number), _MOST_PAGES)
                if number.isascii() and number.isdigit() and len(number) < 9
                else 0,
            ),
        )
        return _page(pages.realm(self._host.host_files(), view, listing))

    async def card(self, request: Request, mounted: MountedRealm, path: str) -> Response | None:
        """The page of the card at `path`, or None when there is no such card."""
        realm, index = mounted.realm, self._stations.index
        id = realm.url_of(path.removesuffix(".json"))
        url = instance_url(id)
        known = await self._stations.announcements.last_seqs()
        entry = await index.entry(url, "instance")
        if entry is None and not await self._is_card_file(mounted, path):
            return None
        if elsewhere := self._at_public_address(request):
            return elsewhere
        if path.endswith(".json"):
            return answers.redirect(id)
        html, head, styles = await asyncio.gather(
            index.html(realm.url, url, "isolated"),
            index.html(realm.url, url, "head"),
            index.styles_of(realm.url, url),
        )
        type_key = entry.types[0] if entry and entry.types else ""
        view = pages.CardView(
            id=id,
            realm_name=await title_of(mounted),
            realm_url=realm.url,
            title=_title(entry) or path.rpartition("/")[2],
            type_name=_type_name(entry),
            type_key=type_key,
            html=html,
            head_html=head,
            style_ids=tuple(styles),
            preloads=await self._preloads(type_key),
            is_writable=realm.is_writable,
            problem=problem_of(url, entry.error_doc) if entry and entry.error_doc else None,
            definition_path=await self._definition_path(mounted, type_key),
            seqs={
                each.realm.url: known.get(each.realm.url, 0)
                for each in self._stations.mounted.values()
            },
        )
        return _page(pages.card(self._host.host_files(), view))

    async def error(self, request: Request, error: RealmkitError) -> Response | None:
        """The error as a page, if the client is a browser showing it to a person."""
        is_read = request.method in ("GET", "HEAD")
        if not (is_read and negotiation.asks_for(request.headers, HTML)):
            return None
        try:
            host = self._host.host_files()
        except TryLater:
            return None
        mounted = self._stations.mounted.get(request.scope["path"].split("/")[1])
        realm = (await title_of(mounted), mounted.realm.url) if mounted else None
        body = pages.error(
            host,
            error.status,
            error.title,
            error.detail,
            realm=realm,
            suggestions=await self._near(request, mounted) if error.status == 404 else (),
        )
        return _page(body, status=error.status)

    async def _near(self, request: Request, mounted: MountedRealm | None) -> list[pages.Suggestion]:
        """Cards beside the one asked for, named much like it; without a realm, the realms."""
        if mounted is None:
            return [
                pages.Suggestion(await title_of(one), f"/{one.realm.name}/") for one in self._own()
            ]
        path = request.scope["path"].split("/", 2)[-1]
        if len(path) > _LONGEST_COMPARED:
            return []
        index = self._stations.index
        asked = card_id(mounted.realm.url_of(path))
        urls = await index.neighbours(mounted.realm.url, instance_url(asked), _MOST_COMPARED)
        near = await asyncio.to_thread(_alike, asked, [card_id(url) for url in urls])
        entries = [await index.entry(instance_url(id), "instance") for id in near]
        return [
            pages.Suggestion(_title(entry) or _last_segment(id), id)
            for id, entry in zip(near, entries, strict=True)
        ]

    def _own(self) -> list[MountedRealm]:
        return [one for one in self._stations.mounted.values() if one.realm.is_writable]

    def _at_public_address(self, request: Request) -> Response | None:
        """A redirect, for a browser that came by another name of this machine.

        Ids are URLs of the public address, and a page of another origin may not write.
        """
        public_url = self._stations.settings.public_url
        if origins.is_public_spelling(request.headers.get("host", ""), public_url):
            return None
        query = request.url.query
        return answers.redirect(
            public_url + quote(request.scope["path"]) + (f"?{query}" if query else "")
        )

    async def _summary(
        self, mounted: MountedRealm, tiles: int = pages.TILES_IN_A_TASTE
    ) -> pages.RealmSummary:
        realm, index = mounted.realm, self._stations.index
        seq = await self._stations.announcements.last_seq(realm.url)
        counts, types = await asyncio.gather(
            index.counts(realm.url), index.types_summary(realm.url)
        )
        return pages.RealmSummary(
            name=await title_of(mounted),
            url=realm.url,
            cards=counts.instances,
            types=len(types),
            problems=counts.errors,
            is_writable=realm.is_writable,
            indexing=await self._indexing(realm.url),
            tiles=await self._taste(mounted, [one.type_key for one in types], tiles),
            seq=seq,
        )

    async def _taste(
        self, mounted: MountedRealm, type_keys: Sequence[str], count: int
    ) -> list[pages.Tile]:
        """A few tiles, one type after the other."""
        if not count or not type_keys:
            return []
        each = -(-count // len(type_keys))
        listings = [
            await self._tiles(mounted, {**pages.listing_query("", key, 0), "page": {"size": each}})
            for key in type_keys[:count]
        ]
        return [tile for tiles, _ in listings for tile in tiles][:count]

    async def _view(self, mounted: MountedRealm, seq: int) -> pages.RealmView:
        realm, index = mounted.realm, self._stations.index
        counts, types, errors, files = await asyncio.gather(
            index.counts(realm.url),
            index.types_summary(realm.url),
            index.errors(realm.url),
            index.plain_files(realm.url, _MOST_FILES + 1),
        )
        # One broken module breaks many cards: it is listed before them.
        errors.sort(key=lambda error: error.type != "module")
        return pages.RealmView(
            name=await title_of(mounted),
            url=realm.url,
            cards=counts.instances,
            is_writable=realm.is_writable,
            types=[
                pages.TypeCount(one.type_key, one.display_name, one.total, one.icon_html)
                for one in types
            ],
            problems=[_problem(error) for error in errors[:_MOST_PROBLEMS]],
            problem_count=len(errors),
            files=[
                pages.FileLine(one.url, realm.path_of(one.url) or one.url, one.kind, one.size)
                for one in files[:_MOST_FILES]
            ],
            has_more_files=len(files) > _MOST_FILES,
            indexing=await self._indexing(realm.url),
            seq=seq,
        )

    async def _listing(
        self, mounted: MountedRealm, *, search: str, type_key: str, number: int
    ) -> pages.Listing:
        try:
            tiles, total = await self._tiles(mounted, pages.listing_query(search, type_key, number))
        except BadRequest:
            # The address bar named a type that is no more: an empty page says so.
            tiles, total = [], 0
        return pages.Listing(tiles, total, number, search, type_key)

    async def _tiles(
        self, mounted: MountedRealm, query: dict[str, Any]
    ) -> tuple[list[pages.Tile], int]:
        engine = self._stations.search
        page = await engine.search([mounted.realm.url], engine.parse(query), with_included=False)
        return [_tile(resource) for resource in page.data], page.total

    async def _indexing(self, realm_url: str) -> pages.Indexing:
        progress = self._stations.progress.get(realm_url)
        return pages.Indexing(
            state="indexing" if progress.state == "indexing" else await self._resting(realm_url),
            done=progress.done,
            total=progress.total,
            current=progress.current,
        )

    async def _resting(self, realm_url: str) -> Literal["idle", "waiting"]:
        """Between runs; a realm with files that never had one still waits for it."""
        if await self._stations.index.indexed_seq(realm_url):
            return "idle"
        return "waiting" if await self._stations.changes.last_seq(realm_url) else "idle"

    async def _is_card_file(self, mounted: MountedRealm, path: str) -> bool:
        return await mounted.files.stat(path.removesuffix(".json") + ".json") is not None

    async def _preloads(self, type_key: str) -> Sequence[str]:
        module = CodeRef.from_type_key(type_key).module if type_key else ""
        return await self._stations.modules.preloads(module) if module else ()

    async def _definition_path(self, mounted: MountedRealm, type_key: str) -> str | None:
        module = CodeRef.from_type_key(type_key).module if type_key else ""
        path = mounted.realm.path_of(module)
        return await self._stations.modules.canonical_path(mounted.realm, path) if path else None


def _alike(asked: str, ids: Sequence[str]) -> list[str]:
    """Those of `ids` whose names are most like the name asked for, best first."""
    by_name = {_last_segment(id).lower(): id for id in ids}
    names = difflib.get_close_matches(_last_segment(asked).lower(), by_name, n=_MOST_SUGGESTIONS)
    return [by_name[name] for name in names]


def problem_of(url: str, error: Mapping[str, Any]) -> pages.Problem:
    """A JSON:API error object of the index, as a page shows it."""
    meta = error.get("meta") or {}
    return pages.Problem(
        url=url.removesuffix(".json"),
        title=str(error.get("title") or "Error"),
        detail=str(error.get("detail") or error.get("message") or ""),
        file=meta.get("file"),
        line=meta.get("line"),
        column=meta.get("column"),
        frame=meta.get("frame"),
    )


def _problem(error: IndexingError) -> pages.Problem:
    return problem_of(error.url, error.error)


def _tile(resource: Mapping[str, Any]) -> pages.Tile:
    meta, attributes = resource.get("meta") or {}, resource.get("attributes") or {}
    error = meta.get("error")
    return pages.Tile(
        id=resource["id"],
        title=str(
            attributes.get("cardTitle") or attributes.get("title") or _last_segment(resource["id"])
        ),
        type_name=str(meta.get("displayName") or "Card"),
        html=meta.get("html"),
        style_ids=tuple(meta.get("styles") or ()),
        error=str(error.get("detail") or error.get("title")) if error else None,
    )


def _title(entry: Entry | None) -> str | None:
    title = (entry.search_doc or {}).get("_title") if entry else None
    return str(title) if title else None


def _type_name(entry: Entry | None) -> str:
    return entry.display_names[0] if entry and entry.display_names else "Card"


def _last_segment(url: str) -> str:
    return url.rpartition("/")[2]


def _page(body: str, status: int = 200) -> Response:
    return Response(
        body, status_code=status, media_type=HTML, headers={"cache-control": "no-cache"}
    )
