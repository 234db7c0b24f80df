"""Reading a query: decoded JSON in, nodes out, or a refusal that names the place.

Everything that needs no card definition is checked here, in every branch: members,
operators, shapes, numbers, depth. Whether a path exists is asked when the query is
compiled.
"""

from collections.abc import Mapping
from typing import Any, cast, get_args

from realmkit.cards.code_refs import CodeRef, ModuleNames
from realmkit.cards.json_text import check_json, expect_object, json_kind, pointer_to
from realmkit.cards.near_miss import did_you_mean
from realmkit.errors import BadRequest
from realmkit.query.nodes import (
    GENERAL_SORT_KEYS,
    Direction,
    Every,
    Filter,
    Format,
    HTMLRequest,
    On,
    Page,
    Query,
    Scope,
    SortKey,
    TypeIs,
)
from realmkit.query.parse_filter import FilterReader

MEMBERS = ("filter", "sort", "page", "realms", "realm", "fields", "scope", "html")
MAX_REALMS = 100
MAX_SORT_KEYS = 16
MAX_PAGE_SIZE = 500
MAX_OFFSET = 2**53


def parse_query(
    body: object, *, names: ModuleNames, relative_to: str | None = None, pointer: str = ""
) -> Query:
    """Return the query in `body`. Code refs resolve against `relative_to`, the URL of the
    realm or document that holds the query. Raises `BadRequest`."""
    check_json(body, what="The query", pointer=pointer)
    return _QueryReader(names, relative_to, pointer).read(body)


