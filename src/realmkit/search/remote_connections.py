"""Connections to other servers, over aiohttp, that lead to public addresses only."""

import ipaddress
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from realmkit.search.public_addresses import NotReached, Refused, is_public

CONNECTIONS_A_HOST = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; of `body` there is at most a byte more than was to be read,
    and nothing of what is no good JSON. The names of `headers` are in lower case."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str]


class RemoteConnections:
    """Keeps connections. `may_ask` names hosts and ports that may be private ones."""

    def __init__(self, may_ask: Callable[[str, int], bool], *, timeout_s: float) -> None:
        gate = _Gate(may_ask)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=gate,
                socket_factory=gate.open_socket,
                limit_per_host=CONNECTIONS_A_HOST,
            ),
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        await self._session.close()

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        limit: int,
    ) -> Answer:
        """Ask once, follow nothing, and read at most `limit` bytes and one of good JSON.

        Raises `Refused` for an address that is not asked, and `NotReached`.
        """
        try:
            async with self._session.request(
                method, url, data=content, headers=headers, allow_redirects=False
            ) as answer:
                body = b""
                if 200 <= answer.status < 300 and answer.content_type.endswith("json"):
                    body = await _read(answer.content, limit + 1)
                named = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status, answer.content_type, body, named)
        except TimeoutError as exc:
            raise NotReached(took_too_long=True) from exc
        except aiohttp.ClientConnectionError as exc:
            refused = exc.os_error if isinstance(exc, aiohttp.ClientConnectorError) else None
            if isinstance(refused, Refused):
                raise refused from exc
            raise NotReached from exc
        except (aiohttp.ClientError, ValueError) as exc:
            raise NotReached(is_worth_a_rest=False) from exc


async def _read(content: aiohttp.StreamReader, most: int) -> bytes:
    body = await content.read(most)
    while not content.at_eof() and len(body) < most:
        body += await content.read(most - len(body))
    return body


class _Gate(AbstractResolver):
    """Decides what is connected to: it finds only addresses that may be asked, and opens a
    socket for no other, for who is named by an address is not looked for."""

    def __init__(self, may_ask: Callable[[str, int], bool]) -> None:
        self._may_ask = may_ask
        self._resolver = ThreadedResolver()
        self._allowed: set[tuple[str, int]] = set()

    def open_socket(self, found: tuple[Any, ...]) -> socket.socket:
        """A socket for an address as `getaddrinfo` gives it. Raises `Refused`."""
        family, kind, protocol, _, (host, port, *_) = found
        is_allowed = (host, port) in self._allowed or self._may_ask(host, port)
        if not is_allowed and not is_public(ipaddress.ip_address(host)):
            raise Refused(f"{host} is a private address")
        return socket.socket(family, kind, protocol)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if self._may_ask(host, port):
            self._allowed.update((one["host"], port) for one in found)
            return found
        public = [one for one in found if is_public(ipaddress.ip_address(one["host"]))]
        if not public:
            raise Refused(f"{host} is a private address")
        return public

    async def close(self) -> None:
        await self._resolver.close()
