"""Compiling a query to statements over the index's tables.

`compile_query` is for one query: its page and its count. `compile_shape` is for the
same query asked with many different values, as query-backed fields do: all of them
become one statement that looks at each card once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from realmkit.cards.definitions import Definition
from realmkit.errors import BadRequest
from realmkit.query.conditions import FALSE, TRUE, ConditionCompiler
from realmkit.query.dialect import Dialect
from realmkit.query.nodes import Page, Query, Scope, SortKey
from realmkit.query.params import AskedParams, NumberedParams, Params

GENERAL_COLUMNS = {
    "lastModified": "i.last_modified",
    "createdAt": "i.resource_created_at",
    "cardURL": "i.file_alias",
}
SCOPES: Mapping[Scope, str] = {
    "cards": "i.type = 'instance'",
    "files": "i.type = 'file'",
    "all": "i.type IN ('instance', 'file')",
}


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """Clauses over `entries i`, sharing one list of parameters (`$1` is `params[0]`)."""

    where: str
    order_by: str
    limit: str
    params: tuple[object, ...]
    count_params: tuple[object, ...]
    """Those that `where` needs: `params` without what only the order and the page need."""

    def page_sql(self, columns: str) -> str:
        return (
            f"SELECT {columns} FROM entries i WHERE {self.where}"
            f" ORDER BY {self.order_by}{self.limit}"
        )

    @property
    def count_sql(self) -> str:
        return f"SELECT count(*) FROM entries i WHERE {self.where}"


def compile_query(
    query: Query,
    realm_urls: Sequence[str],
    known: Mapping[str, Definition | None],
    *,
    dialect: Dialect,
    with_errors: bool = False,
) -> CompiledQuery:
    """Compile `query` over `realm_urls` with the definitions in `known`.

    `with_errors` also finds broken cards that still have their last good document.
    Raises `DefinitionsNeeded` for definitions that `known` does not mention, and
    `BadRequest` for paths and values that make no sense.
    """
    params = NumberedParams()
    conditions = ConditionCompiler(known, dialect, params)
    where = _where(query, realm_urls, conditions, params, with_errors=with_errors)
    count_params = tuple(params.values)
    order_by = _order_by(query.sort, conditions)
    limit = _limit(query.page, params)
    return CompiledQuery(where, order_by, limit, tuple(params.values), count_params)


@dataclass(frozen=True, slots=True)
class Shape:
    """What queries have in common that differ only in the values they compare with.

    The statement answers (number of the query, url, type), each query's rows in its
    own order and its own page; `params_for` gives its parameters.
    """

    sql: str
    params: tuple[object, ...]

    def params_for(self, values: Sequence[Sequence[object]]) -> tuple[object, ...]:
        """The parameters for these queries: the values of each, as `compile_shape` gave them."""
        return (*self.params, orjson.dumps(values).decode())


def compile_shape(
    query: Query,
    realm_urls: Sequence[str],
    known: Mapping[str, Definition | None],
    *,
    dialect: Dialect,
) -> tuple[Shape, tuple[object, ...]]:
    """Return the shape of `query` and the values it compares with.

    Queries with equal shapes are answered by one statement. Raises what `compile_query`
    raises.
    """
    params = AskedParams()
    conditions = ConditionCompiler(known, dialect, params)
    where = _where(query, realm_urls, conditions, params, with_errors=False)
    order_by = _order_by(query.sort, conditions)
    values = tuple(params.compared_values)
    within_page = _within_page(query.page, params)
    asked = dialect.asked(f"${len(params.values) + 1}", values)
    # The cards are the outer loop: each is looked at once, and the values that fit it
    # are found by an index that the database makes for the statement.
    sql = (
        f"WITH {asked} SELECT number, url, type FROM ("
        "SELECT asked.number AS number, i.url AS url, i.type AS type,"
        f" row_number() OVER (PARTITION BY asked.number ORDER BY {order_by}) AS place"
        f" FROM entries i CROSS JOIN asked WHERE {where}"
        f") AS placed{within_page} ORDER BY number, place"
    )
    return Shape(sql, tuple(params.values)), values


def _where(
    query: Query,
    realm_urls: Sequence[str],
    conditions: ConditionCompiler,
    params: Params,
    *,
    with_errors: bool,
) -> str:
    realms = ", ".join(params.bind(url) for url in realm_urls)
    terms = [
        f"i.realm_url IN ({realms})" if realms else FALSE,
        SCOPES[query.scope],
        "(i.has_error = 0 OR i.pristine_doc IS NOT NULL)" if with_errors else "i.has_error = 0",
    ]
    condition = conditions.condition(query.filter)
    if condition != TRUE:
        terms.append(condition)
    return " AND ".join(terms)


def _order_by(keys: Sequence[SortKey], conditions: ConditionCompiler) -> str:
    """Nulls last in both directions; what is equal so far goes by id."""
    terms: list[str] = []
    for key in keys:
        value = GENERAL_COLUMNS.get(key.by) or conditions.sort_value(key)
        if value is not None:
            terms.append(f"{value} {key.direction.upper()} NULLS LAST")
    return ", ".join([*terms, "i.file_alias", "i.type"])


def _limit(page: Page, params: Params) -> str:
    _check(page)
    if page.size is None:
        return ""
    limit = f" LIMIT {params.bind(page.size)}"
    return limit + f" OFFSET {params.bind(page.number * page.size)}" if page.number else limit


def _within_page(page: Page, params: Params) -> str:
    _check(page)
    if page.size is None:
        return ""
    first = page.number * page.size
    return f" WHERE place > {params.bind(first)} AND place <= {params.bind(first + page.size)}"


def _check(page: Page) -> None:
    if page.size is None and page.number:
        raise BadRequest("A page number needs a page size.", pointer="/page/number")
