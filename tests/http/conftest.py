"""One server a test module, over a small realm of people. Each test uses names of its own in it.

What is asked of the index is asked of a server on either database.
"""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from tests.support.loops import BACKEND
from tests.support.postgres import PostgresServer
from tests.support.server import Server, serving, write_people

ON_BOTH_DATABASES = ("test_search", "test_reports", "test_events", "test_prerender_contract")


@pytest.fixture(scope="session")
def anyio_backend() -> object:
    return BACKEND


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    name = metafunc.definition.path.stem
    if name in ON_BOTH_DATABASES and "server" in metafunc.fixturenames:
        metafunc.parametrize("server", ["sqlite", "postgres"], indirect=True, scope="module")


@pytest.fixture(scope="module")
async def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Server, None]:
    root = tmp_path_factory.mktemp("realm") / "people"
    write_people(root)
    chosen: dict[str, Any] = {}
    if getattr(request, "param", "sqlite") == "postgres":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        chosen["database_url"] = await postgres.new_database()
    async with serving(root, tmp_path_factory.mktemp("state"), **chosen) as server:
        yield server
