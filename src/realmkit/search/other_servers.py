"""What is asked of other servers, and what may come of it.

`RemoteRealms` asks over HTTP; who follows links and fills in fields knows only this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from realmkit.search.served import Resource


class Unreachable(Exception):
    """A card or realm of another server that could not be had.

    `type` is `authorization` for 401 and 403, `network` for other failures of the
    request, and `unknown` for an answer that makes no sense.
    """

    def __init__(self, type: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.type = type
        self.message = message
        self.status = status

    def to_json(self) -> dict[str, Any]:
        """`{type, message, status?}`."""
        said: dict[str, Any] = {"type": self.type, "message": self.message}
        return said if self.status is None else {**said, "status": self.status}


def not_asked(realm_url: str) -> Unreachable:
    """What is said of a realm elsewhere to a server that asks: else two might ask each other
    for ever, and the realm may be that server's own."""
    return Unreachable(
        "network", f"{realm_url} was not asked: who answers another server asks none itself."
    )


class TooLarge(Unreachable):
    """An answer with more in it than is read; a smaller question may have a smaller one."""


@dataclass(frozen=True, slots=True)
class RemoteSearch:
    """A query, and the realm of another server that it is asked of."""

    realm_url: str
    query: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replies:
    """`resources` by the ids that were asked for; `found` in the order of the searches."""

    resources: Mapping[str, Resource | Unreachable] = field(
        default_factory=dict[str, "Resource | Unreachable"]
    )
    found: Sequence[list[Resource] | Unreachable] = ()


class OtherServers(Protocol):
    """Asks other servers."""

    async def ask(self, ids: Sequence[str], searches: Sequence[RemoteSearch]) -> Replies:
        """Cards or files by their ids, and pages of results: each realm hears of it once."""
        ...

    async def resources(self, ids: Sequence[str]) -> Mapping[str, Resource | Unreachable]:
        """The served resources of cards or files, by the ids as given."""
        ...

    async def search(self, realm_url: str, query: Mapping[str, Any]) -> list[Resource]:
        """The page that `query` finds in a realm. Raises `Unreachable`."""
        ...


class JSONClient(Protocol):
    """Sends one request and reads one JSON answer. Raises `Unreachable`."""

    async def ask(
        self, method: str, url: str, body: object = None
    ) -> tuple[object, Mapping[str, str]]:
        """The decoded body and the headers (by lower-case name) of a 2xx answer."""
        ...
