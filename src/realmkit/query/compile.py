"""Compiling what was asked to statements: how many there are, and one page of them.

The number of matches decides how the page is best found. Where few entries match they are
*gathered*, and sorted; they are looked for once, while they are counted.
Where many do, the entries are *walked* in the order of the page until it is full.
`compile_shape` is for the same query asked with many different values, as query-backed
fields do: all of them become one statement.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from realmkit.query.conditions import TRUE, All, Condition, Has, OneOf, Within, every
from realmkit.query.dialect import Dialect
from realmkit.query.matching import Words
from realmkit.query.nodes import Page
from realmkit.query.params import AskedParams, NumberedParams, Params
from realmkit.query.resolve import Asked, GeneralOrder, Order, ValueOrder
from realmkit.query.row_sql import Ids, RowSql, opposite
from realmkit.query.search_rows import Kind
from realmkit.query.shelves import Catalog, Group, Shelf, groups, in_scope

GENERAL_COLUMNS = {
    "lastModified": "e.last_modified",
    "createdAt": "e.created_at",
    "cardURL": "e.file_alias",
}
GENERAL_INDEXES = {
    "lastModified": "search_entries_by_last_modified",
    "createdAt": "search_entries_by_created_at",
    "cardURL": "search_entries_by_id",
}
# A walk costs a statement's part for each shelf, and does not pay for few matches.
MOST_SHELVES_WALKED = 60
FEWEST_WALKED = 400
# More matches than this are counted first, and listed when the page is gathered after all.
MOST_LISTED = 2_000
MOST_SHAPES = 50
"""Of one statement; SQLite takes five hundred parts, and a planner's time grows with each."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its parameters (`$1` is `params[0]`)."""

    sql: str
    params: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """The statements of one query over one state of the index's shelves."""

    groups: tuple[Group, ...]
    order: tuple[Order, ...]
    ranked_by: tuple[str, ...]
    words: Words
    page: Page
    path_ids: dict[str, int]
    dialect: Dialect

    @property
    def known_total(self) -> int | None:
        """How many entries match, where that needs no statement."""
        if all(group.condition == TRUE for group in self.groups):
            return sum(group.size for group in self.groups)
        return None

    @property
    def count(self) -> Statement:
        """A statement whose one value says how many entries match."""
        params = NumberedParams()
        rows = RowSql(self.path_ids, self.dialect, params)
        counts = [_count(group, rows) for group in self.groups]
        return Statement(f"SELECT {' + '.join(counts) or '0'}", tuple(params.values))

    def few(self, columns: str, also: str) -> Statement | None:
        """Each row begins with how many entries match, and whether these were few enough to be
        listed (`MOST_LISTED`), and ends with `also`. In between are `columns` of `entries i`
        for the page of few matches, or, where the dialect has them read by `gather`, the ids
        that this takes.

        Where they were not few, and where the page is empty, there is one row with nulls.
        None where no index lists every match.
        """
        writer = _Page(self, NumberedParams())
        return writer.few(columns, also) if writer.lists_all else None

    def walk(self, columns: str, total: int) -> Statement | None:
        """The page, found by going through entries in its order; None where that does not pay.

        It finds only entries that have a value for the first sort key: a page with fewer
        entries than `total` lets it have must be gathered.
        """
        shelves = sum(len(group.shelves) for group in self.groups)
        if self.page.size is None or self.ranked_by or shelves > MOST_SHELVES_WALKED:
            return None
        order = self.order[0] if self.order else None
        if isinstance(order, ValueOrder) and (order.is_plural or order.path not in self.path_ids):
            return None
        reach = (self.page.number + 1) * self.page.size
        size = sum(group.size for group in self.groups)
        is_filtered = any(_not_walked(group.condition, order) != TRUE for group in self.groups)
        # Each shelf is walked until it has filled a page of its own.
        if total < FEWEST_WALKED or (is_filtered and shelves * reach * size > total * total):
            return None
        params = NumberedParams()
        writer = _Page(self, params)
        return writer.page(columns, list(writer.walks(reach)))

    def gather(self, columns: str, ids: object = None) -> Statement:
        """The page, found by listing every match and sorting; `ids` are what `few` listed."""
        writer = _Page(self, NumberedParams())
        arms = writer.gatherings() if ids is None else [writer.gathered(ids)]
        return writer.page(columns, list(arms))

    def page_length(self, total: int) -> int:
        """How many entries the page has when `total` match."""
        rest = max(total - self.page.number * (self.page.size or 0), 0)
        return rest if self.page.size is None else min(rest, self.page.size)


