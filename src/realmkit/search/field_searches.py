"""Answering the query-backed fields of many resources with few statements.

The fields of one layer are grouped by definition and name. However many owners ask,
the searches of a group are one statement, each with its own values and its own page;
a second one where some owners' values are null. Owners that ask the same share an
answer. A realm of another server is asked over HTTP, meanwhile and once for each
different search; one that fails is named in `meta.errors` and costs nobody else
their answer.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.stored import Place
from realmkit.db import Database
from realmkit.errors import BadRequest
from realmkit.query.compile import Shape, compile_shape
from realmkit.query.dialects import DIALECTS
from realmkit.query.nodes import Query
from realmkit.query.parse import parse_query
from realmkit.query.resolve import Asked, resolve
from realmkit.search.catalog import Catalogs
from realmkit.search.known import KnownDefinitions
from realmkit.search.other_servers import OtherServers, Unreachable
from realmkit.search.query_fields import FieldSearch, QueryField, field_search, query_fields
from realmkit.search.search_links import search_link
from realmkit.search.served import Resource

Identifier = dict[str, str]
Values = tuple[object, ...]
_Parsed = tuple[bytes, Query, list[str]]
"""A search's key, its query, and those of its realms that are served here."""


@dataclass(slots=True)
class Answer:
    """Resource identifiers in order, and the realms that could not be asked.

    An error is `{realm, type, message, status?}`; its type is `authorization`,
    `network` or `unknown`.
    """

    ids: list[Identifier] = field(default_factory=list[Identifier])
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


