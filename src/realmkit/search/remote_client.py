"""One request to another server, within limits that are ours.

Cards name addresses, and whoever writes a card could make the server ask them. So only
`http` and `https` are asked, an address of the machine or of a private network only if
its host is allowed by a setting, whatever name it hides behind; redirects are not
followed, an answer has a size, a type and a time. A server that did not answer is left
alone for a few seconds: one that is down must not slow every card that links there.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from realmkit.cards.json_text import read_json
from realmkit.errors import BadRequest
from realmkit.search.other_servers import TooLarge, Unreachable
from realmkit.search.public_addresses import NotReached, Refused, as_address, is_public

if TYPE_CHECKING:
    from realmkit.search.remote_connections import RemoteConnections

CARD = "application/vnd.card+json"
ANSWER_LIMIT = 6 * 1024 * 1024
REST_S = 5.0
"""How long a server that did not answer is left alone."""
MOST_RESTING = 10_000


@dataclass(frozen=True, slots=True)
class _Rest:
    """A server is left alone `until` then; whoever asks it meanwhile is told the `reason`.

    The reason is kept in words: a raised error would keep its whole call stack alive.
    """

    until: float
    reason: str


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
        self._resting: dict[str, _Rest] = {}
        self._connections: RemoteConnections | None = None

    async def stop(self) -> None:
        if self._connections is not None:
            await self._connections.close()

    async def ask(
        self, method: str, url: str, body: object = None
    ) -> tuple[object, Mapping[str, str]]:
        """The decoded JSON and the headers of a 2xx answer. Raises `Unreachable`."""
        server = self._checked_server(url)
        rest = self._resting.get(server)
        if rest is not None and time.monotonic() < rest.until:
            raise Unreachable("network", rest.reason)
        try:
            return await self._ask(method, url, body)
        except Refused as exc:
            raise _private(server.rpartition(":")[0]) from exc
        except NotReached as exc:
            reason = self._reason(server, exc)
            if exc.is_worth_a_rest:
                self._let_rest(server, reason)
            raise Unreachable("network", reason) from exc

    def _let_rest(self, server: str, reason: str) -> None:
        if len(self._resting) >= MOST_RESTING:
            self._resting.clear()
        self._resting[server] = _Rest(time.monotonic() + self._rest_s, reason)

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
        answer = await self._opened().ask(method, url, headers, content, limit=ANSWER_LIMIT)
        if not 200 <= answer.status < 300:
            type = "authorization" if answer.status in (401, 403) else "network"
            raise Unreachable(type, f"{url} was answered with {answer.status}.", answer.status)
        if not answer.content_type.endswith("json"):
            raise Unreachable(
                "unknown", f"{url} was answered with {answer.content_type} and not with JSON."
            )
        if len(answer.body) > ANSWER_LIMIT:
            raise TooLarge("unknown", f"{url} was answered with more than can be read.")
        try:
            document = read_json(answer.body, what="The answer")
        except BadRequest as exc:
            raise Unreachable("unknown", f"{url} was answered badly: {exc.detail}") from exc
        return document, answer.headers

    def _checked_server(self, url: str) -> str:
        """`host:port` of a URL that may be asked, as far as the URL tells.

        It is read as the HTTP client reads it, who takes `１２７.0.0.1` for an address.
        """
        # With the HTTP client: few realms name other servers.
        from yarl import URL

        try:
            asked = URL(url)
            host, port = asked.raw_host, asked.port
        except ValueError as exc:
            raise Unreachable("unknown", f"`{url[:200]}` is no URL.") from exc
        if asked.scheme not in ("http", "https") or not host or not port:
            raise Unreachable("network", f"`{url[:200]}` is no address of a realm: not asked.")
        if asked.user is not None or asked.password is not None:
            raise Unreachable("network", "An address with a name or password in it is not asked.")
        if url.startswith(f"{self._public_url}/"):
            raise Unreachable("network", f"{url} lies in no realm served here.")
        address = as_address(host)
        if address is not None and not self._may_ask(host, port) and not is_public(address):
            raise _private(host)
        return f"{host}:{port}"

    def _may_ask(self, host: str, port: int) -> bool:
        return not self._allowed_hosts.isdisjoint((host.lower(), f"{host.lower()}:{port}"))

    def _opened(self) -> RemoteConnections:
        if self._connections is None:
            # Nobody waits for an HTTP client at a start: few realms name other servers.
            from realmkit.search.remote_connections import RemoteConnections

            self._connections = RemoteConnections(self._may_ask, timeout_s=self._timeout_s)
        return self._connections

    def _reason(self, server: str, exc: NotReached) -> str:
        if exc.took_too_long:
            return f"{server} did not answer within {self._timeout_s:g} s."
        if exc.is_worth_a_rest:
            return f"{server} could not be reached."
        return f"{server} could not be asked."


def _private(host: str) -> Unreachable:
    return Unreachable(
        "network", f"{host} is a private address and is not asked; --allow-host {host} allows it."
    )
