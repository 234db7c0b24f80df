"""One request to another server, within limits that are ours.

Cards name addresses, and whoever writes a card could make the server ask them. So only
`http` and `https` are asked, an address of the machine or of a private network only if
its host is allowed by a setting, whatever name it hides behind; redirects are not
followed, an answer has a size, a type and a time. A server that did not answer is left
alone for a few seconds: one that is down must not slow every card that links there.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from realmkit.cards.json_text import read_json
from realmkit.errors import BadRequest
from realmkit.search.other_servers import TooLarge, Unreachable

CARD = "application/vnd.card+json"
ANSWER_LIMIT = 6 * 1024 * 1024
CONNECTIONS_A_HOST = 6
REST_S = 5.0
"""How long a server that did not answer is left alone."""


class RemoteClient:
    """Asks other servers. `allowed_hosts` are `host` or `host:port`, private ones included."""

    def __init__(
        self,
        *,
        public_url: str,
        allowed_hosts: Collection[str] = (),
        timeout_s: float = 5.0,
        rest_s: float = REST_S,
    ) -> None:
        self._public_url = public_url
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self._timeout_s = timeout_s
        self._rest_s = rest_s
        self._resting: dict[str, tuple[float, Unreachable]] = {}
        self._session: aiohttp.ClientSession | None = None

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self, method: str, url: str, body: object = None
    ) -> tuple[object, Mapping[str, str]]:
        """The decoded JSON and the headers of a 2xx answer. Raises `Unreachable`."""
        server = self._checked_server(url)
        until, failure = self._resting.get(server, (0.0, None))
        if failure is not None and time.monotonic() < until:
            raise failure
        try:
            return await self._ask(method, url, body)
        except (TimeoutError, aiohttp.ClientConnectionError) as exc:
            failure = self._failure(server, exc)
            if not isinstance(exc, aiohttp.ClientConnectorError) or not _is_refusal(exc):
                self._resting[server] = (time.monotonic() + self._rest_s, failure)
            raise failure from exc
        except (aiohttp.ClientError, ValueError) as exc:
            raise Unreachable("network", f"{server} could not be asked.") from exc

    async def _ask(self, method: str, url: str, body: object) -> tuple[object, Mapping[str, str]]:
        headers = {
            "accept": CARD,
            "x-boxel-during-prerender": "1",
            "x-realmkit-asked-by": self._public_url,
        }
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = orjson.dumps(body)
        async with self._opened().request(
            method, url, data=content, headers=headers, allow_redirects=False
        ) as answer:
            if not 200 <= answer.status < 300:
                type = "authorization" if answer.status in (401, 403) else "network"
                raise Unreachable(type, f"{url} was answered with {answer.status}.", answer.status)
            if not answer.content_type.endswith("json"):
                raise Unreachable(
                    "unknown", f"{url} was answered with {answer.content_type} and not with JSON."
                )
            text = await answer.content.read(ANSWER_LIMIT + 1)
            while not answer.content.at_eof() and len(text) <= ANSWER_LIMIT:
                text += await answer.content.read(ANSWER_LIMIT + 1 - len(text))
            if len(text) > ANSWER_LIMIT:
                raise TooLarge("unknown", f"{url} was answered with more than can be read.")
            try:
                document = read_json(text, what="The answer")
            except BadRequest as exc:
                raise Unreachable("unknown", f"{url} was answered badly: {exc.detail}") from exc
            return document, {name.lower(): value for name, value in answer.headers.items()}

    def _checked_server(self, url: str) -> str:
        """`host:port` of a URL that may be asked, as far as the URL tells."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as exc:
            raise Unreachable("unknown", f"`{url[:200]}` is no URL.") from exc
        if parts.scheme not in ("http", "https") or not host:
            raise Unreachable("network", f"`{url[:200]}` is no address of a realm: not asked.")
        if parts.username is not None or parts.password is not None:
            raise Unreachable("network", "An address with a name or password in it is not asked.")
        port = port or (443 if parts.scheme == "https" else 80)
        if url.startswith(f"{self._public_url}/"):
            raise Unreachable("network", f"{url} lies in no realm served here.")
        address = _as_address(host)
        if address is not None and not self._may_ask(host, port) and not is_public(address):
            raise _private(host)
        return f"{host}:{port}"

    def _may_ask(self, host: str, port: int) -> bool:
        return not self._allowed_hosts.isdisjoint((host.lower(), f"{host.lower()}:{port}"))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_PublicResolver(self._may_ask),
                    limit_per_host=CONNECTIONS_A_HOST,
                ),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _failure(self, server: str, exc: Exception) -> Unreachable:
        if _is_refusal(exc):
            return _private(server.rpartition(":")[0])
        if isinstance(exc, TimeoutError | asyncio.TimeoutError):
            return Unreachable("network", f"{server} did not answer within {self._timeout_s:g} s.")
        return Unreachable("network", f"{server} could not be reached.")


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address means one machine of the public internet, however it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class _Refused(OSError):
    """The name of a host leads to an address that is not asked."""


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
            raise _Refused(f"{host} is a private address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


def _as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_refusal(exc: Exception) -> bool:
    return isinstance(exc, aiohttp.ClientConnectorError) and isinstance(exc.os_error, _Refused)


def _private(host: str) -> Unreachable:
    return Unreachable(
        "network", f"{host} is a private address and is not asked; --allow-host {host} allows it."
    )
