"""One page of the entries that match, as SQL: its parts, for every way to find it.

Entries are *walked* in the order of the page, *gathered* and sorted, or read by the ids that
were listed while they were counted. Which way pays is `compile.py`'s to say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from realmkit.query.conditions import TRUE, All, Condition, Has, OneOf, Within, every
from realmkit.query.dialect import Dialect
from realmkit.query.nodes import Page
from realmkit.query.params import NumberedParams, Params, Statement
from realmkit.query.resolve import GeneralOrder, Order, ValueOrder
from realmkit.query.row_sql import Ids, RowSql, opposite
from realmkit.query.search_rows import Kind
from realmkit.query.shelves import Group, Shelf

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
# More matches than this are counted first, and listed when the page is gathered after all.
MOST_LISTED = 2_000


@dataclass(frozen=True, slots=True)
class Matches:
    """The entries that match, by groups, and the page of them that is wanted."""

    groups: tuple[Group, ...]
    order: tuple[Order, ...]
    ranked_by: tuple[str, ...]
    page: Page
    path_ids: dict[str, int]
    dialect: Dialect


_NOTHING = {"number": "CAST(NULL AS real)", "text": "CAST(NULL AS text)"}
_ENTRY = "i.realm_url = p.realm_url AND i.url = p.url AND i.type = p.type"


def _bound_limit(params: Params, number: int) -> str:
    # SQLite plans a statement anew, each time, whose limit is a bare parameter.
    return f"CAST({params.bind(number)} AS bigint)"


def count_of(group: Group, rows: RowSql) -> str:
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


class PageSql:
    """Writes the parts of one statement that finds entries in order."""

    def __init__(self, matches: Matches, params: Params) -> None:
        self._matches = matches
        self._params = params
        self._dialect = matches.dialect
        self._rows = RowSql(matches.path_ids, matches.dialect, params)
        # What entries `e` are joined with for each sort key of values, so that a row is looked
        # up once for all of its columns.
        self._lookups: list[str] = []
        self._keys = list(self._sort_keys())

    @property
    def order_by(self) -> str:
        """Nulls last in both directions; what is equal so far goes by id."""
        keys = [f"k{place} {direction} NULLS LAST" for place, (_, direction) in self._numbered()]
        return ", ".join([*keys, "file_alias", "type", "url"])

    @property
    def lists_all(self) -> bool:
        """Whether an index lists every match."""
        groups = self._matches.groups
        return bool(groups) and all(self._rows.is_listed(group.condition) for group in groups)

    def few(self, columns: str, also: str) -> Statement:
        """The page with its total, if matches are few: they are listed once, while they are
        counted."""
        groups = self._matches.groups
        listed = [self._rows.ids(group.condition, group.shelf_ids) for group in groups]
        each = " UNION ALL ".join(f"SELECT entry_id FROM ({ids.sql}) AS g" for ids in listed if ids)
        counts = " + ".join(count_of(group, self._rows) for group in groups)
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
        return f"SELECT {self._selected()} FROM {self._entries()} WHERE {of_those}"

    def page(self, columns: str, arms: list[str]) -> Statement:
        """A statement that reads `columns` of `entries i` for the page that the arms hold."""
        of_page = self._of_page(arms)
        joined = self._dialect.joined_in_order(f"({of_page}) AS p", "entries i", _ENTRY)
        return self._statement(f"SELECT {columns} FROM {joined} ORDER BY {self._in_order}")

    def _of_page(self, arms: Sequence[str]) -> str:
        """What is on the page of all that the arms hold."""
        page, limit = self._matches.page, ""
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
        order = self._matches.order[0] if self._matches.order else None
        limit = _bound_limit(self._params, reach)
        for group in self._matches.groups:
            for shelf in group.shelves:
                arm = self._walk(shelf, group.condition, order)
                yield f"SELECT * FROM ({arm} LIMIT {limit}) AS s{shelf.shelf_id}"

    def gatherings(self) -> Iterator[str]:
        """For each group all of its matches."""
        for group in self._matches.groups:
            ids = self._rows.ids(group.condition, group.shelf_ids)
            found = self._on(group) if ids is None else f"e.entry_id IN ({ids.sql})"
            yield f"SELECT {self._selected()} FROM {self._entries()} WHERE {found}"

    def shapes(self) -> Iterator[str]:
        """For each group all matches of every query asked, with the query's `number`."""
        for group in self._matches.groups:
            ids = self._rows.ids(group.condition, group.shelf_ids)
            if ids is None:
                source = f"asked CROSS JOIN {self._entries()} WHERE {self._on(group)}"
            else:
                source = self._dialect.for_each_asked(ids.sql, is_distinct=ids.is_distinct)
                source += "".join(self._lookups)
            yield f"SELECT asked.number AS number, {self._selected()} FROM {source}"

    def nothing(self, more: str = "") -> str:
        """Stands where there are no arms."""
        return f"SELECT {more}{self._selected()} FROM {self._entries()} WHERE FALSE"

    def _entries(self, read_through: str = "") -> str:
        """Entries with what they are put in order by."""
        return f"search_entries e{read_through}{''.join(self._lookups)}"

    def _on(self, group: Group) -> str:
        shelves = f"e.shelf_id IN ({_listed(group.shelves)})"
        if group.condition == TRUE:
            return shelves
        return f"{shelves} AND {self._rows.test(group.condition, 'e.entry_id')}"

    def _walk(self, shelf: Shelf, condition: Condition, order: Order | None) -> str:
        left = not_walked(condition, order)
        tests = "" if left == TRUE else f" AND {self._rows.test(left, 'e.entry_id', is_probe=True)}"
        if not isinstance(order, ValueOrder):
            column = GENERAL_COLUMNS[order.by] if order else "e.file_alias"
            way = order.direction.upper() if order else "ASC"
            index = self._dialect.read_through(GENERAL_INDEXES[order.by if order else "cardURL"])
            return (
                f"SELECT {self._selected()} FROM {self._entries(index)}"
                f" WHERE e.shelf_id = {shelf.shelf_id} AND {column} IS NOT NULL{tests}"
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
        lookups = "".join(self._lookups[1:])
        return (
            f"SELECT {self._selected(walked)} FROM {source}{lookups}"
            f" WHERE o.path_id = {self._rows.path_id(order.path)} AND o.shelf_id = {shelf.shelf_id}"
            f" AND o.kind = {order.kind:d}{within}{tests}"
            f" ORDER BY o.number {way}, o.text {way}, {self._further()}e.file_alias, e.url"
        )

    def _further(self) -> str:
        """The sort keys after the first, in the ORDER BY of a walk."""
        skipped = len(_columns(self._matches.order[0])) if self._matches.order else 0
        return "".join(f"{key} {way} NULLS LAST, " for key, way in self._keys[skipped:])

    def _selected(self, walked: Sequence[str] = ()) -> str:
        """Sort keys, and what names an entry; `walked` stands for the first of the keys."""
        values = [*walked, *(key for key, _ in self._keys[len(walked) :])]
        keys = "".join(f"{value} AS k{place}, " for place, value in enumerate(values, 1))
        return f"{keys}e.file_alias, e.type, e.url, e.realm_url"

    def _numbered(self) -> Iterator[tuple[int, tuple[str, str]]]:
        return enumerate(self._keys, 1)

    def _sort_keys(self) -> Iterator[tuple[str, str]]:
        for order in self._matches.order:
            way = order.direction.upper()
            if isinstance(order, GeneralOrder):
                yield GENERAL_COLUMNS[order.by], way
            else:
                for value in self._sort_values(order):
                    yield value, way
        if self._matches.ranked_by:
            hits = [
                self._dialect.contains_word("e.title_words", self._params.bind(f" {stem} "))
                for stem in self._matches.ranked_by
            ]
            yield " + ".join(hits), "DESC"

    def _sort_values(self, order: ValueOrder) -> Sequence[str]:
        """A plural sorts by its least value, or by its greatest when the order descends."""
        columns = _columns(order)
        if order.path not in self._matches.path_ids:
            self._lookups.append("")
            return [_NOTHING[column] for column in columns]
        way = order.direction.upper()
        first = f" ORDER BY o.number {way}, o.text {way}" if order.is_plural else ""
        row = (
            "FROM search_values o WHERE o.entry_id = e.entry_id"
            f" AND o.path_id = {self._rows.path_id(order.path)} AND o.kind = {order.kind:d}{first}"
            " LIMIT 1"
        )
        alias = f"o{len(self._lookups) + 1}"
        lookup, values = self._dialect.looked_up(alias, [f"o.{one}" for one in columns], row)
        self._lookups.append(lookup)
        return values


def _columns(order: Order) -> Sequence[str]:
    """The columns of rows that an order goes by; a general one goes by one of the entry's."""
    if isinstance(order, GeneralOrder):
        return (order.by,)
    return {Kind.TEXT: ("text",), Kind.BOOLEAN: ("number",)}.get(order.kind, ("number", "text"))


def _conditions(condition: Condition) -> Sequence[Condition]:
    return condition.conditions if isinstance(condition, All) else (condition,)


def not_walked(condition: Condition, order: Order | None) -> Condition:
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
