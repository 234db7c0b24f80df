"""Answering the query-backed fields of many resources with few statements.

However many owners a layer has, a field costs one statement, each owner with its own
values and its own page; owners that ask the same share an answer. What realms of other
servers are asked is left to whoever follows the layer's links, so that a realm hears of
a layer once. Results come in the order of the realms: those of this server have one sort
and one place among them. A realm that fails is named in `meta.errors` and costs nobody
else their answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.stored import Place
from realmkit.query.parse import MAX_PAGE_SIZE
from realmkit.search.known import KnownDefinitions
from realmkit.search.many_searches import Answer, Identifier, ManySearches, Search
from realmkit.search.other_servers import RemoteSearch, Unreachable
from realmkit.search.query_fields import FieldSearch, QueryField, field_search, query_fields
from realmkit.search.search_links import search_link
from realmkit.search.served import Resource

Reply = Sequence[Resource] | Unreachable
"""What a realm of another server found, or why it could not be asked."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search that owners ask, and which of its realms are ours."""

    search: FieldSearch
    family: bytes
    here: tuple[str, ...]

    @property
    def elsewhere(self) -> list[str]:
        return [url for url in self.search.realm_urls if url not in self.here]

    @property
    def query(self) -> Mapping[str, Any]:
        """What each server is asked: of several, each has to begin at the first result."""
        query, page = self.search.query, self.search.query.get("page")
        if not isinstance(page, dict) or len(self.elsewhere) + bool(self.here) == 1:
            return query
        number, size = _window(cast("dict[str, object]", page))
        if not number or not size:
            return query
        return {**query, "page": {"number": 0, "size": min((number + 1) * size, MAX_PAGE_SIZE)}}


@dataclass(slots=True)
class _Answer:
    """Resource identifiers in order, and the realms that could not be asked.

    An error is `{realm, type, message, status?}`; its type is `authorization`,
    `network` or `unknown`.
    """

    ids: list[Identifier] = field(default_factory=list[Identifier])
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


class FieldSearches:
    """Finds what query-backed fields ask. `mounted_urls` are the realms served here."""

    def __init__(
        self, searches: ManySearches, names: ModuleNames, mounted_urls: Sequence[str]
    ) -> None:
        self._searches = searches
        self._names = names
        self._mounted_urls = mounted_urls

    async def of(
        self, resources: Sequence[tuple[Resource, str | None]], known: KnownDefinitions
    ) -> "LayerSearches":
        """What the fields of these (resource, own type key) pairs ask.

        What the resources carried under the fields' names is gone from them.
        """
        fields = await query_fields(resources, known, self._names)
        await known.load(each.field.card.type_key for each in fields)
        searches: list[tuple[QueryField, FieldSearch | None]] = []
        for asking in fields:
            _forget(asking)
            target = known[asking.field.card.type_key]
            search = field_search(asking, target, self._mounted_urls, self._names)
            searches.append((asking, search))
        return LayerSearches(self._searches, searches, self._mounted_urls, self._names, known)


