"""The dialects by the names that databases have for them."""

from collections.abc import Mapping
from typing import Literal

from realmkit.query.dialect import Dialect
from realmkit.query.postgres import PostgresDialect
from realmkit.query.sqlite import SqliteDialect

DIALECTS: Mapping[Literal["sqlite", "postgres"], Dialect] = {
    "sqlite": SqliteDialect(),
    "postgres": PostgresDialect(),
}
