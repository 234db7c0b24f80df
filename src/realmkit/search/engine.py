"""Answering a query with the documents of the cards it finds.

One statement finds the page, one more counts the total where the page does not tell,
one more fetches HTML when it is asked for; several realms are one search under one
sort. Links and query-backed fields are the link walker's business.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from realmkit.cards.addresses import card_id
from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.definitions import DefinitionSource
from realmkit.config import Realm
from realmkit.db import Database, Row
from realmkit.errors import BadRequest
from realmkit.extraction import FileExtractor
from realmkit.files import FileStore
from realmkit.query import Query, parse_query
from realmkit.query.compile import CompiledQuery, Statement, compile_query
from realmkit.query.dialects import DIALECTS
from realmkit.query.resolve import resolve
from realmkit.search.catalog import Catalogs
from realmkit.search.found import COLUMNS, Found, found
from realmkit.search.highlights import add_highlights
from realmkit.search.known import GENERATION, CurrentDefinitions, KnownDefinitions
from realmkit.search.link_walker import LinkWalker, Visited, Walk
from realmkit.search.many_cards import ManyCards
from realmkit.search.other_servers import OtherServers
from realmkit.search.served import Resource, served_resource, sparse
from realmkit.search.served_cards import ServedCards
from realmkit.search.stored import StoredCards
from realmkit.search.tiles import add_tiles

# How often a search starts over because the index had a commit meanwhile.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query over one state of the index, and how many entries match."""

    compiled: CompiledQuery
    known: KnownDefinitions
    total: int


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of results as JSON:API resources. `total` counts every match, not the page."""

    data: list[Resource]
    total: int
    included: list[Resource] = field(default_factory=list[Resource])
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Realms that could not be asked: `{realm, type, message}`."""

    def to_document(self) -> dict[str, Any]:
        """The body of `_search`: data, included if any, meta.page.total, meta.errors if any."""
        meta: dict[str, Any] = {"page": {"total": self.total}}
        if self.errors:
            meta["errors"] = self.errors
        if self.included:
            return {"data": self.data, "included": self.included, "meta": meta}
        return {"data": self.data, "meta": meta}


class SearchEngine:
    """Searches the mounted realms, whose folders are `files`, the base realm's included.

    `public_url` is the server's origin without a trailing slash; `budget_s` is how long
    one statement of a search, or the walk of its links, may take before it is given up
    (408). Without `others`, links and searches into other servers are named as broken.
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
        self._names = ModuleNames(public_url)
        self._stored = StoredCards(files, extractor, self._names)
        self._catalogs = Catalogs(db)
        self._budget_s = budget_s
        self._links = LinkWalker(
            db,
            self._catalogs,
            self._realms,
            self._names,
            others,
            depth=link_depth,
            budget_s=budget_s,
        )
        self.cards = ServedCards(
            db, self._kept_definitions, self._realms, self._names, self._stored, self._links
        )
        self.many_cards = ManyCards(
            db, self._definitions, self._realms, self._names, self._stored, self._links
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
        here, errors = self._served(realm_urls)
        asked = await self._ask(
            query, here, self._kept_definitions if is_rendering else self._definitions
        )
        compiled, total = asked.compiled, asked.total
        entries = [found(row) for row in await self._page(compiled, COLUMNS, total)]
        results = [(entry, self._resource(entry)) for entry in entries]
        if compiled.words.alternatives:
            await add_highlights(self._db, compiled.words, results)
        included: list[Resource] = []
        if query.html is not None:
            await add_tiles(self._db, query.html, results)
        elif with_included and query.fields is None:
            included = await self._links.walk(
                [_visited(entry, resource) for entry, resource in results],
                asked.known,
                walk or Walk(),
            )
        data = [resource for _, resource in results]
        if query.fields is not None:
            data = [sparse(resource, query.fields) for resource in data]
        return SearchPage(data, total, included, errors)

    async def search_ids(self, realm_urls: Sequence[str], query: Query) -> list[str]:
        """Return only the ids of the page, in order."""
        here, _ = self._served(realm_urls)
        asked = await self._ask(query, here, self._definitions)
        rows = await self._page(asked.compiled, "i.url, i.type", asked.total)
        return [url if type_ == "file" else card_id(url) for url, type_ in rows]

    async def stored_documents(self, ids: Iterable[str]) -> dict[str, Any]:
        """Return `{data: [resources], meta: {missing: [{id, status, title, detail}]}}`, read
        from files: ids absolute, links and code refs as stored."""
        return await self._stored.documents(ids)

    def _served(self, realm_urls: Sequence[str]) -> tuple[list[str], list[dict[str, Any]]]:
        here = [url for url in realm_urls if url in self._realms]
        errors = [
            {"realm": url, "type": "unknown", "message": f"No realm is served at {url} here."}
            for url in realm_urls
            if url not in self._realms
        ]
        return here, errors

    async def _ask(
        self, query: Query, realm_urls: Sequence[str], current: CurrentDefinitions
    ) -> _Asked:
        """Compile the query and count what it matches.

        What is known of the index is taken for its present state until the count, which
        reads the generation as well, says otherwise; then it is done again.
        """
        generation = current.generation
        if generation is None:
            generation = await current.generation_now()
        attempts = _ATTEMPTS
        while True:
            attempts -= 1
            known = current.for_request(generation)
            try:
                compiled = await self._compile(query, realm_urls, known)
            except BadRequest:
                now = await current.generation_now()
                # A field may be unknown that a commit has just brought.
                if now == generation or not attempts:
                    raise
                generation = now
                continue
            counted = f"SELECT ({compiled.count.sql}), {GENERATION}"
            [(total, now)] = await self._run(Statement(counted, compiled.count.params))
            if now == generation or not attempts:
                return _Asked(compiled, known, total)
            generation = now

    async def _page(self, compiled: CompiledQuery, columns: str, total: int) -> list[Row]:
        """The rows of the page, by the way that `total` makes the shorter one."""
        length = compiled.page_length(total)
        if not length:
            return []
        walk = compiled.walk(columns, total)
        if walk is not None:
            rows = await self._run(walk)
            if len(rows) >= length:
                return rows
        return await self._run(compiled.gather(columns))

    async def _run(self, statement: Statement) -> list[Row]:
        return await self._db.read(statement.sql, statement.params, budget_s=self._budget_s)

    async def _compile(
        self, query: Query, realm_urls: Sequence[str], known: KnownDefinitions
    ) -> CompiledQuery:
        asked = await known.compile(lambda definitions: resolve(query, definitions))
        return compile_query(
            asked,
            realm_urls,
            await self._catalogs.of(asked.paths, await known.generation()),
            dialect=DIALECTS[self._db.dialect],
            with_errors=query.html is not None,
        )

    def _resource(self, entry: Found) -> Resource:
        return served_resource(entry, self._realms.get(entry.realm_url), self._names)


def _visited(entry: Found, resource: Resource) -> Visited:
    return Visited(resource, entry.types[0] if entry.types else None)