class LayerSearches:
    """The query-backed fields of one layer: asked here, asked elsewhere, written."""

    def __init__(
        self,
        searches: ManySearches,
        fields: Sequence[tuple[QueryField, FieldSearch | None]],
        mounted_urls: Sequence[str],
        names: ModuleNames,
        known: KnownDefinitions,
    ) -> None:
        self._searches = searches
        self._fields = fields
        self._names = names
        self._known = known
        self._asked: dict[bytes, _Asked] = {}
        self._found: dict[bytes, Answer] = {}
        for asking, search in fields:
            if search is not None:
                here = tuple(url for url in search.realm_urls if url in mounted_urls)
                self._asked.setdefault(_key(search), _Asked(search, _family(asking), here))

    @property
    def elsewhere(self) -> list[RemoteSearch]:
        """What realms of other servers are asked, each question once."""
        questions = {
            _question(url, asked.query): RemoteSearch(url, asked.query)
            for asked in self._asked.values()
            for url in asked.elsewhere
        }
        return list(questions.values())

    async def ask_here(self) -> None:
        """Ask the realms of this server."""
        asked = {key: one for key, one in self._asked.items() if one.here}
        found = await self._searches.found(
            [Search(one.query, one.here, one.family) for one in asked.values()], self._known
        )
        self._found = dict(zip(asked, found, strict=True))

    def write(self, replies: Sequence[Reply], *, umbrella_only: bool) -> None:
        """Write the relationships into their owners, once all were asked. `replies` answer
        `elsewhere`. With `umbrella_only` results are named by the umbrella's `data` alone."""
        by_question = {
            _question(one.realm_url, one.query): reply
            for one, reply in zip(self.elsewhere, replies, strict=True)
        }
        answers = {key: self._answer(key, asked, by_question) for key, asked in self._asked.items()}
        for asking, search in self._fields:
            if search is None:
                asking.owner["relationships"][asking.key] = {"links": {"self": None}}
            else:
                self._write(asking, search, answers[_key(search)], umbrella_only=umbrella_only)

    def _answer(self, key: bytes, asked: _Asked, replies: Mapping[bytes, Reply]) -> _Answer:
        answer = _Answer()
        found: dict[tuple[str, str], Identifier] = {}
        here = self._found.get(key)
        for url in asked.search.realm_urls:
            if url in asked.here:
                # All of ours come where the first of them is named.
                assert here is not None
                for one in here.ids:
                    found.setdefault((one["type"], one["id"]), one)
                if here.refusal is not None:
                    said = {"type": "unknown", "message": here.refusal.detail}
                    answer.errors.append({"realm": url, **said})
                continue
            reply = replies[_question(url, asked.query)]
            if isinstance(reply, Unreachable):
                answer.errors.append({"realm": url, **reply.to_json()})
                continue
            for one in reply:
                one = {"type": one["type"], "id": one["id"]}
                found.setdefault((one["type"], one["id"]), one)
        answer.ids = _page_of(list(found.values()), asked)
        return answer

    def _write(
        self, asking: QueryField, search: FieldSearch, answer: _Answer, *, umbrella_only: bool
    ) -> None:
        relationships, key, ids = asking.owner["relationships"], asking.key, answer.ids
        links: dict[str, Any] = {
            "self": None,
            "search": search_link(search.realm_urls, search.query),
        }
        umbrella: dict[str, Any] = {"links": links}
        place = Place(asking.owner["id"], asking.owner["meta"]["realmURL"], self._names)
        if asking.field.kind == "linksTo":
            links["self"] = place.spell_link(ids[0]["id"]) if ids else None
            umbrella["data"] = ids[0] if ids else None
        else:
            umbrella["data"] = ids
        if answer.errors:
            umbrella["meta"] = {"errors": answer.errors}
        relationships[key] = umbrella
        if asking.field.is_plural and not umbrella_only:
            for position, identifier in enumerate(ids):
                relationships[f"{key}.{position}"] = {
                    "links": {"self": place.spell_link(identifier["id"])},
                    "data": identifier,
                }


def _page_of(ids: list[Identifier], asked: _Asked) -> list[Identifier]:
    """The page of what all servers together found."""
    page = asked.search.query.get("page")
    if not isinstance(page, dict):
        return ids
    number, size = _window(cast("dict[str, object]", page))
    if asked.query is asked.search.query:
        # Who was asked for a page has left out what comes before it.
        number = 0
    return ids if not size else ids[number * size : (number + 1) * size]


def _window(page: Mapping[str, object]) -> tuple[int, int | None]:
    """A page's number and size; nothing that makes no sense, which is refused where it is asked."""
    number, size = page.get("number"), page.get("size")
    return (
        number if type(number) is int and number > 0 else 0,
        size if type(size) is int and size > 0 else None,
    )


def _forget(asking: QueryField) -> None:
    """Drop what the document carried under the field's name: the answer replaces all of it."""
    relationships, key = asking.owner["relationships"], asking.key
    for name in [name for name in relationships if name == key or name.startswith(f"{key}.")]:
        del relationships[name]


def _key(search: FieldSearch) -> bytes:
    return orjson.dumps([search.realm_urls, search.query], option=orjson.OPT_SORT_KEYS)


def _question(realm_url: str, query: Mapping[str, Any]) -> bytes:
    return orjson.dumps([realm_url, query], option=orjson.OPT_SORT_KEYS)


def _family(asking: QueryField) -> bytes:
    """A field as it is declared, whichever class inherits it."""
    declared = asking.field
    said = [declared.name, declared.card.type_key, declared.query]
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