class FieldSearches:
    """Fills in query-backed fields. `mounted_urls` are the realms served here."""

    def __init__(
        self,
        db: Database,
        catalogs: Catalogs,
        names: ModuleNames,
        mounted_urls: Sequence[str],
        *,
        budget_s: float,
    ) -> None:
        self._db = db
        self._catalogs = catalogs
        self._names = names
        self._mounted_urls = mounted_urls
        self._budget_s = budget_s

    async def fill(
        self,
        resources: Sequence[tuple[Resource, str | None]],
        known: KnownDefinitions,
        others: OtherServers | None,
        *,
        umbrella_only: bool,
    ) -> dict[str, Resource]:
        """Write the query-backed relationships of these (resource, own type key) pairs.

        With `umbrella_only` the results are named by the umbrella's `data` alone.
        Returns the resources that other servers sent, by id. Without `others`, theirs
        are realms that could not be asked.
        """
        groups: dict[tuple[str, str], list[QueryField]] = {}
        for asking in await query_fields(resources, known):
            groups.setdefault((asking.module, asking.field.name), []).append(asking)
        if not groups:
            return {}
        await known.load(fields[0].field.card.type_key for fields in groups.values())
        asked: list[tuple[QueryField, FieldSearch | None]] = []
        searches: dict[bytes, tuple[FieldSearch, str]] = {}
        for fields in groups.values():
            target = known[fields[0].field.card.type_key]
            for asking in fields:
                search = field_search(asking, target, self._mounted_urls, self._names)
                asked.append((asking, search))
                if search is not None:
                    searches[_key(search)] = (search, asking.module)
        (answers, brought) = await self._answers(searches, known, others)
        for asking, search in asked:
            _forget(asking)
            if search is None:
                asking.owner["relationships"][asking.key] = {"links": {"self": None}}
            else:
                self._write(asking, search, answers[_key(search)], umbrella_only=umbrella_only)
        return brought

    async def _answers(
        self,
        searches: Mapping[bytes, tuple[FieldSearch, str]],
        known: KnownDefinitions,
        others: OtherServers | None,
    ) -> tuple[dict[bytes, Answer], dict[str, Resource]]:
        answers = {key: Answer() for key in searches}
        elsewhere = [
            (key, search, url)
            for key, (search, _) in searches.items()
            for url in search.realm_urls
            if url not in self._mounted_urls
        ]
        _, replies = await asyncio.gather(
            self._ask_here(searches, answers, known),
            asyncio.gather(*(_ask_there(others, url, search) for _, search, url in elsewhere)),
        )
        brought: dict[str, Resource] = {}
        for (key, search, url), reply in zip(elsewhere, replies, strict=True):
            if isinstance(reply, Unreachable):
                answers[key].errors.append({"realm": url, **reply.to_json()})
            else:
                brought.update({resource["id"]: resource for resource in reply})
                _append(answers[key], reply, search)
        return answers, brought

    async def _ask_here(
        self,
        searches: Mapping[bytes, tuple[FieldSearch, str]],
        answers: Mapping[bytes, Answer],
        known: KnownDefinitions,
    ) -> None:
        sound: list[_Parsed] = []
        for key, (search, module) in searches.items():
            here = [url for url in search.realm_urls if url in self._mounted_urls]
            if not here:
                continue
            try:
                query = parse_query(search.query, names=self._names, relative_to=module)
                sound.append((key, query, here))
            except BadRequest as exc:
                _refuse(answers[key], here, exc)
        for shape, asked in (await self._shapes(sound, answers, known)).items():
            await self._run(shape, asked, answers)

    async def _shapes(
        self,
        searches: Sequence[_Parsed],
        answers: Mapping[bytes, Answer],
        known: KnownDefinitions,
    ) -> dict[Shape, list[tuple[bytes, Values]]]:
        """Group searches by what one statement can answer. Those that make no sense are
        answered here, so that one owner's mistake does not spoil the others' answers."""
        resolved: list[tuple[bytes, Asked, list[str]]] = []
        for key, query, here in searches:
            try:
                asked = await known.compile(lambda known, query=query: resolve(query, known))
                resolved.append((key, asked, here))
            except BadRequest as exc:
                _refuse(answers[key], here, exc)
        paths = frozenset(path for _, asked, _ in resolved for path in asked.paths)
        catalog = await self._catalogs.of(paths, await known.generation())
        shapes: dict[Shape, list[tuple[bytes, Values]]] = {}
        for key, asked, here in resolved:
            shape, values = compile_shape(asked, here, catalog, dialect=DIALECTS[self._db.dialect])
            shapes.setdefault(shape, []).append((key, values))
        return shapes

    async def _run(
        self,
        shape: Shape,
        asked: Sequence[tuple[bytes, Values]],
        answers: Mapping[bytes, Answer],
    ) -> None:
        params = shape.params_for([values for _, values in asked])
        rows = await self._db.read(shape.sql, params, budget_s=self._budget_s)
        for number, url, type_ in rows:
            answers[asked[number][0]].ids.append(_identifier(url, type_))

    def _write(
        self, asking: QueryField, search: FieldSearch, answer: Answer, *, umbrella_only: bool
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


async def _ask_there(
    others: OtherServers | None, realm_url: str, search: FieldSearch
) -> list[Resource] | Unreachable:
    if others is None:
        return Unreachable("network", f"No realm is served at {realm_url} here.")
    try:
        return await others.search(realm_url, search.query)
    except Unreachable as exc:
        return exc


def _append(answer: Answer, resources: Sequence[Resource], search: FieldSearch) -> None:
    """Results of other servers come after ours, as far as the page has room."""
    size = (search.query.get("page") or {}).get("size")
    present = {one["id"] for one in answer.ids}
    for resource in resources:
        if resource["id"] not in present and (size is None or len(answer.ids) < size):
            answer.ids.append({"type": resource["type"], "id": resource["id"]})


def _refuse(answer: Answer, realm_urls: Sequence[str], exc: BadRequest) -> None:
    answer.errors += [
        {"realm": url, "type": "unknown", "message": exc.detail} for url in realm_urls
    ]


def _forget(asking: QueryField) -> None:
    """Drop what the document carried under the field's name: the answer replaces all of it."""
    relationships, key = asking.owner["relationships"], asking.key
    for name in [name for name in relationships if name == key or name.startswith(f"{key}.")]:
        del relationships[name]


def _key(search: FieldSearch) -> bytes:
    return orjson.dumps([search.realm_urls, search.query], option=orjson.OPT_SORT_KEYS)


def _identifier(url: str, type_: str) -> Identifier:
    if type_ == "file":
        return {"type": "file-meta", "id": url}
    return {"type": "card", "id": url.removesuffix(".json")}
