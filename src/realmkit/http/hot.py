"""Hot modules, answered before anything else looks at the request.

A browser asks for the same few hundred modules again and again, and each answer is
bytes that are already in memory. This wrapper compares what the request asks with
what was answered before and sends it, in a fraction of a framework's time. It
knows one question only: GET, any type, a host that has passed the edge's check.
Everything else goes on to the edge.

An entry lives until a module changes, and is not trusted if its source file has
another size or modification time than when it was made.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from realmkit.http import origins
from realmkit.modules import ServedModule

_MOST_ENTRIES = 4_000

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class _Entry:
    source: str
    stamp: tuple[int, int]
    etag: bytes
    found: dict[str, object]
    not_modified: dict[str, object]
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Before:
    """How things stood before a module was read."""

    realm_url: str
    source: str
    stamp: tuple[int, int] | None
    generation: int


class HotModules:
    """Answers in memory, by raw path and query string."""

    def __init__(self) -> None:
        self._entries: dict[tuple[bytes, bytes], _Entry] = {}
        self._known_hosts: set[bytes] = set()
        self._generation = 0

    def before(self, realm_url: str, source: Path) -> "Before":
        """What to note before a module's source is read, for `remember` to compare with."""
        return Before(realm_url, str(source), _stamp(str(source)), self._generation)

    def remember(self, request: Request, before: "Before", served: ServedModule) -> None:
        """Keep a 200 that the edge is about to give to `request`.

        Not when anything changed since `before`: the answer may be older than the change.
        """
        stamp = before.stamp
        if (
            request.method != "GET"
            or served.status != 200
            or stamp is None
            or before.generation != self._generation
        ):
            return
        if len(self._entries) >= _MOST_ENTRIES:
            self._entries.clear()
        headers = _headers(served, before.realm_url)
        kept = [(name, value) for name, value in headers if not name.startswith(b"content-")]
        # The edge has checked this host; only a name that it let through is remembered.
        self._known_hosts.add(request.headers.get("host", "").encode("latin-1"))
        self._entries[_key(request.scope)] = _Entry(
            source=before.source,
            stamp=stamp,
            etag=served.etag.encode(),
            found={"type": "http.response.start", "status": 200, "headers": headers},
            not_modified={"type": "http.response.start", "status": 304, "headers": kept},
            body={"type": "http.response.body", "body": served.body},
        )

    def forget(self) -> None:
        """Drop everything: any module may rest on the one that changed."""
        self._generation += 1
        self._entries.clear()

    def in_front_of(self, edge: ASGIApp) -> ASGIApp:
        entries, hosts, empty = self._entries, self._known_hosts, {"type": "http.response.body"}

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            entry = (
                entries.get((scope["raw_path"], scope["query_string"]))
                if scope["type"] == "http" and scope["method"] == "GET"
                else None
            )
            if entry is None:
                return await edge(scope, receive, send)
            held = None
            for name, value in scope["headers"]:
                if name == b"if-none-match":
                    held = value
                elif (
                    (name == b"accept" and value != b"*/*")
                    or (name == b"host" and value not in hosts)
                    or name == b"x-boxel-disable-module-cache"
                ):
                    return await edge(scope, receive, send)
            if _stamp(entry.source) != entry.stamp:
                del entries[_key(scope)]
                return await edge(scope, receive, send)
            if held is not None and held == entry.etag:
                await send(entry.not_modified)
                return await send(empty)
            await send(entry.found)
            return await send(entry.body)

        return answer


def _key(scope: Scope) -> tuple[bytes, bytes]:
    return scope["raw_path"], scope["query_string"]


def _stamp(source: str) -> tuple[int, int] | None:
    """(modification time in ns, size) of a file; one system call of about a microsecond."""
    try:
        stat = os.stat(source)  # noqa: PTH116
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _headers(served: ServedModule, realm_url: str) -> Headers:
    headers = {
        **origins.SHARED_HEADERS,
        **served.headers,
        "content-length": str(len(served.body)),
        "vary": "Accept",
        "x-boxel-realm-url": realm_url,
        "x-boxel-realm-public-readable": "true",
        "x-boxel-cache": "hit",
    }
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
