"""One server a test module, over a small realm of people. Each test uses names of its own in it."""

from collections.abc import AsyncGenerator

import pytest
from tests.support.server import Server, serving, write_people


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Server, None]:
    root = tmp_path_factory.mktemp("realm") / "people"
    write_people(root)
    async with serving(root, tmp_path_factory.mktemp("state")) as server:
        yield server
