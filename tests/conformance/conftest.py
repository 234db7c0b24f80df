"""One server for the folder's tests, over a small realm. Each uses names of its own in it."""

from tests.http.conftest import anyio_backend, server

__all__ = ["anyio_backend", "server"]
