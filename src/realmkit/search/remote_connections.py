"""Connections to other servers, over aiohttp, that lead to public addresses only."""

import ipaddress
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_PublicResolver(may_ask),
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


class _PublicResolver(AbstractResolver):
    """Finds only addresses that may be asked, and so decides what is connected to."""

    def __init__(self, may_ask: Callable[[str, int], bool]) -> None:
        self._may_ask = may_ask
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if self._may_ask(host, port):
            return found
        public = [one for one in found if is_public(ipaddress.ip_address(one["host"]))]
        if not public:
            raise Refused(f"{host} is a private address")
        return public

    async def close(self) -> None:
        await self._resolver.close()
