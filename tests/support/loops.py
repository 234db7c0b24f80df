"""The event loop that tests run on: what the command chooses, so that they meet its ways."""

from importlib.util import find_spec

BACKEND = ("asyncio", {"use_uvloop": find_spec("uvloop") is not None})
"""For the fixture `anyio_backend`."""