def compile_query(
    asked: Asked,
    realm_urls: Sequence[str],
    catalog: Catalog,
    *,
    dialect: Dialect,
    with_errors: bool = False,
) -> CompiledQuery:
    """Compile `asked` over `realm_urls`.

    `with_errors` also finds broken cards that still have their last good document.
    """
    shelves = in_scope(catalog, asked.scope, realm_urls, with_errors=with_errors)
    found = groups(asked.condition, shelves, catalog.path_ids)
    return CompiledQuery(
        tuple(found),
        asked.order,
        asked.ranked_by,
        asked.words,
        asked.page,
        dict(catalog.path_ids),
        dialect,
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """What queries have in common that differ only in the values they compare with.

    The statement answers (number of the query, url, type, place), each query's rows in its
    own order and its own page; `params_for` gives its parameters.
    """

    sql: str
    params: tuple[object, ...]

    def params_for(self, values: Sequence[Sequence[object]]) -> tuple[object, ...]:
        """The parameters for these queries: the values of each, as `compile_shape` gave them."""
        return (*self.params, orjson.dumps(values).decode())


def compile_shape(
    asked: Asked, realm_urls: Sequence[str], catalog: Catalog, *, dialect: Dialect
) -> tuple[Shape, tuple[str | float, ...]]:
    """Return the shape of what is asked and the values it compares with.

    Queries with equal shapes are answered by one statement.
    """
    query = compile_query(asked, realm_urls, catalog, dialect=dialect)
    params = AskedParams()
    writer = _Page(query, params)
    arms = " UNION ALL ".join(writer.shapes()) or writer.nothing("0 AS number, ")
    within_page = ""
    if query.page.size is not None:
        first = query.page.number * query.page.size
        last = params.bind(first + query.page.size)
        within_page = f" WHERE place > {params.bind(first)} AND place <= {last}"
    table = dialect.asked(f"${len(params.values) + 1}", params.compared_values)
    sql = (
        f"WITH {table} SELECT number, url, type, place FROM (SELECT number, url, type, row_number()"
        f" OVER (PARTITION BY number ORDER BY {writer.order_by}) AS place FROM ({arms}) AS found"
        f") AS placed{within_page} ORDER BY number, place"
    )
    return Shape(sql, tuple(params.values)), tuple(params.compared_values)


def together(asked: Sequence[tuple[Shape, Sequence[Sequence[object]]]]) -> Statement:
    """One statement for queries of several shapes, at most `MOST_SHAPES`.

    It answers (place of the shape, number of the query in it, url, type), in this order.
    """
    arms: list[str] = []
    params: list[object] = []
    for place, (shape, values) in enumerate(asked):
        sql = _renumbered(shape.sql, len(params))
        arms.append(f"SELECT {place} AS shape, number, url, type, place FROM ({sql}) AS s{place}")
        params += shape.params_for(values)
    found = " UNION ALL ".join(arms)
    return Statement(
        f"SELECT shape, number, url, type FROM ({found}) AS found ORDER BY shape, number, place",
        tuple(params),
    )


def _renumbered(sql: str, skipped: int) -> str:
    """The statement with its parameters behind so many others."""
    return _PARAMETER.sub(lambda one: f"${int(one[1]) + skipped}", sql)


_PARAMETER = re.compile(r"\$([0-9]+)")
_ENTRY = "i.realm_url = p.realm_url AND i.url = p.url AND i.type = p.type"


def _bound_limit(params: Params, number: int) -> str:
    # SQLite plans a statement anew, each time, whose limit is a bare parameter.
    return f"CAST({params.bind(number)} AS bigint)"


def _count(group: Group, rows: RowSql) -> str:
    """An expression for how many entries of a group there are."""
    if group.condition == TRUE:
        return str(group.size)
    ids = rows.ids(group.condition, group.shelf_ids)
    if ids is not None:
        return _number_of(ids)
    others = rows.ids(opposite(group.condition), group.shelf_ids)
    if others is not None:
        return f"({group.size} - {_number_of(others)})"
    condition = rows.test(group.condition, "e.entry_id", is_probe=True)
    return (
        f"(SELECT count(*) FROM search_entries e WHERE e.shelf_id IN ({_listed(group.shelves)})"
        f" AND {condition})"
    )


def _is_counted_unread(group: Group) -> bool:
    """Whether the columns of the index of values say how many entries of a group there are."""
    match group.condition:
        case Has(path, OneOf() | Within()):
            return "[]" not in path
        case _:
            return False


def _number_of(ids: Ids) -> str:
    counted = "*" if ids.is_distinct else "DISTINCT entry_id"
    return f"(SELECT count({counted}) FROM ({ids.sql}) AS found)"


class _Page:
    """Writes the parts of one statement that finds entries in order."""

    def __init__(self, query: CompiledQuery, params: Params) -> None:
        self._query = query
        self._params = params
        self._dialect = query.dialect
        self._rows = RowSql(query.path_ids, query.dialect, params)
        self._keys = list(self._sort_keys())

    @property
    def order_by(self) -> str:
        """Nulls last in both directions; what is equal so far goes by id."""
        keys = [f"k{place} {direction} NULLS LAST" for place, (_, direction) in self._numbered()]
        return ", ".join([*keys, "file_alias", "type", "url"])

    @property
    def lists_all(self) -> bool:
        """Whether an index lists every match."""
        groups = self._query.groups
        return bool(groups) and all(self._rows.is_listed(group.condition) for group in groups)

    def few(self, columns: str, also: str) -> Statement:
        """The page with its total, if matches are few: they are listed once, while they are
        counted."""
        groups = self._query.groups
        listed = [self._rows.ids(group.condition, group.shelf_ids) for group in groups]
        each = " UNION ALL ".join(f"SELECT entry_id FROM ({ids.sql}) AS g" for ids in listed if ids)
        counts = " + ".join(_count(group, self._rows) for group in groups)
        ids = self._dialect.id_array("entry_id")
        is_few = f"n <= {MOST_LISTED}"
        if self._dialect.counts_unread and all(map(_is_counted_unread, groups)):
            # An index counts what it would have to read rows to list.
            tables = (
                f"counted AS MATERIALIZED (SELECT n AS total, {is_few} AS is_few,"
                f" CASE WHEN {is_few} THEN (SELECT {ids} FROM ({each}) AS few) END AS ids"
                f" FROM (SELECT {counts} AS n OFFSET 0) AS found)"
            )
        else:
            limit = _bound_limit(self._params, MOST_LISTED + 1)
            is_distinct = all(one.is_distinct for one in listed if one)
            total = "n" if is_distinct else "different"
            different = "" if is_distinct else "count(DISTINCT entry_id) AS different, "
            tables = (
                f"matching AS {self._dialect.lazily} ({each}), counted AS MATERIALIZED (SELECT"
                f" CASE WHEN {is_few} THEN {total} ELSE {counts} END AS total,"
                f" {is_few} AS is_few, CASE WHEN {is_few} THEN ids END AS ids FROM"
                f" (SELECT count(*) AS n, {different}{ids} AS ids"
                f" FROM (SELECT entry_id FROM matching LIMIT {limit}) AS few) AS found)"
            )
        if not self._dialect.pages_at_once:
            return self._statement(f"WITH {tables} SELECT total, is_few, ids, {also} FROM counted")
        arm = self._listed_in("(SELECT ids FROM counted)")
        return self._statement(
            f"WITH {tables} SELECT c.total, c.is_few, {columns}, {also} FROM counted c"
            f" LEFT JOIN ({self._of_page([arm])}) AS p ON TRUE LEFT JOIN entries i ON {_ENTRY}"
            f" ORDER BY {self._in_order}"
        )

    def gathered(self, ids: object) -> str:
        """Matches that are known already."""
        return self._listed_in(self._params.bind(ids))

    def _listed_in(self, ids: str) -> str:
        of_those = self._dialect.one_of_ids("e.entry_id", ids)
        return f"SELECT {self._selected()} FROM search_entries e WHERE {of_those}"

    def page(self, columns: str, arms: list[str]) -> Statement:
        """A statement that reads `columns` of `entries i` for the page that the arms hold."""
        of_page = self._of_page(arms)
        joined = self._dialect.joined_in_order(f"({of_page}) AS p", "entries i", _ENTRY)
        return self._statement(f"SELECT {columns} FROM {joined} ORDER BY {self._in_order}")

    def _of_page(self, arms: Sequence[str]) -> str:
        """What is on the page of all that the arms hold."""
        page, limit = self._query.page, ""
        if page.size is not None:
            limit = f" LIMIT {_bound_limit(self._params, page.size)}"
            if page.number:
                limit += f" OFFSET {_bound_limit(self._params, page.number * page.size)}"
        found = " UNION ALL ".join(arms) or self.nothing()
        return f"SELECT * FROM ({found}) AS found ORDER BY {self.order_by}{limit}"

    @property
    def _in_order(self) -> str:
        """The order of the page's entries `p`."""
        keys = [f"p.k{place} {way} NULLS LAST" for place, (_, way) in self._numbered()]
        return ", ".join([*keys, "p.file_alias", "p.type", "p.url"])

    def _statement(self, sql: str) -> Statement:
        assert isinstance(self._params, NumberedParams)
        return Statement(sql, tuple(self._params.values))

    def walks(self, reach: int) -> Iterator[str]:
        """For each shelf its first `reach` entries, in the page's order."""
        order = self._query.order[0] if self._query.order else None
        limit = _bound_limit(self._params, reach)
        for group in self._query.groups:
            for shelf in group.shelves:
                arm = self._walk(shelf, group.condition, order)
                yield f"SELECT * FROM ({arm} LIMIT {limit}) AS s{shelf.shelf_id}"

    def gatherings(self) -> Iterator[str]:
        """For each group all of its matches."""
        for group in self._query.groups:
            ids = self._rows.ids(group.condition, group.shelf_ids)
            if ids is None:
                source = f"search_entries e WHERE {self._on(group)}"
            else:
                source = f"search_entries e WHERE e.entry_id IN ({ids.sql})"
            yield f"SELECT {self._selected()} FROM {source}"

    def shapes(self) -> Iterator[str]:
        """For each group all matches of every query asked, with the query's `number`."""
        for group in self._query.groups:
            ids = self._rows.ids(group.condition, group.shelf_ids)
            if ids is None:
                source = f"asked CROSS JOIN search_entries e WHERE {self._on(group)}"
            else:
                source = self._dialect.for_each_asked(ids.sql, is_distinct=ids.is_distinct)
            yield f"SELECT asked.number AS number, {self._selected()} FROM {source}"

    def nothing(self, more: str = "") -> str:
        """Stands where there are no arms."""
        return f"SELECT {more}{self._selected()} FROM search_entries e WHERE FALSE"

    def _on(self, group: Group) -> str:
        shelves = f"e.shelf_id IN ({_listed(group.shelves)})"
        if group.condition == TRUE:
            return shelves
        return f"{shelves} AND {self._rows.test(group.condition, 'e.entry_id')}"

    def _walk(self, shelf: Shelf, condition: Condition, order: Order | None) -> str:
        left = _not_walked(condition, order)
        tests = "" if left == TRUE else f" AND {self._rows.test(left, 'e.entry_id', is_probe=True)}"
        if not isinstance(order, ValueOrder):
            column = GENERAL_COLUMNS[order.by] if order else "e.file_alias"
            way = order.direction.upper() if order else "ASC"
            index = GENERAL_INDEXES[order.by if order else "cardURL"]
            return (
                f"SELECT {self._selected()} FROM search_entries e"
                f"{self._dialect.read_through(index)} WHERE e.shelf_id = {shelf.shelf_id} AND {column} IS NOT NULL{tests}"
                f" ORDER BY {column} {way}, {self._further()}e.file_alias, e.url"
            )
        way = order.direction.upper()
        source = self._dialect.joined_in_order(
            "search_values o", "search_entries e", "e.entry_id = o.entry_id"
        )
        within = "".join(
            f" AND {self._rows.value_test('o', one.test)}"
            for one in _conditions(condition)
            if isinstance(one, Has) and one.path == order.path
        )
        # The row that the walk is at has the first key's value.
        walked = [f"o.{column}" for column in _columns(order)]
        return (
            f"SELECT {self._selected(walked)} FROM {source}"
            f" WHERE o.path_id = {self._rows.path_id(order.path)} AND o.shelf_id = {shelf.shelf_id}"
            f" AND o.kind = {order.kind:d}{within}{tests}"
            f" ORDER BY o.number {way}, o.text {way}, {self._further()}e.file_alias, e.url"
        )

    def _further(self) -> str:
        """The sort keys after the first, in the ORDER BY of a walk."""
        skipped = len(_columns(self._query.order[0])) if self._query.order else 0
        return "".join(f"{key} {way} NULLS LAST, " for key, way in self._keys[skipped:])

    def _selected(self, walked: Sequence[str] = ()) -> str:
        """Sort keys, and what names an entry; `walked` stands for the first of the keys."""
        values = [*walked, *(key for key, _ in self._keys[len(walked) :])]
        keys = "".join(f"{value} AS k{place}, " for place, value in enumerate(values, 1))
        return f"{keys}e.file_alias, e.type, e.url, e.realm_url"

    def _numbered(self) -> Iterator[tuple[int, tuple[str, str]]]:
        return enumerate(self._keys, 1)

    def _sort_keys(self) -> Iterator[tuple[str, str]]:
        for order in self._query.order:
            way = order.direction.upper()
            if isinstance(order, GeneralOrder):
                yield GENERAL_COLUMNS[order.by], way
            else:
                for column in _columns(order):
                    yield self._sort_value(order, column), way
        if self._query.ranked_by:
            hits = [
                self._dialect.contains_word("e.title_words", self._params.bind(f" {stem} "))
                for stem in self._query.ranked_by
            ]
            yield " + ".join(hits), "DESC"

    def _sort_value(self, order: ValueOrder, column: str) -> str:
        """A plural sorts by its least value, or by its greatest when the order descends."""
        if order.path not in self._query.path_ids:
            return "CAST(NULL AS text)" if column == "text" else "CAST(NULL AS real)"
        way = order.direction.upper()
        first = f" ORDER BY o.number {way}, o.text {way} LIMIT 1" if order.is_plural else ""
        return (
            f"(SELECT o.{column} FROM search_values o WHERE o.entry_id = e.entry_id"
            f" AND o.path_id = {self._rows.path_id(order.path)} AND o.kind = {order.kind:d}{first})"
        )


def _columns(order: Order) -> Sequence[str]:
    """The columns of rows that an order goes by; a general one goes by one of the entry's."""
    if isinstance(order, GeneralOrder):
        return (order.by,)
    return {Kind.TEXT: ("text",), Kind.BOOLEAN: ("number",)}.get(order.kind, ("number", "text"))


def _conditions(condition: Condition) -> Sequence[Condition]:
    return condition.conditions if isinstance(condition, All) else (condition,)


def _not_walked(condition: Condition, order: Order | None) -> Condition:
    """What is left to test of entries that are walked by the values at `order`'s path: a
    condition on that very value is a condition on the row that the walk is at."""
    if not isinstance(order, ValueOrder):
        return condition
    return every(
        one
        for one in _conditions(condition)
        if not (isinstance(one, Has) and one.path == order.path)
    )


def _listed(shelves: Sequence[Shelf]) -> str:
    return ", ".join(str(shelf.shelf_id) for shelf in shelves)
