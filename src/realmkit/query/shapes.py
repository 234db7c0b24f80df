"""One statement for queries that differ only in the values they compare with.

Query-backed fields ask so: a shape for each field, and the values of each card that has it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from realmkit.query.compile import compile_query
from realmkit.query.dialect import Dialect
from realmkit.query.page_sql import PageSql
from realmkit.query.params import AskedParams, Statement
from realmkit.query.resolve import Asked
from realmkit.query.shelves import Catalog

MOST_SHAPES = 50
"""Of one statement; SQLite takes five hundred parts, and a planner's time grows with each."""


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
    writer = PageSql(query, params)
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
