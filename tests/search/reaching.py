"""An engine that may ask other servers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from realmkit.search import RemoteClient, RemoteRealms

from ..support.other_server import OtherServer
from .conftest import World


@asynccontextmanager
async def reaching(
    world: World, *hosts: str, timeout_s: float = 10.0
) -> AsyncGenerator[RemoteClient, None]:
    """Let the world's engine ask other servers, private ones only at `hosts`."""
    client = RemoteClient(public_url="http://h", allowed_hosts=hosts, timeout_s=timeout_s)
    world.rebuild(others=RemoteRealms(client))
    try:
        yield client
    finally:
        await client.stop()


def host_of(other: OtherServer) -> str:
    return urlsplit(other.url).netloc


def included(document: dict[str, Any]) -> list[str]:
    return [resource["id"] for resource in document.get("included", [])]