class _QueryReader:
    def __init__(self, names: ModuleNames, relative_to: str | None, pointer: str) -> None:
        self._filters = FilterReader(names, relative_to)
        self._pointer = pointer

    def read(self, body: object) -> Query:
        members = expect_object(body, "A query", self._pointer)
        _check_members(members, MEMBERS, "query", self._pointer)
        filter_ = self._filter(members)
        return Query(
            filter=filter_,
            sort=self._sort(members.get("sort"), _anchor(filter_)),
            page=self._page(members.get("page")),
            realms=self._realms(members),
            fields=self._fields(members.get("fields")),
            scope=self._scope(members.get("scope")),
            html=self._html(members.get("html")),
        )

    def _at(self, *members: str | int) -> str:
        return pointer_to(self._pointer, *members)

    def _filter(self, members: Mapping[str, Any]) -> Filter:
        if members.get("filter") in (None, {}):
            return Every(())
        return self._filters.read(members["filter"], self._at("filter"))

    def _sort(self, sort: object, anchor: CodeRef | None) -> tuple[SortKey, ...]:
        if sort is None:
            return ()
        if not isinstance(sort, list):
            raise BadRequest(
                f"`sort` must be an array, not {json_kind(sort)}.", pointer=self._at("sort")
            )
        keys = cast("list[object]", sort)
        if len(keys) > MAX_SORT_KEYS:
            raise BadRequest(
                f"A query has at most {MAX_SORT_KEYS} sort keys.", pointer=self._at("sort")
            )
        return tuple(
            self._sort_key(key, anchor, self._at("sort", position))
            for position, key in enumerate(keys)
        )

    def _sort_key(self, key: object, anchor: CodeRef | None, pointer: str) -> SortKey:
        members = expect_object(key, "A sort key", pointer)
        _check_members(members, ("by", "on", "direction"), "sort key", pointer)
        by = members.get("by")
        if not isinstance(by, str) or not by:
            raise BadRequest(
                f"`by` must be a field path as text, not {json_kind(by)}.",
                pointer=pointer_to(pointer, "by"),
            )
        direction = members.get("direction", "asc")
        if direction not in get_args(Direction):
            raise BadRequest(
                '`direction` is "asc" or "desc".', pointer=pointer_to(pointer, "direction")
            )
        if "on" in members:
            anchor = self._filters.code_ref(members["on"], pointer_to(pointer, "on"))
        is_general = by in GENERAL_SORT_KEYS
        return SortKey(by, None if is_general else anchor, direction, pointer, is_general)

    def _page(self, page: object) -> Page:
        if page is None:
            return Page()
        members = expect_object(page, "`page`", self._at("page"))
        _check_members(members, ("number", "size"), "page", self._at("page"))
        number = self._whole(members.get("number"), "number", least=0)
        size = self._whole(members.get("size"), "size", least=1)
        if (size or 0) > MAX_PAGE_SIZE:
            raise BadRequest(
                f"A page holds at most {MAX_PAGE_SIZE} cards: ask for the next with `page.number`.",
                pointer=self._at("page", "size"),
            )
        if (number or 0) * (size or 1) > MAX_OFFSET:
            raise BadRequest("That page lies beyond any result.", pointer=self._at("page"))
        return Page(number or 0, size)

    def _whole(self, value: object, name: str, *, least: int) -> int | None:
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise BadRequest(
                f"`page.{name}` must be a whole number of at least {least}.",
                pointer=self._at("page", name),
            )
        return value

    def _realms(self, members: Mapping[str, Any]) -> tuple[str, ...] | None:
        if "realm" in members and "realms" in members:
            raise BadRequest(
                "A query has `realm` or `realms`, not both.", pointer=self._at("realm")
            )
        if "realm" in members:
            return (self._realm(members["realm"], self._at("realm")),)
        realms = members.get("realms")
        if realms is None:
            return None
        if not isinstance(realms, list):
            raise BadRequest(
                f"`realms` must be an array of URLs, not {json_kind(realms)}.",
                pointer=self._at("realms"),
            )
        urls = [
            self._realm(url, self._at("realms", position))
            for position, url in enumerate(cast("list[object]", realms))
        ]
        if len(urls) > MAX_REALMS:
            raise BadRequest(
                f"A query names at most {MAX_REALMS} realms.", pointer=self._at("realms")
            )
        return tuple(dict.fromkeys(urls))

    @staticmethod
    def _realm(url: object, pointer: str) -> str:
        if not isinstance(url, str) or not url.strip():
            raise BadRequest(f"A realm is a URL as text, not {json_kind(url)}.", pointer=pointer)
        return url.strip().rstrip("/") + "/"

    def _fields(self, fields: object) -> tuple[str, ...] | None:
        if fields is None:
            return None
        pointer = self._at("fields")
        members = expect_object(fields, "`fields`", pointer)
        _check_members(members, ("card",), "fields", pointer)
        names = members.get("card")
        if names is None:
            return None
        if not isinstance(names, list) or not all(
            isinstance(name, str) and name for name in cast("list[object]", names)
        ):
            raise BadRequest(
                "`fields.card` must be an array of field names.",
                pointer=pointer_to(pointer, "card"),
            )
        return tuple(cast("list[str]", names))

    def _scope(self, scope: object) -> Scope:
        if scope is None:
            return "cards"
        if scope not in get_args(Scope):
            raise BadRequest('`scope` is "cards", "files" or "all".', pointer=self._at("scope"))
        return cast("Scope", scope)

    def _html(self, html: object) -> HTMLRequest | None:
        if html is None:
            return None
        pointer = self._at("html")
        members = expect_object(html, "`html`", pointer)
        _check_members(members, ("format", "renderType"), "html", pointer)
        format_ = members.get("format", "fitted")
        if format_ not in get_args(Format):
            known = ", ".join(get_args(Format))
            raise BadRequest(f"`format` is one of {known}.", pointer=pointer_to(pointer, "format"))
        render_type = members.get("renderType")
        if render_type is not None:
            render_type = self._filters.code_ref(render_type, pointer_to(pointer, "renderType"))
        return HTMLRequest(cast("Format", format_), render_type)


def _check_members(
    members: Mapping[str, Any], known: tuple[str, ...], what: str, pointer: str
) -> None:
    for name in members:
        if name not in known:
            raise BadRequest(
                f'Unknown {what} member "{name}".{did_you_mean(name, known)}',
                pointer=pointer_to(pointer, name),
            )


def _anchor(filter_: Filter) -> CodeRef | None:
    """The type that a sort key without `on` speaks of: the root filter's."""
    return filter_.ref if isinstance(filter_, On | TypeIs) else None
