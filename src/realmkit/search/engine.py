"""Answering a query with the documents of the cards it finds.

One statement counts what matches, one finds the page (PostgreSQL's of few is found by the
first), one more fetches HTML when it is asked for, and all of them read the same state of the
index; several realms are one search under one sort. Links and query-backed fields are the link
walker's business.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.definitions import DefinitionSource
from realmkit.config import Realm
from realmkit.db import Database, Row
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore
from realmkit.query import Query, parse_query
from realmkit.query.compile import CompiledQuery, compile_query
from realmkit.query.dialects import DIALECTS
from realmkit.query.nodes import HTMLRequest
from realmkit.query.resolve import check_fields, resolve
from realmkit.search.catalog import Catalogs
from realmkit.search.found import COLUMNS, GENERATION, found, id_of
from realmkit.search.highlights import add_highlights
from realmkit.search.known import CurrentDefinitions, KnownDefinitions
from realmkit.search.link_walker import LinkWalker, Visited, Walk
from realmkit.search.lookups import Lookups
from realmkit.search.many_cards import ManyCards
from realmkit.search.many_searches import ManySearches
from realmkit.search.one_state import IndexState, at_one_state, within_budget
from realmkit.search.other_servers import OtherServers
from realmkit.search.search_page import SearchPage
from realmkit.search.served import Resource, sparse
from realmkit.search.served_cards import ServedCards
from realmkit.search.several_servers import search_everywhere
from realmkit.search.stored import StoredCards
from realmkit.search.tiles import add_tiles


@dataclass(frozen=True, slots=True)
class _Answer:
    """A page of results over one state of the index, and how many entries match."""

    results: list[Visited]
    total: int
    known: KnownDefinitions


class SearchEngine:
    """Searches the mounted realms, whose folders are `files`, the base realm's included.

    `public_url` is the server's origin without a trailing slash; `budget_s` is how long
    a search with all that belongs to it, or the walk of a document's links, may take before
    it is given up (408). Without `others`, links and searches into other servers are named as
    broken.
    A page that renders is answered with `kept_definitions`, which must not need a page.
    """

    def __init__(
        self,
        db: Database,
        definitions: DefinitionSource,
        files: Mapping[Realm, FileStore],
        extractor: FileExtractor,
        *,
        public_url: str,
        kept_definitions: DefinitionSource | None = None,
        others: OtherServers | None = None,
        link_depth: int = 5,
        budget_s: float = 30.0,
    ) -> None:
        self._db = db
        self._definitions = CurrentDefinitions(db, definitions)
        self._kept_definitions = CurrentDefinitions(db, kept_definitions or definitions)
        self._realms = {realm.url: realm for realm in files}
        self._public_url = public_url
        self._names = ModuleNames(public_url)
        self._stored = StoredCards(files, extractor, self._names)
        self._catalogs = Catalogs(db)
        self._budget_s = budget_s
        searches = ManySearches(db, self._catalogs, self._names, budget_s=budget_s)
        self._others = others
        self._links = LinkWalker(
            db,
            searches,
            self._realms,
            self._names,
            others,
            depth=link_depth,
            budget_s=budget_s,
        )
        self.cards = ServedCards(db, self._kept_definitions, self._names, self._stored, self._links)
        self.many_cards = ManyCards(
            db, self._kept_definitions, self._names, self._stored, self._links, others
        )
        self.lookups = Lookups(
            db,
            self._kept_definitions,
            self._names,
            self._stored,
            self._links,
            searches,
        )

    def parse(self, body: object, *, relative_to: str | None = None) -> Query:
        """Read a query body (decoded JSON) with this server's spellings. Raises `BadRequest`.

        `relative_to` is the URL that relative code refs begin at.
        """
        return parse_query(body, names=self._names, relative_to=relative_to)

    async def search(
        self,
        realm_urls: Sequence[str],
        query: Query,
        *,
        with_included: bool = True,
        walk: Walk | None = None,
    ) -> SearchPage:
        """Answer `query` over `realm_urls`, which win over `query.realms`.

        Raises `BadRequest` naming a path that no definition has. With `query.html`, each
        resource carries `meta.html`, `styles`, `displayName` and `iconHTML`, broken cards
        with a last good document are found too (`meta.error`), and links are not walked.
        Neither are they with `with_included=False` or for sparse resources. What `matches`
        found carries `meta.matches`.
        """
        is_rendering = walk is not None and walk.skip_query_backed_expansion
        current = self._kept_definitions if is_rendering else self._definitions
        here, errors = self._served(realm_urls)
        async with within_budget(self._budget_s):
            answer = await at_one_state(
                self._db,
                current,
                lambda known, state: self._answer(query, here, known, state),
            )
            included: list[Resource] = []
            if with_included and query.fields is None and query.html is None:
                included = await self._links.walk(answer.results, answer.known, walk or Walk())
        data = [visited.resource for visited in answer.results]
        if query.fields is not None:
            data = [sparse(resource, query.fields) for resource in data]
        return SearchPage(data, answer.total, included, errors)

    async def search_everywhere(
        self, realm_urls: Sequence[str], body: Mapping[str, Any], query: Query, walk: Walk
    ) -> SearchPage:
        """Answer `query`, which was read from `body`, also over realms of other servers."""
        own = f"{self._public_url}/"
        elsewhere = [
            url for url in realm_urls if url not in self._realms and not url.startswith(own)
        ]
        if not elsewhere:
            return await self.search(realm_urls, query, walk=walk)
        here = [url for url in realm_urls if url not in elsewhere]
        async with within_budget(self._budget_s):
            return await search_everywhere(
                partial(self.search, walk=walk),
                self._others if walk.asks_other_servers else None,
                here,
                elsewhere,
                body,
                query,
            )

    async def search_ids(self, realm_urls: Sequence[str], query: Query) -> list[str]:
        """Return only the ids of the page, in order."""
        here, _ = self._served(realm_urls)

        async def ids(known: KnownDefinitions, state: IndexState) -> list[Row]:
            compiled = await self._compile(query, here, known)
            rows, _ = await self._page(compiled, "i.url, i.type", state)
            return rows

        async with within_budget(self._budget_s):
            rows = await at_one_state(self._db, self._definitions, ids)
        return [id_of(url, type_) for url, type_ in rows]

    async def stored_documents(self, ids: Iterable[str]) -> dict[str, Any]:
        """Return `{data: [resources], meta: {missing: [{id, status, title, detail}]}}`, read
        from files: ids absolute, links and code refs as stored."""
        return await self._stored.documents(ids)

    def _served(self, realm_urls: Sequence[str]) -> tuple[list[str], list[dict[str, Any]]]:
        here = [url for url in realm_urls if url in self._realms]
        errors = [
            {
                "realm": url,
                "type": "unknown",
                "message": f"No realm is served at {url} here.",
                "status": 404,
            }
            for url in realm_urls
            if url not in self._realms
        ]
        return here, errors

    async def _answer(
        self,
        query: Query,
        realm_urls: Sequence[str],
        known: KnownDefinitions,
        state: IndexState,
    ) -> _Answer:
        """The page with all that is read of its entries themselves."""
        compiled = await self._compile(query, realm_urls, known)
        with_docs = bool(compiled.words.alternatives)
        columns = f"{COLUMNS}, i.search_doc" if with_docs else COLUMNS
        rows, total = await self._page(compiled, columns, state)
        entries = [found(row[:-1] if with_docs else row) for row in rows]
        visited = [self._links.visited(entry) for entry in entries]
        results = [(entry, each.resource) for entry, each in zip(entries, visited, strict=True)]
        if with_docs:
            add_highlights(compiled.words, results, [row[-1] for row in rows])
        if query.html is not None:
            asked = await _under_own_name(query.html, known)
            await add_tiles(state, self._db.dialect, asked, results)
        return _Answer(visited, total, known)

    async def _page(
        self, compiled: CompiledQuery, columns: str, state: IndexState
    ) -> tuple[list[Row], int]:
        """The rows of the page, by the way that the number of matches makes the shorter one."""
        few, ids = compiled.few(columns, GENERATION), None
        if few is not None:
            rows = await state.read(few.sql, few.params)
            total, is_few = rows[0][:2]
            if is_few and compiled.dialect.pages_at_once:
                return [row[2:] for row in rows[: compiled.page_length(total)]], total
            ids = rows[0][2] if is_few else None
        else:
            count = compiled.count
            [(total,)] = await state.read(f"SELECT ({count.sql}), {GENERATION}", count.params)
        length = compiled.page_length(total)
        if not length:
            return [], total
        columns = f"{columns}, {GENERATION}"
        walk = compiled.walk(columns, total) if ids is None else None
        if walk is not None:
            rows = await state.read(walk.sql, walk.params, least=0)
            if len(rows) >= length:
                return rows, total
        gather = compiled.gather(columns, ids)
        return await state.read(gather.sql, gather.params, least=length), total

    async def _compile(
        self, query: Query, realm_urls: Sequence[str], known: KnownDefinitions
    ) -> CompiledQuery:
        asked = await known.compile(lambda definitions: resolve(query, definitions))
        compiled = compile_query(
            asked,
            realm_urls,
            await self._catalogs.of(asked.paths, await known.generation()),
            dialect=DIALECTS[self._db.dialect],
            with_errors=query.html is not None,
        )
        if query.fields:
            own_types = {shelf.types[0] for each in compiled.groups for shelf in each.shelves}
            await known.load(own_types)
            await known.compile(lambda definitions: check_fields(query, own_types, definitions))
        return compiled


async def _under_own_name(html: HTMLRequest, known: KnownDefinitions) -> HTMLRequest:
    """The same with the name that a type has which its module may only pass on."""
    if html.render_type is None:
        return html
    key = html.render_type.type_key
    await known.load([key])
    definition = known[key]
    return html if definition is None else replace(html, render_type=definition.code_ref)
