"""What every test may ask for."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio: it is the only loop the server runs on."""
    return "asyncio"
