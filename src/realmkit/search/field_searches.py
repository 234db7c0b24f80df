"""Answering the query-backed fields of many resources with few statements.

The fields of one layer are grouped by definition and name; the searches of a group
are one statement (for up to `MAX_UNION` different ones), each with its own values
and its own page. Owners that ask the same share an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from realmkit.cards.code_refs import ModuleNames
from realmkit.cards.stored import Place
from realmkit.db import Database
from realmkit.errors import BadRequest
from realmkit.query.compile import MAX_UNION, compile_union
from realmkit.query.nodes import Query
from realmkit.query.parse import parse_query
from realmkit.search.known import KnownDefinitions
from realmkit.search.query_fields import FieldSearch, QueryField, field_search, query_fields
from realmkit.search.search_links import search_link
from realmkit.search.served import Resource

Identifier = dict[str, str]
Answer = list[Identifier] | str
"""Resource identifiers in order, or why the search makes no sense."""


@dataclass(frozen=True, slots=True)
class _Parsed:
    key: bytes
    query: Query
    realm_urls: list[str]


class FieldSearches:
    """Fills in query-backed fields. Made for one request."""

    def __init__(
        self,
        db: Database,
        known: KnownDefinitions,
        names: ModuleNames,
        mounted_urls: Sequence[str],
    ) -> None:
        self._db = db
        self._known = known
        self._names = names
        self._mounted_urls = mounted_urls

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
                sound.append(_Parsed(key, query, here))
            except BadRequest as exc:
                answers[key] = exc.detail
        for start in range(0, len(sound), MAX_UNION):
            answers.update(await self._run(sound[start : start + MAX_UNION]))
        return answers

    async def _run(self, searches: Sequence[_Parsed]) -> dict[bytes, Answer]:
        pairs = [(search.query, search.realm_urls) for search in searches]
        try:
            compiled = await self._known.compile(lambda known: compile_union(pairs, known))
        except BadRequest as exc:
            if len(searches) == 1:
                return {searches[0].key: exc.detail}
            # One owner's mistake must not spoil the answers of the others.
            alone = [await self._run([search]) for search in searches]
            return {key: answer for answers in alone for key, answer in answers.items()}
        found: list[list[Identifier]] = [[] for _ in searches]
        for number, url, type_ in await self._db.read(compiled.sql, compiled.params):
            found[number].append(_identifier(url, type_))
        return {search.key: ids for search, ids in zip(searches, found, strict=True)}

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
