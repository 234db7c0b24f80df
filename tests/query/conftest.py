"""The indexes that queries are compared on."""

from collections.abc import Iterator

import pytest

from realmkit.query import compile as compiling
from realmkit.query import page_sql

from ..support.meaning import Index, indexes
from ..support.postgres import PostgresServer


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[list[Index]]:
    """An index in each database, with walks through the smallest realms."""
    with pytest.MonkeyPatch.context() as patch:
        # Walking pays for many cards; here there are few, and it has to be right as well.
        patch.setattr(compiling, "FEWEST_WALKED", 0)
        patch.setattr(page_sql, "MOST_LISTED", 6)
        with indexes(tmp_path_factory.mktemp("meaning") / "realmkit.db", postgres) as found:
            yield found
