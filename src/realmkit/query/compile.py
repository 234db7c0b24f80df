"""Compiling what was asked to statements: how many there are, and one page of them.

The number of matches decides how the page is best found. Where few entries match they are
*gathered*, and sorted; they are looked for once, while they are counted.
Where many do, the entries are *walked* in the order of the page until it is full.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from realmkit.query.conditions import TRUE
from realmkit.query.dialect import Dialect
from realmkit.query.matching import Words
from realmkit.query.page_sql import Matches, PageSql, count_of, not_walked
from realmkit.query.params import NumberedParams, Statement
from realmkit.query.resolve import Asked, Order, ValueOrder
from realmkit.query.row_sql import RowSql
from realmkit.query.shelves import Catalog, groups, in_scope

# A walk costs a statement's part for each shelf, and does not pay for few matches.
MOST_SHELVES_WALKED = 60
FEWEST_WALKED = 400


@dataclass(frozen=True, slots=True)
class CompiledQuery(Matches):
    """The statements of one query over one state of the index's shelves."""

    words: Words

    @property
    def count(self) -> Statement:
        """A statement whose one value says how many entries match."""
        params = NumberedParams()
        rows = RowSql(self.path_ids, self.dialect, params)
        counts = [count_of(group, rows) for group in self.groups]
        return Statement(f"SELECT {' + '.join(counts) or '0'}", tuple(params.values))

    def few(self, columns: str, also: str) -> Statement | None:
        """Each row begins with how many entries match, and whether these were few enough to be
        listed (`MOST_LISTED`), and ends with `also`. In between are `columns` of `entries i`
        for the page of few matches, or, where the dialect has them read by `gather`, the ids
        that this takes.

        Where they were not few, and where the page is empty, there is one row with nulls.
        None where no index lists every match, or one has the page as it is wanted.
        """
        writer = PageSql(self, NumberedParams())
        return writer.few(columns, also) if writer.lists_all and not self._is_straight else None

    def walk(self, columns: str, total: int) -> Statement | None:
        """The page, found by going through entries in its order; None where that does not pay.

        It finds only entries that have a value for the first sort key: a page with fewer
        entries than `total` lets it have must be gathered.
        """
        if self.page.size is None or not self._may_walk:
            return None
        reach = (self.page.number + 1) * self.page.size
        if not self._is_straight:
            size = sum(group.size for group in self.groups)
            is_filtered = any(
                not_walked(each.condition, self._first) != TRUE for each in self.groups
            )
            # Each shelf is walked until it has filled a page of its own.
            if total < FEWEST_WALKED or (
                is_filtered and self._shelf_count * reach * size > total * total
            ):
                return None
        params = NumberedParams()
        writer = PageSql(self, params)
        return writer.page(columns, list(writer.walks(reach)))

    @property
    def _first(self) -> Order | None:
        return self.order[0] if self.order else None

    @property
    def _shelf_count(self) -> int:
        return sum(len(group.shelves) for group in self.groups)

    @property
    def _may_walk(self) -> bool:
        """Whether an index has the entries in the order of the page."""
        if self.page.size is None or self.ranked_by or self._shelf_count > MOST_SHELVES_WALKED:
            return False
        first = self._first
        return not isinstance(first, ValueOrder) or (
            not first.is_plural and first.path in self.path_ids
        )

    @property
    def _is_straight(self) -> bool:
        """Whether all that is asked is where an index of values begins and ends: then the page
        is read off it, however many match."""
        return (
            isinstance(self._first, ValueOrder)
            and self._may_walk
            and all(
                group.condition != TRUE and not_walked(group.condition, self._first) == TRUE
                for group in self.groups
            )
        )

    def gather(self, columns: str, ids: object = None) -> Statement:
        """The page, found by listing every match and sorting; `ids` are what `few` listed."""
        writer = PageSql(self, NumberedParams())
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
        asked.page,
        dict(catalog.path_ids),
        dialect,
        asked.words,
    )
