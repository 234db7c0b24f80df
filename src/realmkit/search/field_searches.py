"""Answering the query-backed fields of many resources with few statements.

The fields of one layer are grouped by definition and name. However many owners ask,
the searches of a group are one statement, each with its own values and its own page;
a second one where some owners' values are null. Owners that ask the same share an
answer.
"""

from collections.abc import Mapping, Sequence
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
from realmkit.search.known import KnownDefinitions
from realmkit.search.query_fields import FieldSearch, QueryField, field_search, query_fields
from realmkit.search.search_links import search_link
from realmkit.search.served import Resource

Identifier = dict[str, str]
Answer = list[Identifier] | str
"""Resource identifiers in order, or why the search makes no sense."""


Values = tuple[object, ...]
_Parsed = tuple[bytes, Query, list[str]]
"""A search's key, its query, and those of its realms that are served here."""


class FieldSearches:
    """Fills in query-backed fields. Made for one request."""

    def __init__(
        self,
        db: Database,
        known: KnownDefinitions,
        names: ModuleNames,
        mounted_urls: Sequence[str],
        *,
        budget_s: float,
    ) -> None:
        self._db = db
        self._known = known
        self._names = names
        self._mounted_urls = mounted_urls
        self._budget_s = budget_s

    async def fill(
        self, resources: Sequence[tuple[Resource, str | None]], *, umbrella_only: bool
    ) -> None:
        """Write the query-backed relationships of these (resource, own type key) pairs.

        With `umbrella_only` the results are named by the umbrella's `data` alone.
        """
        await self._known.load(key for _, key in resources if key)
        groups: dict[tuple[str, str], list[QueryField]] = {}
        for resource, type_key in resources:
            for field in await query_fields(resource, type_key, self._known):
                groups.setdefault((field.module, field.field.name), []).append(field)
        for fields in groups.values():
            await self._fill_group(fields, umbrella_only=umbrella_only)

    async def _fill_group(self, fields: Sequence[QueryField], *, umbrella_only: bool) -> None:
        target_key = fields[0].field.card.type_key
        await self._known.load([target_key])
        target = self._known[target_key]
        asked = [(field, field_search(field, target, self._mounted_urls)) for field in fields]
        answers = await self._answers(
            {_key(search): (search, field.module) for field, search in asked if search}
        )
        for field, search in asked:
            _forget(field)
            if search is None:
                field.owner["relationships"][field.key] = {"links": {"self": None}}
                continue
            self._write(field, search, answers[_key(search)], umbrella_only=umbrella_only)

    async def _answers(
        self, searches: Mapping[bytes, tuple[FieldSearch, str]]
    ) -> dict[bytes, Answer]:
        answers: dict[bytes, Answer] = {}
        sound: list[_Parsed] = []
        for key, (search, module) in searches.items():
            here = [url for url in search.realm_urls if url in self._mounted_urls]
            try:
                query = parse_query(search.query, names=self._names, relative_to=module)
                sound.append((key, query, here))
            except BadRequest as exc:
                answers[key] = exc.detail
        for shape, asked in (await self._shapes(sound, answers)).items():
            answers.update(await self._run(shape, asked))
        return answers

    async def _shapes(
        self, searches: Sequence[_Parsed], answers: dict[bytes, Answer]
    ) -> dict[Shape, list[tuple[bytes, Values]]]:
        """Group searches by what one statement can answer. Those that make no sense are
        answered here, so that one owner's mistake does not spoil the others' answers."""
        shapes: dict[Shape, list[tuple[bytes, Values]]] = {}
        for key, query, here in searches:
            try:
                shape, values = await self._known.compile(
                    lambda known, query=query, here=here: compile_shape(
                        query, here, known, dialect=DIALECTS[self._db.dialect]
                    )
                )
                shapes.setdefault(shape, []).append((key, values))
            except BadRequest as exc:
                answers[key] = exc.detail
        return shapes

    async def _run(
        self, shape: Shape, asked: Sequence[tuple[bytes, Values]]
    ) -> dict[bytes, Answer]:
        found: list[list[Identifier]] = [[] for _ in asked]
        params = shape.params_for([values for _, values in asked])
        rows = await self._db.read(shape.sql, params, budget_s=self._budget_s)
        for number, url, type_ in rows:
            found[number].append(_identifier(url, type_))
        return {key: ids for (key, _), ids in zip(asked, found, strict=True)}

    def _write(
        self, field: QueryField, search: FieldSearch, answer: Answer, *, umbrella_only: bool
    ) -> None:
        relationships, key = field.owner["relationships"], field.key
        ids = answer if isinstance(answer, list) else []
        links: dict[str, Any] = {
            "self": None,
            "search": search_link(search.realm_urls, search.query),
        }
        umbrella: dict[str, Any] = {"links": links}
        place = Place(field.owner["id"], field.owner["meta"]["realmURL"], self._names)
        if field.field.kind == "linksTo":
            links["self"] = place.spell_link(ids[0]["id"]) if ids else None
            umbrella["data"] = ids[0] if ids else None
        else:
            umbrella["data"] = ids
        errors = self._errors(search, answer)
        if errors:
            umbrella["meta"] = {"errors": errors}
        relationships[key] = umbrella
        if field.field.is_plural and not umbrella_only:
            for position, identifier in enumerate(ids):
                relationships[f"{key}.{position}"] = {
                    "links": {"self": place.spell_link(identifier["id"])},
                    "data": identifier,
                }

    def _errors(self, search: FieldSearch, answer: Answer) -> list[dict[str, Any]]:
        if isinstance(answer, str):
            return [
                {"realm": url, "type": "unknown", "message": answer} for url in search.realm_urls
            ]
        return [
            {"realm": url, "type": "network", "message": f"No realm is served at {url} here."}
            for url in search.realm_urls
            if url not in self._mounted_urls
        ]


def _forget(field: QueryField) -> None:
    """Drop what the document carried under the field's name: the answer replaces all of it."""
    relationships, key = field.owner["relationships"], field.key
    for name in [name for name in relationships if name == key or name.startswith(f"{key}.")]:
        del relationships[name]


def _key(search: FieldSearch) -> bytes:
    return orjson.dumps([search.realm_urls, search.query], option=orjson.OPT_SORT_KEYS)


def _identifier(url: str, type_: str) -> Identifier:
    if type_ == "file":
        return {"type": "file-meta", "id": url}
    return {"type": "card", "id": url.removesuffix(".json")}
